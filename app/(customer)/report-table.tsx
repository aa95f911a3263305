import type { Report } from '#components/connect/permission-report.tsx'
import { PermissionReport } from '#components/connect/permission-report.tsx'
import { symptomsOf } from '#lib/connection/symptoms.ts'
import type { CapabilityRow } from '#lib/providers/provider.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** The permission report in the reader's words. */
export function ReportTable({ language, rows }: { language: Language; rows: CapabilityRow[] }) {
  return <PermissionReport {...reportIn(language, rows)} />
}

const GROUPS = ['reads', 'writes', 'settings', 'webhooks'] as const

export function reportIn(language: Language, rows: CapabilityRow[]): Report {
  const t = words(language)
  const lineOf = ({ capability, result, evidence }: CapabilityRow) => ({
    id: capability,
    need: t(`report.capability.${capability}`),
    result,
    resultWord: t(`report.result.${result}`),
    how: t(`report.evidence.${evidence}`),
    missing: t(`report.meaning.${capability}`),
    who: t(`report.grant.${capability}`),
  })
  return {
    symptoms: symptomsOf(rows).map(({ symptom, capabilities }) => ({
      id: symptom,
      title: t(`report.symptom.${symptom}.title`),
      why: t(`report.symptom.${symptom}.why`, {
        list: capabilities.map((one) => t(`report.capability.${one}`)).join(', '),
      }),
    })),
    groups: GROUPS.flatMap((group) => {
      const lines = rows.filter((row) => row.group === group).map(lineOf)
      return lines.length > 0 ? [{ id: group, title: t(`report.group.${group}`), lines }] : []
    }),
    words: {
      caption: t('pages.report.caption'),
      need: t('pages.report.need'),
      result: t('pages.report.result'),
      how: t('pages.report.how'),
      missing: t('report.missing'),
    },
  }
}

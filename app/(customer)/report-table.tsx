import { PermissionReport } from '#components/connect/permission-report.tsx'
import type { CapabilityRow } from '#lib/providers/provider.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** The permission report in the reader's words. */
export function ReportTable({ language, rows }: { language: Language; rows: CapabilityRow[] }) {
  const t = words(language)
  return (
    <PermissionReport
      lines={rows.map(({ capability, result, evidence }) => ({
        id: capability,
        need: t(`report.capability.${capability}`),
        result,
        resultWord: t(`report.result.${result}`),
        how: t(`report.evidence.${evidence}`),
        missing: t(`report.meaning.${capability}`),
        who: t(`report.grant.${capability}`),
      }))}
      words={{
        caption: t('pages.report.caption'),
        need: t('pages.report.need'),
        result: t('pages.report.result'),
        how: t('pages.report.how'),
      }}
    />
  )
}

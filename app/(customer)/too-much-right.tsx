import type { RightsReport } from '#lib/data/verifications.ts'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** A friendly word about a token that can do more than is needed, with the recipe for a user of its own. Never a block. */
export function TooMuchRight({
  rights,
  language,
  team,
  contact,
}: {
  rights: RightsReport | null
  language: Language
  team: string
  contact: string
}) {
  if (!rights?.moreThanNeeded) return null
  const t = words(language)
  const list = rights.surplus.map((capability) => t(`report.capability.${capability}`)).join(', ')
  return (
    <div className="notice notice-info space-y-2">
      <p>{t('report.moreThanNeeded', { team })}</p>
      {list && <p>{t('report.surplusTitle', { list })}</p>}
      <Disclosure title={t('report.serviceUser.open')}>
        <ol className="list-decimal space-y-1 ps-5">
          {(['step1', 'step2', 'step3'] as const).map((step) => (
            <li key={step}>{t(`report.serviceUser.${step}`, { contact })}</li>
          ))}
        </ol>
        <p className="text-muted">{t('report.serviceUser.note')}</p>
        <p>{t('report.serviceUser.several', { team })}</p>
      </Disclosure>
    </div>
  )
}

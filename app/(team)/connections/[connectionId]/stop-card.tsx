import { OwnerCard } from '#components/connect/owner-card.tsx'
import { Moment } from '#components/ui/moment.tsx'
import type { Case } from '#lib/data/case.ts'
import type { Stop } from '#lib/data/stops.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** Between which two looks the connection stopped, when that was noticed, and how soon its customer was told. */
export function StopCard({ subject, language }: { subject: Case; language: Language }) {
  const t = words(language)
  const { stop } = subject
  if (!stop) return null
  const time = (at: Date) => <Moment at={at.toISOString()} language={language} />
  const facts = [
    {
      label: t('case.stop.between'),
      value: stop.workedAt ? (
        <>
          {time(stop.workedAt)} {t('case.stop.and')} {time(stop.refusedAt)}
        </>
      ) : (
        t('case.stop.unknown')
      ),
    },
    { label: t('case.stop.noticed'), value: time(stop.refusedAt) },
    { label: t('case.stop.sure'), value: time(stop.stoppedAt) },
    { label: t('case.stop.mailed'), value: mailed(stop) },
  ]
  return <OwnerCard title={t('case.stop.title')} facts={facts} />

  function mailed({ mailedAt, refusedAt, isMailGivenUp }: Stop) {
    if (!mailedAt) return t(isMailGivenUp ? 'case.stop.givenUp' : 'case.stop.waits')
    const minutes = Math.max(1, Math.ceil((mailedAt.getTime() - refusedAt.getTime()) / 60_000))
    return (
      <>
        {time(mailedAt)}, {t('case.stop.within', { minutes })}
      </>
    )
  }
}

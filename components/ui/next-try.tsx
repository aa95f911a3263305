import { formatRelative } from '#lib/format.ts'
import { Moment } from './moment.tsx'

/** When we try again: how far away that was when the page was made, then the exact time. */
export function NextTry({
  at,
  label,
  tryingNow,
  language,
}: {
  at: Date
  label: string
  tryingNow: string
  language: 'en' | 'de'
}) {
  const now = new Date()
  if (at <= now) return <>{tryingNow}</>
  return (
    <>
      {label} {formatRelative(at, language, now)}, <Moment at={at.toISOString()} language={language} />
    </>
  )
}

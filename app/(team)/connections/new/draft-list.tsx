import type { Route } from 'next'
import Link from 'next/link'
import type { Draft, DraftSummary } from '#lib/data/drafts.ts'
import type { Unfinished } from '#lib/data/unfinished-requests.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language, Words } from '#lib/words.ts'
import { nameOfTyped } from './kept-notice.tsx'

/** What was prepared and not sent, and what was only begun. */
export function DraftList({
  t,
  language,
  drafts,
  unfinished,
  current,
}: {
  t: Words
  language: Language
  drafts: DraftSummary[]
  /** The member's own, of which something is missing. */
  unfinished: Unfinished[]
  current: Draft | null
}) {
  const others = drafts.filter(({ id }) => id !== current?.id)
  return (
    <>
      {current && (
        <p className="mt-8">
          <Link className="link" prefetch={false} href={`/connections/new/delete?draft=${current.id}` as Route}>
            {t('requests.form.delete')}
          </Link>
        </p>
      )}
      {others.length + unfinished.length > 0 && (
        <section aria-labelledby="drafts" className="mt-8">
          <h2 id="drafts" className="font-semibold text-lg">
            {t('requests.drafts')}
          </h2>
          <ul className="mt-2 space-y-1">
            {unfinished.map((one) => (
              <li key={one.formKey}>
                <Link className="link" prefetch={false} href={`/connections/new?unfinished=${one.formKey}` as Route}>
                  <bdi>{nameOfTyped(one, t)}</bdi>
                </Link>{' '}
                <span className="text-muted">
                  {t('requests.kept.unfinished', { at: formatDateTime(one.updatedAt, language) })}
                </span>
              </li>
            ))}
            {others.map(({ id, reference, customerName, contactEmail }) => (
              <li key={id}>
                <Link className="link" prefetch={false} href={`/connections/new?draft=${id}` as Route}>
                  <bdi>{t('requests.draftOf', { reference, customer: customerName, email: contactEmail })}</bdi>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

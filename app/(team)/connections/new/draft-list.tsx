import type { Route } from 'next'
import Link from 'next/link'
import type { Draft, DraftSummary } from '#lib/data/drafts.ts'
import type { Words } from '#lib/words.ts'

/** What was prepared and not sent. */
export function DraftList({ t, drafts, current }: { t: Words; drafts: DraftSummary[]; current: Draft | null }) {
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
      {others.length > 0 && (
        <section aria-labelledby="drafts" className="mt-8">
          <h2 id="drafts" className="font-semibold text-lg">
            {t('requests.drafts')}
          </h2>
          <ul className="mt-2 space-y-1">
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

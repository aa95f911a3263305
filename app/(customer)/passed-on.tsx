import type { Learnt } from '#lib/connection/customer-view.ts'
import { explain } from '#lib/connection/explain.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'

/** For a colleague who took over: what the one before tried, and what came of it. Their own first check ends it. */
export function PassedOn({ connection, learnt }: { connection: CustomerConnection; learnt: Learnt }) {
  const { seen, passedOn } = learnt
  const { language } = connection
  if (!passedOn || (seen && seen.createdAt > passedOn.at)) return null
  const t = words(language)
  const at = (date: Date) => formatDateTime(date, language)
  const told = seen && explain(seen.verdictCode, connection, seen)
  return (
    <section className="notice notice-info space-y-2" aria-labelledby="known">
      <h2 id="known" className="notice-title">
        {t('pages.known.title')}
      </h2>
      <p>{t('pages.known.passedOn', { contact: passedOn.contactName, date: at(passedOn.at) })}</p>
      {seen && told && (
        <>
          <p>{t('pages.known.tried', { date: at(seen.createdAt), title: told.title })}</p>
          <p>{told.cause}</p>
          {told.steps.length > 0 && (
            <ol className="list-decimal ps-5">
              {told.steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          )}
        </>
      )}
      <p>{t('pages.known.keep')}</p>
    </section>
  )
}

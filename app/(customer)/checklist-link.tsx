import { connectedOf } from '#lib/connection/status.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { words } from '#lib/words.ts'

/** Back to the list of a request that asks for several connections, and how far it is. Nothing where it asks for one. */
export async function ChecklistLink({ connection }: { connection: CustomerConnection }) {
  const all = await listRequestConnections(db(), connection)
  if (all.length < 2) return null
  const t = words(connection.language)
  return (
    <nav
      aria-label={t('pages.checklist.back')}
      className="mb-6 flex flex-wrap items-baseline gap-x-3 gap-y-1 print:hidden"
    >
      <a className="link" href={`/checklist/${connection.requestId}`}>
        {t('pages.checklist.back')}
      </a>
      <span className="text-muted">{t('pages.checklist.progress', { done: connectedOf(all), total: all.length })}</span>
    </nav>
  )
}

import 'server-only'
import type { LinkHolder } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { lockConnection, markVisited, moveStatus } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'

/**
 * The first sign of a person on the page: a key, a pointer or a POST. Fetching the page is none,
 * because mail scanners fetch pages too.
 */
export async function visit(holder: LinkHolder): Promise<void> {
  await inTransaction(async (trx) => {
    if (!(await markVisited(trx, holder, holder.connectionId))) return
    const { status: from } = await lockConnection(trx, holder)
    if (from === 'queued' || from === 'sent') {
      await moveStatus(trx, holder, { connectionId: holder.connectionId, from, to: 'visited', verdictCode: null })
    }
    await recordConnectionEvent(trx, holder, { type: 'request.opened', connectionId: holder.connectionId })
    await recordAudit(trx, holder, { action: 'connection.visited', objectId: holder.connectionId })
  })
}

import 'server-only'
import { proven } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { lockConnection, moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import { listPastLinkEnd } from '#lib/data/secure-links.ts'
import { lockNewestLink } from './links.ts'
import type { Status } from './status.ts'

/** What only waits for the customer to come. What a check has said stays: it tells more than that time is over. */
const RUNS_OUT: readonly Status[] = ['queued', 'sent', 'visited']

/** Connections whose link ran out before anybody used it are `expired` from now on: it is the team's turn. */
export async function expireLinks(): Promise<void> {
  for (const due of await listPastLinkEnd(db(), RUNS_OUT)) {
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
    await inTransaction(async (trx) => {
      const link = await lockNewestLink(trx, watcher, due.requestId)
      if (link?.state !== 'expired') return
      const { status: from } = await lockConnection(trx, due)
      if (!RUNS_OUT.includes(from)) return
      const { connectionId } = due
      await moveStatus(trx, watcher, { connectionId, from, to: 'expired', verdictCode: 'LINK_EXPIRED' })
      await recordConnectionEvent(trx, watcher, { type: 'request.expired', connectionId })
      await recordAudit(trx, watcher, {
        action: 'connection.status',
        objectId: connectionId,
        details: { from, to: 'expired' },
      })
    })
  }
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor, LinkHolder } from '#lib/actor.ts'
import type { ReasonCode } from '#lib/data/audit-events.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { listRequestConnections, lockConnection, moveStatus } from '#lib/data/connections.ts'
import { shredCredentials } from '#lib/data/credentials.ts'
import { inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { Database } from '#lib/data/schema.ts'
import { endLinks, lockLinkForSubmit } from '#lib/data/secure-links.ts'
import { words } from '#lib/words.ts'
import { getRequest, tellManager } from './letters.ts'
import type { Status } from './status.ts'
import { isOpen } from './status.ts'

export const declineReasons = ['left', 'somebody_else', 'not_expected', 'other'] as const
export type DeclineReason = (typeof declineReasons)[number]

/**
 * "I am not the right person": the link is closed for everybody who has it, and the manager is told. Sending the link
 * again takes it back.
 */
export async function decline(
  holder: LinkHolder,
  { reason, text }: { reason: DeclineReason; text: string },
): Promise<'declined' | 'link_ended' | 'nothing_open'> {
  return inTransaction(async (trx) => {
    const state = await lockLinkForSubmit(trx, holder)
    if (state !== 'live' && state !== 'grace') return 'link_ended'
    const [first, ...others] = await lockOpenConnections(trx, holder, holder.requestId)
    if (!first) return 'nothing_open'
    for (const { id, status: from } of [first, ...others]) {
      await dropPending(trx, holder, id, 'contact_declined')
      await moveStatus(trx, holder, { connectionId: id, from, to: 'declined', verdictCode: null })
      await recordConnectionEvent(trx, holder, { type: 'connection.needs_attention', connectionId: id })
    }
    await endLinks(trx, holder, { requestId: holder.requestId, endedAs: 'declined' })
    await recordAudit(trx, holder, { action: 'request.declined', objectId: holder.requestId, reason })
    const request = await getRequest(trx, holder, holder.requestId)
    await tellManager(trx, holder, request, 'declined_notice', {
      connectionId: first.id,
      payload: {
        colleague: request.contactName,
        reason: words(request.language)(`contact.decline.reasons.${reason}`),
        note: text,
      },
    })
    return 'declined'
  })
}

/** The connections that somebody must still act on, kept as they are until the transaction ends. */
export async function lockOpenConnections(
  trx: Kysely<Database>,
  { teamId }: Actor,
  requestId: string,
): Promise<(CustomerConnection & { status: Status })[]> {
  const open: CustomerConnection[] = []
  for (const connection of await listRequestConnections(trx, { teamId, requestId })) {
    const { status } = await lockConnection(trx, { teamId, connectionId: connection.id })
    if (isOpen(status)) open.push({ ...connection, status })
  }
  return open
}

/** A token that waited for a yes of somebody who leaves is erased. */
export async function dropPending(
  trx: Kysely<Database>,
  actor: Actor,
  connectionId: string,
  reason: ReasonCode,
): Promise<void> {
  const scope = { teamId: actor.teamId, connectionId }
  const shredded = await shredCredentials(trx, { ...scope, states: ['pending'], into: 'shredded' })
  if (shredded > 0) await recordAudit(trx, actor, { action: 'credential.shredded', objectId: connectionId, reason })
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { hastenCheck, scheduleCheck } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, listRequestConnections, lockConnection, moveStatus } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { callOffBoarding, findOffBoarding } from '#lib/data/off-boardings.ts'
import type { Database } from '#lib/data/schema.ts'
import { endLinks } from '#lib/data/secure-links.ts'
import { markSuspectSince } from '#lib/data/watched.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { enqueueKept, repairFacts } from './letters.ts'
import { lockNewestLink, reissueIn } from './links.ts'
import type { Status } from './status.ts'
import { isOpen } from './status.ts'

export type CallOffOutcome = 'done' | 'not_closing' | 'too_late' | 'customers_wish' | 'reason_needed' | 'not_allowed'

/** Whether an end can be called off: the token is there, and it was the team that wished to end. */
export function canCallOff(status: Status, ending: OffBoarding | null): boolean {
  return status === 'off_boarding' && ending !== null && ending.endedAt === null && ending.askedBy !== 'link_holder'
}

/**
 * The team changes its mind before the token is erased: the connection stands where it stood, its customer reads that
 * nothing is left to withdraw, and Pipedrive is asked at once, since they may have withdrawn it already. What a customer
 * ended by themselves stays ended. Support may not; that is for whoever answers for the customer.
 */
export async function callOff(
  staff: Staff,
  { connectionId, reason }: { connectionId: string; reason: string | null },
): Promise<CallOffOutcome> {
  if (staff.role === 'support') return 'not_allowed'
  if (!reason) return 'reason_needed'
  const scope = { teamId: staff.teamId, connectionId }
  return inTransaction(async (trx): Promise<CallOffOutcome> => {
    const { requestId } = await getConnection(trx, scope)
    await lockNewestLink(trx, staff, requestId)
    const { status } = await lockConnection(trx, scope)
    if (status === 'closed' || status === 'closed_unproven') return 'too_late'
    const ending = await findOffBoarding(trx, scope)
    if (status !== 'off_boarding' || !ending || ending.endedAt) return 'not_closing'
    if (ending.askedBy === 'link_holder') return 'customers_wish'
    if (!(await findCredential(trx, { ...scope, state: 'in_force' }))) return 'too_late'

    const before = standingBefore(ending)
    await callOffBoarding(trx, scope)
    await moveStatus(trx, staff, { connectionId, from: status, to: before.status, verdictCode: before.code })
    // A refusal that was seen while it was closing counts as the first of two.
    if (before.status !== 'stopped' && ending.firstRefusedAt)
      await markSuspectSince(trx, staff, { connectionId, since: ending.firstRefusedAt })
    await scheduleCheck(trx, staff, { connectionId, reason: 'watch', inSeconds: 0 })
    await hastenCheck(trx, staff, connectionId)
    await recordAudit(trx, staff, {
      action: 'connection.called_off',
      objectId: connectionId,
      reason,
      details: { to: before.status },
    })
    await recordConnectionEvent(trx, staff, { type: 'connection.kept', connectionId })
    const connection = await getConnection(trx, scope)
    await enqueueKept(trx, staff, connection)
    await passLinkOn(trx, staff, connection)
    return 'done'
  })
}

/** Where it stood when the end began. A newer token that waited for a yes is gone: what stopped is stopped. */
function standingBefore({ fromStatus, fromVerdict }: OffBoarding): { status: Status; code: VerdictCode } {
  if (fromStatus === 'connected' || fromStatus === 'connected_limited')
    return { status: fromStatus, code: fromVerdict ?? 'OK' }
  return { status: 'stopped', code: 'STOPPED_WORKING' }
}

/**
 * The link for the withdrawal ends with it. Whoever needs one for something else gets another: this connection, where
 * its token is to be replaced, or one beside it that is not done. While another is closing, the link goes on serving it.
 */
async function passLinkOn(trx: Kysely<Database>, staff: Staff, connection: CustomerConnection): Promise<void> {
  const { id: connectionId, requestId, status, exposedAt } = connection
  const all = await listRequestConnections(trx, { teamId: staff.teamId, requestId })
  if (all.some((one) => one.status === 'off_boarding')) return
  const anew = { requestId, deliver: 'mail' } as const
  if (status === 'stopped') {
    const facts = repairFacts(connection, 'TOKEN_REJECTED')
    await reissueIn(trx, staff, { ...anew, purpose: 'repair', letter: 'stopped', connectionId, facts })
  } else if (exposedAt) {
    const facts = { connection: connection.name }
    await reissueIn(trx, staff, { ...anew, purpose: 'repair', letter: 'rotate', connectionId, facts })
  } else if (all.some((one) => isOpen(one.status))) {
    await reissueIn(trx, staff, { ...anew, purpose: 'connect' })
  } else {
    await endLinks(trx, staff, { requestId })
  }
}

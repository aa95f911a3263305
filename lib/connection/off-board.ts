import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor, LinkHolder, Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { hastenCheck, scheduleCheck } from '#lib/data/connection-checks.ts'
import { getConnection, lockConnection, moveStatus } from '#lib/data/connections.ts'
import { findCredential, shredCredentials } from '#lib/data/credentials.ts'
import { inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { insertOffBoarding, noteConfirmation, notePress } from '#lib/data/off-boardings.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Database } from '#lib/data/schema.ts'
import { formatDate } from '#lib/format.ts'
import { tellOfWithdrawal } from './letters.ts'
import { lockNewestLink, reissueIn } from './links.ts'
import type { Status } from './status.ts'

export const OFF_BOARDING_DAYS = { min: 1, max: 60, normal: 7 } as const
const DAY_MS = 86_400_000

/** How often a token that is to die is asked about while nobody says that it is done. */
export const PROBE_SECONDS = 3_600

export type OffBoardOutcome = 'done' | 'not_connected' | 'not_allowed'

/** Where something is left to withdraw: a token is sealed, and the provider may accept it. */
const CAN_END: readonly Status[] = [
  'connected',
  'connected_limited',
  'stopped',
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
]

/** Whether there is something to withdraw: a token was connected, and its end has not begun. */
export function canEnd({ status, connectedAt }: { status: Status; connectedAt: Date | null }): boolean {
  return connectedAt !== null && CAN_END.includes(status)
}

/**
 * Begins the end of a connection: integrations get nothing more, the customer is asked to withdraw the token until a
 * day that is named, and we ask Pipedrive until it refuses it. Support may not; that is for whoever answers for the customer.
 */
export async function offBoard(
  actor: Exclude<Actor, LinkHolder>,
  { connectionId, reason, days }: { connectionId: string; reason: string | null; days: number },
): Promise<OffBoardOutcome> {
  if (actor.kind === 'staff' && actor.role === 'support') return 'not_allowed'
  return inTransaction((trx) => offBoardIn(trx, actor, { connectionId, reason, days }))
}

/** As `offBoard`, as part of the caller's transaction. */
export async function offBoardIn(
  trx: Kysely<Database>,
  actor: Exclude<Actor, LinkHolder>,
  { connectionId, reason, days }: { connectionId: string; reason: string | null; days: number },
): Promise<'done' | 'not_connected'> {
  const { requestId } = await getConnection(trx, { teamId: actor.teamId, connectionId })
  await lockNewestLink(trx, actor, requestId)
  if (!(await begin(trx, actor, { connectionId, reason, days }))) return 'not_connected'
  const connection = await getConnection(trx, { teamId: actor.teamId, connectionId })
  const lastDay = formatDate(new Date(Date.now() + days * DAY_MS), connection.language)
  await reissueIn(trx, actor, {
    requestId,
    deliver: 'mail',
    purpose: 'off_board',
    expiresInDays: days,
    letter: 'withdraw',
    connectionId,
    facts: { lastDay, reason: reason ?? '' },
  })
  return 'done'
}

/** The customer ends it by themselves, through a link that works: the team is told, and the same proof follows. */
export async function withdraw(holder: LinkHolder): Promise<OffBoardOutcome> {
  const { connectionId, teamId } = holder
  return inTransaction(async (trx): Promise<OffBoardOutcome> => {
    const connection = await getConnection(trx, { teamId, connectionId })
    await lockNewestLink(trx, holder, connection.requestId)
    if (!(await begin(trx, holder, { connectionId, reason: null, days: OFF_BOARDING_DAYS.normal })))
      return 'not_connected'
    await recordConnectionEvent(trx, holder, { type: 'connection.withdrawn', connectionId })
    await tellOfWithdrawal(trx, holder, connection)
    return 'done'
  })
}

async function begin(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, reason, days }: { connectionId: string; reason: string | null; days: number },
): Promise<boolean> {
  const scope = { teamId: actor.teamId, connectionId }
  const { status: from, verdictCode } = await lockConnection(trx, scope)
  const held = await findCredential(trx, { ...scope, state: 'in_force' })
  if (!CAN_END.includes(from) || !held) return false
  if (!(await insertOffBoarding(trx, actor, { connectionId, reason, days, from: { status: from, verdictCode } })))
    return false
  // A newer token that nobody said yes to is not needed any more.
  await shredCredentials(trx, { ...scope, states: ['pending'], into: 'shredded' })
  await moveStatus(trx, actor, { connectionId, from, to: 'off_boarding', verdictCode: null })
  await scheduleCheck(trx, actor, { connectionId, reason: 'off_board', inSeconds: PROBE_SECONDS })
  await recordConnectionEvent(trx, actor, { type: 'connection.offboarding', connectionId })
  await recordAudit(trx, actor, {
    action: 'connection.off_boarding',
    objectId: connectionId,
    reason: reason ?? undefined,
    details: { from, days },
  })
  return true
}

const PRESSES_PER_10_MINUTES = 10

/** "I did it, check now": Pipedrive is asked at the next turn. */
export async function checkEnd(
  holder: LinkHolder,
  way: OffBoarding['way'],
): Promise<'asked' | 'throttled' | 'not_closing'> {
  const { allowed } = await hitLimit({
    bucket: `end:10m:${holder.linkId}`,
    windowSeconds: 600,
    hitsMax: PRESSES_PER_10_MINUTES,
  })
  if (!allowed) return 'throttled'
  return inTransaction(async (trx) => {
    const { status } = await lockConnection(trx, holder)
    if (status !== 'off_boarding') return 'not_closing'
    await notePress(trx, holder, { connectionId: holder.connectionId, way })
    await hastenCheck(trx, holder, holder.connectionId)
    return 'asked'
  })
}

/** A member of the team has Pipedrive asked now whether it still accepts the token. */
export async function checkEndForTeam(staff: Staff, connectionId: string): Promise<boolean> {
  return inTransaction((trx) => hastenCheck(trx, staff, connectionId))
}

/** The team's integrations say that they removed their webhooks and stopped. False when nothing is being ended. */
export async function confirmOffBoarding(actor: Exclude<Actor, LinkHolder>, connectionId: string): Promise<boolean> {
  return inTransaction(async (trx) => {
    if (!(await noteConfirmation(trx, actor, connectionId))) return false
    await recordAudit(trx, actor, { action: 'connection.end_confirmed', objectId: connectionId })
    return true
  })
}

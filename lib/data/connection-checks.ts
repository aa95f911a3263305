import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { claimDue, giveBack, heldFor, holds, inSeconds, isFree } from './claim.ts'
import { db, inTransaction } from './database.ts'
import type { Database } from './schema.ts'

/** Puts a connection into the queue of live checks, or moves it there. */
export async function scheduleCheck(
  trx: Kysely<Database>,
  actor: Actor,
  {
    connectionId,
    reason,
    inSeconds: seconds,
  }: { connectionId: string; reason: 'waiting' | 'watch' | 'off_board'; inSeconds: number },
): Promise<void> {
  const dueAt = inSeconds(seconds)
  await trx
    .insertInto('connectionChecks')
    .values({ connectionId, teamId: actor.teamId, reason, dueAt })
    .onConflict((conflict) =>
      conflict.column('connectionId').doUpdateSet({
        reason,
        dueAt,
        lease: null,
        leasedUntil: null,
        urgent: false,
        ...(reason === 'watch' && { attempt: 0 }),
      }),
    )
    .execute()
}

/** Puts a check that waits for its time before all others. False when none waits, or somebody runs it already. */
export async function hastenCheck(trx: Kysely<Database>, actor: Actor, connectionId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('connectionChecks')
    // Before everything that became due within the last day.
    .set({ dueAt: sql<Date>`now() - interval '1 day'`, urgent: true })
    .where('teamId', '=', actor.teamId)
    .where('connectionId', '=', connectionId)
    .where(isFree)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Puts a connection into the queue, due now; one that is there already stays as it is. */
export async function addCheck(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, reason }: { connectionId: string; reason: 'waiting' | 'watch' },
): Promise<void> {
  await trx
    .insertInto('connectionChecks')
    .values({ connectionId, teamId: actor.teamId, reason, dueAt: sql<Date>`now()`, urgent: true })
    .onConflict((conflict) => conflict.column('connectionId').doNothing())
    .execute()
}

/** When a connection is checked next; null when no check waits. */
export async function findDueTime(
  trx: Kysely<Database>,
  { teamId }: Actor,
  connectionId: string,
): Promise<Date | null> {
  const row = await trx
    .selectFrom('connectionChecks')
    .select('dueAt')
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .executeTakeFirst()
  return row?.dueAt ?? null
}

/** Takes a connection out of the queue. */
export async function cancelCheck(trx: Kysely<Database>, actor: Actor, connectionId: string): Promise<void> {
  await trx
    .deleteFrom('connectionChecks')
    .where('teamId', '=', actor.teamId)
    .where('connectionId', '=', connectionId)
    .execute()
}

/** Whether a worker still holds the lease it was given; keeps it so until the transaction ends. */
export async function holdsLease(
  trx: Kysely<Database>,
  { connectionId, lease }: { connectionId: string; lease: string },
): Promise<boolean> {
  return holds(trx, 'connectionChecks', { id: connectionId, lease })
}

export type DueCheck = {
  connectionId: string
  teamId: string
  reason: 'waiting' | 'watch' | 'off_board'
  /** Somebody asked for it. */
  urgent: boolean
  /** How often it was tried since the provider last gave an answer. */
  attempt: number
  lease: string
}

/** Takes checks that are due, each under a lease. */
export async function claimDueChecks(bounds: { limit: number; leaseSeconds: number }): Promise<DueCheck[]> {
  return claimDue('connectionChecks', ['connectionId', 'teamId', 'reason', 'urgent'], bounds)
}

type Leased = Pick<DueCheck, 'connectionId' | 'lease'>

/** Gives a check back to be tried again later, unless somebody else has it by now. */
export async function postponeCheck({ connectionId, lease }: Leased, seconds: number): Promise<void> {
  await giveBack(db(), 'connectionChecks', { id: connectionId, lease }, { dueAt: inSeconds(seconds) })
}

/** Puts off checks that were not made, all in one statement: waiting is no try. */
export async function holdChecks(held: readonly (Leased & { seconds: number })[]): Promise<void> {
  if (held.length === 0) return
  const column = <Key extends keyof (typeof held)[number]>(key: Key) => held.map((row) => row[key])
  await inTransaction((trx) =>
    sql`
      update connection_checks set lease = null, leased_until = null, attempt = attempt - 1,
        due_at = now() + make_interval(secs => held.seconds)
      from unnest(${column('connectionId')}::text[], ${column('lease')}::text[], ${column('seconds')}::float8[])
        as held (connection_id, lease, seconds)
      where connection_checks.connection_id = held.connection_id and connection_checks.lease = held.lease`.execute(trx),
  )
}

/** As `postponeCheck`, for a check that was not made: waiting is no try. False when somebody else has it by now. */
export async function holdCheck(
  trx: Kysely<Database>,
  { connectionId, lease }: Leased,
  seconds: number,
): Promise<boolean> {
  return giveBack(trx, 'connectionChecks', { id: connectionId, lease }, heldFor(seconds))
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** Puts a connection into the queue of live checks, or moves it there. */
export async function scheduleCheck(
  trx: Kysely<Database>,
  actor: Actor,
  {
    connectionId,
    reason,
    inSeconds,
  }: { connectionId: string; reason: 'waiting' | 'watch' | 'off_board'; inSeconds: number },
): Promise<void> {
  const dueAt = sql<Date>`now() + make_interval(secs => ${inSeconds})`
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
    .where((where) => where.or([where('leasedUntil', 'is', null), where('leasedUntil', '<', sql<Date>`now()`)]))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
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
  const row = await trx
    .selectFrom('connectionChecks')
    .select('connectionId')
    .where('connectionId', '=', connectionId)
    .where('lease', '=', lease)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
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

/** Takes checks that are due, each under a lease that ends by itself should this process die. */
export async function claimDueChecks({
  limit,
  leaseSeconds,
}: {
  limit: number
  leaseSeconds: number
}): Promise<DueCheck[]> {
  const lease = newId('lse')
  const due = db()
    .selectFrom('connectionChecks')
    .select('connectionId')
    .where('dueAt', '<=', sql<Date>`now()`)
    .where((where) => where.or([where('leasedUntil', 'is', null), where('leasedUntil', '<', sql<Date>`now()`)]))
    .orderBy('dueAt')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  return db()
    .updateTable('connectionChecks')
    .set({
      lease,
      leasedUntil: sql<Date>`now() + make_interval(secs => ${leaseSeconds})`,
      attempt: sql<number>`attempt + 1`,
    })
    .where('connectionId', 'in', due)
    .returning(['connectionId', 'teamId', 'reason', 'urgent', 'attempt', sql<string>`lease`.as('lease')])
    .execute()
}

/** Gives a check back to be tried again later, unless somebody else has it by now. */
export async function postponeCheck(
  { connectionId, lease }: Pick<DueCheck, 'connectionId' | 'lease'>,
  inSeconds: number,
): Promise<void> {
  await db()
    .updateTable('connectionChecks')
    .set({ lease: null, leasedUntil: null, dueAt: sql<Date>`now() + make_interval(secs => ${inSeconds})` })
    .where('connectionId', '=', connectionId)
    .where('lease', '=', lease)
    .execute()
}

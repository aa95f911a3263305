import 'server-only'
import type { Kysely, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { EndProof } from '#lib/connection/end-proof.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type OffBoarding = {
  id: string
  reason: string | null
  askedBy: 'staff' | 'link_holder' | 'integration' | 'operator'
  startedAt: Date
  deadline: Date
  /** Negative when the deadline is over; by the database's clock. */
  secondsLeft: number
  way: 'deactivate' | 'regenerate' | null
  pressedAt: Date | null
  probedAt: Date | null
  probeCode: VerdictCode | null
  firstRefusedAt: Date | null
  /** Seconds since the first refusal, by the database's clock. */
  refusedSeconds: number | null
  confirmedAt: Date | null
  endedAt: Date | null
  outcome: 'proved' | 'unproven' | null
  proof: EndProof | null
  /** Where the connection stood when its end began. */
  fromStatus: Status | null
  fromVerdict: VerdictCode | null
}

type Beginning = {
  connectionId: string
  reason: string | null
  days: number
  from: { status: Status; verdictCode: VerdictCode | null }
}

type Scope = { teamId: string; connectionId: string }

/** Begins the end of a connection. False when it has begun before. */
export async function insertOffBoarding(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, reason, days, from }: Beginning,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('offBoardings')
    .values({
      id: newId('ofb'),
      teamId: actor.teamId,
      connectionId,
      reason,
      fromStatus: from.status,
      fromVerdict: from.verdictCode,
      askedBy: actor.kind === 'watcher' ? 'operator' : actor.kind,
      deadline: sql<Date>`now() + make_interval(days => ${days})`,
    })
    .onConflict((conflict) => conflict.column('connectionId').where('endedAt', 'is', null).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

const wasNotCalledOff = sql<SqlBool>`outcome is distinct from 'called_off'`

/** The end of a connection, open or over; the latest one. One that was called off is none. */
export async function findOffBoarding(trx: Kysely<Database>, scope: Scope): Promise<OffBoarding | null> {
  const row = await trx
    .selectFrom('offBoardings')
    .select(['id', 'reason', 'askedBy', 'startedAt', 'deadline', 'way', 'pressedAt', 'probedAt', 'probeCode'])
    .select(['firstRefusedAt', 'confirmedAt', 'endedAt', 'proof', 'fromStatus', 'fromVerdict'])
    .select(sql<'proved' | 'unproven' | null>`outcome`.as('outcome'))
    .select([
      sql<number>`extract(epoch from deadline - now())::int`.as('secondsLeft'),
      sql<number | null>`extract(epoch from now() - first_refused_at)::int`.as('refusedSeconds'),
    ])
    .where('teamId', '=', scope.teamId)
    .where('connectionId', '=', scope.connectionId)
    .where(wasNotCalledOff)
    .orderBy('startedAt', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** The customer says that they did it. */
export async function notePress(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, way }: { connectionId: string; way: OffBoarding['way'] },
): Promise<void> {
  await change(trx, { teamId: actor.teamId, connectionId }, { pressedAt: sql<Date>`now()`, ...(way && { way }) })
}

/** What the provider said when it was asked about the token. A refusal keeps its first time until one answer accepts it. */
export async function noteProbe(
  trx: Kysely<Database>,
  scope: Scope,
  { code, isRefusal, isAlive }: { code: VerdictCode; isRefusal: boolean; isAlive: boolean },
): Promise<void> {
  await change(trx, scope, {
    probedAt: sql<Date>`now()`,
    probeCode: code,
    ...(isRefusal && { firstRefusedAt: sql<Date>`coalesce(first_refused_at, now())` }),
    ...(isAlive && { firstRefusedAt: null }),
  })
}

/** The team's integrations removed what they had set up. False when that was known, or nothing is being ended. */
export async function noteConfirmation(
  trx: Kysely<Database>,
  { teamId }: Actor,
  connectionId: string,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('offBoardings')
    .set({ confirmedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('confirmedAt', 'is', null)
    .where(wasNotCalledOff)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

export async function endOffBoarding(
  trx: Kysely<Database>,
  scope: Scope,
  { outcome, proof }: { outcome: 'proved' | 'unproven'; proof: EndProof },
): Promise<void> {
  await change(trx, scope, { endedAt: sql<Date>`now()`, outcome, proof: JSON.stringify(proof) })
}

/** Somebody changed their mind before anything was erased. */
export async function callOffBoarding(trx: Kysely<Database>, scope: Scope): Promise<void> {
  await change(trx, scope, { endedAt: sql<Date>`now()`, outcome: 'called_off' })
}

async function change(trx: Kysely<Database>, scope: Scope, values: Record<string, unknown>): Promise<void> {
  await trx
    .updateTable('offBoardings')
    .set(values)
    .where('teamId', '=', scope.teamId)
    .where('connectionId', '=', scope.connectionId)
    .where('endedAt', 'is', null)
    .execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** One time that a connection stopped working: between which two looks, and when its customer was told. */
export type Stop = {
  /** The last look before at which the provider accepted the token. */
  workedAt: Date | null
  /** The first refusal: noticed. */
  refusedAt: Date
  /** The second refusal: certain. */
  stoppedAt: Date
  /** When the mail server took the letter to the customer; null while it has not. */
  mailedAt: Date | null
  /** The letter was given up, or was not needed any more. */
  isMailGivenUp: boolean
}

export async function recordStop(
  trx: Kysely<Database>,
  { teamId }: Actor,
  stop: { connectionId: string; requestId: string; workedAt: Date | null; refusedAt: Date },
): Promise<void> {
  await trx
    .insertInto('stops')
    .values({ id: newId('stp'), teamId, ...stop })
    .execute()
}

/** Connections of one request share one letter, so it may be older than the stop that it tells of. */
const letter = sql`lateral (select accepted_at, failed_at from outbox where outbox.request_id = stops.request_id
  and letter = 'stopped' and outbox.created_at <= stops.stopped_at order by outbox.created_at desc limit 1)`

/** The latest stop of a connection, mended or not. */
export async function findLatestStop(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<Stop | null> {
  const { rows } = await sql<Stop>`
    select worked_at as "workedAt", refused_at as "refusedAt", stopped_at as "stoppedAt",
      letter.accepted_at as "mailedAt", letter.failed_at is not null as "isMailGivenUp"
    from stops left join ${letter} as letter on true
    where team_id = ${teamId} and connection_id = ${connectionId} order by stopped_at desc limit 1`.execute(trx)
  return rows[0] ?? null
}

export type StopTimes = { stops: number; mailed: number; medianSeconds: number; slowestSeconds: number }

const STOPS_COUNTED_MAX = 10_000

/** How long the latest stops took from the first refusal until the customer's mail had left. */
export async function readStopTimes(trx: Kysely<Database>, days: number): Promise<StopTimes> {
  const { rows } = await sql<StopTimes>`
    select count(*)::int as stops, count(seconds)::int as mailed,
      coalesce(round(percentile_cont(0.5) within group (order by seconds)), 0)::int as "medianSeconds",
      coalesce(round(max(seconds)), 0)::int as "slowestSeconds"
    from (select extract(epoch from letter.accepted_at - refused_at) as seconds
      from stops left join ${letter} as letter on true
      where stopped_at > now() - make_interval(days => ${days}::int)
      order by stopped_at desc limit ${STOPS_COUNTED_MAX}) as times`.execute(trx)
  return rows[0] ?? { stops: 0, mailed: 0, medianSeconds: 0, slowestSeconds: 0 }
}

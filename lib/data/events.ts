import 'server-only'
import type { Kysely, NotNull } from 'kysely'
import { sql } from 'kysely'
import type { Actor, Integration } from '#lib/actor.ts'
import type { EventType } from '#lib/connection/events.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { inTransaction } from './database.ts'
import { newId } from './ids.ts'
import { limitsOf } from './machine-reads.ts'
import type { Database } from './schema.ts'
import { fanOut } from './webhook-fan-out.ts'

/** Notes for the team's integrations how a connection stands now, in the transaction that made it so. */
export async function recordConnectionEvent(
  trx: Kysely<Database>,
  actor: Actor,
  { type, connectionId }: { type: EventType; connectionId: string },
): Promise<void> {
  await trx
    .insertInto('events')
    .columns(['id', 'teamId', 'type', 'requestId', 'connectionId', 'externalId', 'status', 'version', 'verdictCode'])
    .expression(
      trx
        .selectFrom('connections')
        .select([
          sql<string>`${newId('evt')}`.as('id'),
          'teamId',
          sql<EventType>`${type}`.as('type'),
          'requestId',
          'id as connectionId',
          'externalId',
          'status',
          'version',
          'verdictCode',
        ])
        .where('teamId', '=', actor.teamId)
        .where('id', '=', connectionId),
    )
    .execute()
}

/** Notes something about a whole request: one event for each of its connections. */
export async function recordRequestEvent(
  trx: Kysely<Database>,
  actor: Actor,
  { type, requestId }: { type: EventType; requestId: string },
): Promise<void> {
  const connections = await trx
    .selectFrom('connections')
    .select('id')
    .where('teamId', '=', actor.teamId)
    .where('requestId', '=', requestId)
    .orderBy('id')
    .execute()
  for (const { id } of connections) await recordConnectionEvent(trx, actor, { type, connectionId: id })
}

const NUMBERED_AT_ONCE = 500

/**
 * Gives new events their place in the order of their team, so that a reader who has seen place n never finds a smaller
 * one later, and queues them for the team's webhooks. Ids cannot serve: a transaction that began earlier may be committed
 * later. Answers how many it numbered.
 */
export async function numberEvents(): Promise<number> {
  return inTransaction(async (trx) => {
    const fresh = await trx
      .selectFrom('events')
      .select(['id', 'teamId', 'type'])
      .select((events) =>
        events
          .selectFrom('connections')
          .select('profile')
          .whereRef('connections.id', '=', 'events.connectionId')
          .as('profile'),
      )
      .where('seq', 'is', null)
      .orderBy('id')
      .limit(NUMBERED_AT_ONCE)
      .forUpdate()
      .skipLocked()
      .execute()
    const teams = [...new Set(fresh.map(({ teamId }) => teamId))].sort()
    for (const teamId of teams) {
      // Whoever numbers holds the team: two workers cannot give the same place, nor one out of turn.
      await trx.selectFrom('teams').select('id').where('id', '=', teamId).forNoKeyUpdate().execute()
      const events = fresh.filter((event) => event.teamId === teamId)
      const ids = events.map(({ id }) => id)
      await sql`
        update events set seq = base.n + place.n
        from unnest(${sql.val(ids)}::text[]) with ordinality as place (id, n),
          (select coalesce(max(seq), 0) as n from events where team_id = ${teamId}) as base
        where events.id = place.id`.execute(trx)
      await fanOut(trx, teamId, events)
    }
    return fresh.length
  })
}

export const EVENTS_KEPT_DAYS = 90
const PURGED_AT_ONCE = 500

/**
 * Lets events of a team go that are old enough, from the oldest on without a gap, so that a reader's place tells whether
 * anything behind it is missing. The newest stays: the next one is numbered after it. Answers how many went, or would.
 */
export async function purgeEvents(
  trx: Kysely<Database>,
  { teamId, dryRun }: { teamId: string; dryRun: boolean },
): Promise<number> {
  const old = sql`select id from events where team_id = ${teamId} and seq < least(
      (select max(seq) from events where team_id = ${teamId}),
      (select seq from events where team_id = ${teamId} and seq is not null
        and created_at >= now() - make_interval(days => ${EVENTS_KEPT_DAYS}::int) order by seq limit 1))
    order by seq limit ${PURGED_AT_ONCE}`
  if (dryRun) return (await old.execute(trx)).rows.length
  const { numAffectedRows } = await sql`delete from events where id in (${old})`.execute(trx)
  return Number(numAffectedRows ?? 0)
}

/** What integrations are told: what happened to a connection, and how it stood right after. */
export type IntegrationEvent = {
  id: string
  seq: number
  type: EventType
  at: Date
  connectionId: string
  externalId: string | null
  status: Status
  version: number
  verdictCode: VerdictCode | null
}

/**
 * Events that a key may see, after a place in the order of its team, the oldest first; and the place that the next page
 * begins behind, which lies behind everything that was there, whether this key may see it or not. Null when events after
 * that place are no longer kept: what comes next would be read as if nothing had been before.
 */
export async function listEvents(
  trx: Kysely<Database>,
  integration: Pick<Integration, 'teamId' | 'profiles' | 'connections'>,
  { after, limit }: { after: number | null; limit: number },
): Promise<{ events: IntegrationEvent[]; seenTo: number } | null> {
  const { teamId } = integration
  // Looked up first: what is numbered while we read comes with the next page.
  const newest = await trx
    .selectFrom('events')
    .select('seq')
    .where('teamId', '=', teamId)
    .where('seq', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const head = Number(newest?.seq ?? 0)
  if (head <= (after ?? 0)) return { events: [], seenTo: after ?? 0 }
  const found = await selectEvents(trx)
    .where('events.teamId', '=', teamId)
    .where('seq', '>', String(after ?? 0))
    .where('seq', '<=', String(head))
    .where((where) => where.and(limitsOf(integration, where)))
    .orderBy('seq')
    .limit(limit)
    .execute()
  // Looked up last: what is let go while we read counts as gone.
  if (after !== null && after < (await findOldestPlace(trx, teamId)) - 1) return null
  const events = found.map(eventOf)
  return { events, seenTo: found.length < limit ? head : (events.at(-1)?.seq ?? head) }
}

async function findOldestPlace(trx: Kysely<Database>, teamId: string): Promise<number> {
  const oldest = await trx
    .selectFrom('events')
    .select('seq')
    .where('teamId', '=', teamId)
    .where('seq', 'is not', null)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return Number(oldest?.seq ?? 0)
}

/** One event of a team. */
export async function findEvent(
  trx: Kysely<Database>,
  { teamId, eventId }: { teamId: string; eventId: string },
): Promise<IntegrationEvent | null> {
  const row = await selectEvents(trx)
    .where('events.teamId', '=', teamId)
    .where('events.id', '=', eventId)
    .executeTakeFirst()
  return row ? eventOf(row) : null
}

export function selectEvents(trx: Kysely<Database>) {
  return trx
    .selectFrom('events')
    .innerJoin('connections', 'connections.id', 'events.connectionId')
    .select(['events.id', 'seq', 'events.type', 'events.createdAt as at', 'events.connectionId'])
    .select(['events.externalId', 'events.status', 'events.version', 'events.verdictCode'])
    .$narrowType<{ connectionId: NotNull; status: NotNull; version: NotNull }>()
}

export function eventOf<Row extends { seq: string | null }>({ seq, ...row }: Row): Omit<Row, 'seq'> & { seq: number } {
  return { ...row, seq: Number(seq) }
}

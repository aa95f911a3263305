import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { EventType } from '#lib/connection/events.ts'
import type { Claim } from './claim.ts'
import { claimDue, giveBack, inSeconds, isFree } from './claim.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** What a webhook brings: an event, or the message of the test button. */
export type MessageType = EventType | 'test'

/** Not until its endpoint is switched on again. */
export const HELD = sql<Date>`'infinity'::timestamptz`

/** Queues the message of the test button. It has an id as events have, and belongs to no connection. */
export async function insertTestDelivery(
  trx: Kysely<Database>,
  { teamId }: Actor,
  endpointId: string,
): Promise<{ id: string; messageId: string }> {
  const made = { id: newId('whd'), messageId: newId('evt') }
  await trx
    .insertInto('webhookDeliveries')
    .values({ ...made, teamId, endpointId, type: 'test' })
    .execute()
  return made
}

export type DueDelivery = Claim & {
  teamId: string
  endpointId: string
  messageId: string
  type: MessageType
  attempt: number
  createdAt: Date
}

const dueColumns = ['id', 'teamId', 'endpointId', 'messageId', 'type', 'createdAt'] as const

/** Takes the delivery that is due longest, of an endpoint that is not busy already. */
export async function claimDueDelivery(leaseSeconds: number): Promise<DueDelivery | null> {
  const [due] = await claimDue('webhookDeliveries', dueColumns, { limit: 1, leaseSeconds })
  return due ?? null
}

/** Taken by the receiver. False when another worker has it by now. */
export async function markDelivered(trx: Kysely<Database>, claim: Claim): Promise<boolean> {
  return giveBack(trx, 'webhookDeliveries', claim, { deliveredAt: sql<Date>`now()` })
}

/** Tried for the last time. */
export async function markUndelivered(trx: Kysely<Database>, claim: Claim): Promise<boolean> {
  return giveBack(trx, 'webhookDeliveries', claim, { failedAt: sql<Date>`now()` })
}

/** To be tried again; null: once its endpoint is on again. */
export async function postponeDelivery(trx: Kysely<Database>, claim: Claim, seconds: number | null): Promise<boolean> {
  return giveBack(trx, 'webhookDeliveries', claim, { dueAt: seconds === null ? HELD : inSeconds(seconds) })
}

/** How a try ended, beside a status: `messages/webhooks.<language>.json` under `problems`. */
export const attemptProblems = [
  'status',
  'timeout',
  'network',
  'cut',
  'redirect',
  'refused_address',
  'not_sent',
] as const
export type AttemptProblem = (typeof attemptProblems)[number]

export type NewAttempt = {
  status: number | null
  problem: AttemptProblem | null
  /** The system's own code, such as ECONNREFUSED. */
  reason: string | null
  durationMs: number
}

/** Nothing of what the receiver answered is kept but its status. */
export async function insertAttempt(
  trx: Kysely<Database>,
  { id: deliveryId, teamId }: { id: string; teamId: string },
  attempt: NewAttempt,
): Promise<void> {
  await trx
    .insertInto('webhookAttempts')
    .values({ id: newId('wha'), teamId, deliveryId, ...attempt })
    .execute()
}

const isOpen = sql<boolean>`delivered_at is null and failed_at is null`

/** Keeps everything that was not delivered until the endpoint is on again. The message of the test button still goes. */
export async function holdDeliveries(trx: Kysely<Database>, endpointId: string): Promise<void> {
  await trx
    .updateTable('webhookDeliveries')
    .set({ dueAt: HELD })
    .where('endpointId', '=', endpointId)
    .where('type', '<>', 'test')
    .where(isOpen)
    .execute()
}

/** Lets everything go that was kept, from the beginning of the schedule. */
export async function releaseDeliveries(trx: Kysely<Database>, endpointId: string): Promise<void> {
  await trx
    .updateTable('webhookDeliveries')
    .set({ dueAt: sql<Date>`now()`, attempt: 0 })
    .where('endpointId', '=', endpointId)
    .where('dueAt', '=', HELD)
    .where(isOpen)
    .execute()
}

/** Whether a delivery is of what its endpoint is told of, as that is set now. */
const isWanted = sql<boolean>`exists (select from webhook_endpoints wanting where wanting.id = endpoint_id
  and (wanting.event_types is null or wanting.event_types @> to_jsonb(webhook_deliveries.type))
  and (wanting.profiles is null or exists (
    select from events join connections on connections.id = events.connection_id
    where events.id = message_id and wanting.profiles @> to_jsonb(connections.profile))))`

/** Forgets what did not arrive and is nothing any more that the endpoint is told of. */
export async function withdrawUnwanted(trx: Kysely<Database>, endpointId: string): Promise<void> {
  await trx
    .deleteFrom('webhookDeliveries')
    .where('endpointId', '=', endpointId)
    .where('type', '<>', 'test')
    .where('deliveredAt', 'is', null)
    .where(sql<boolean>`not ${isWanted}`)
    .execute()
}

/** Whether one is nothing any more that its endpoint is told of. */
export async function isUnwanted(
  trx: Kysely<Database>,
  { endpointId, deliveryId }: { endpointId: string; deliveryId: string },
): Promise<boolean> {
  const found = await trx
    .selectFrom('webhookDeliveries')
    .select('id')
    .where('endpointId', '=', endpointId)
    .where('id', '=', deliveryId)
    .where(sql<boolean>`not ${isWanted}`)
    .executeTakeFirst()
  return found !== undefined
}

const anew = { deliveredAt: null, failedAt: null, attempt: 0, dueAt: sql<Date>`now()` }

/** Sends one once more, from the beginning of the schedule, with the id it had. Null while it is under way. */
export async function replayDelivery(
  trx: Kysely<Database>,
  { endpointId, deliveryId }: { endpointId: string; deliveryId: string },
): Promise<{ messageId: string } | null> {
  const row = await trx
    .updateTable('webhookDeliveries')
    .set(anew)
    .where('endpointId', '=', endpointId)
    .where('id', '=', deliveryId)
    .where(isFree)
    .returning('messageId')
    .executeTakeFirst()
  return row ?? null
}

/** Sends everything once more that was given up. Answers how many. */
export async function replayFailed(trx: Kysely<Database>, endpointId: string): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('webhookDeliveries')
    .set(anew)
    .where('endpointId', '=', endpointId)
    .where('failedAt', 'is not', null)
    .where('type', '<>', 'test')
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

export type ShownAttempt = NewAttempt & { id: string; at: Date }

export type ShownDelivery = {
  id: string
  messageId: string
  type: MessageType
  createdAt: Date
  state: 'delivered' | 'failed' | 'waiting' | 'held'
  /** When it is tried next; null when it is not. */
  dueAt: Date | null
  connectionId: string | null
  attempts: ShownAttempt[]
}

const state = sql<ShownDelivery['state']>`case when delivered_at is not null then 'delivered'
  when failed_at is not null then 'failed' when due_at = 'infinity' then 'held' else 'waiting' end`
const nextTry = sql<Date | null>`case when delivered_at is null and failed_at is null and due_at <> 'infinity' then due_at end`

export const DELIVERIES_SHOWN = 50
const ATTEMPTS_SHOWN = 40

/** The delivery log of an endpoint, the newest first: each delivery with its tries. */
export async function listDeliveries(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { endpointId, before }: { endpointId: string; before: string | null },
): Promise<ShownDelivery[]> {
  const rows = await trx
    .selectFrom('webhookDeliveries')
    .leftJoin('events', 'events.id', 'webhookDeliveries.messageId')
    .select(['webhookDeliveries.id', 'messageId', 'webhookDeliveries.type', 'webhookDeliveries.createdAt'])
    .select(['events.connectionId', state.as('state'), nextTry.as('dueAt')])
    .where('webhookDeliveries.teamId', '=', teamId)
    .where('endpointId', '=', endpointId)
    .$if(before !== null, (query) => query.where('webhookDeliveries.id', '<', before ?? ''))
    .orderBy('webhookDeliveries.id', 'desc')
    .limit(DELIVERIES_SHOWN)
    .execute()
  const attempts = await listAttempts(
    trx,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, attempts: attempts.filter(({ deliveryId }) => deliveryId === row.id) }))
}

async function listAttempts(
  trx: Kysely<Database>,
  deliveryIds: string[],
): Promise<(ShownAttempt & { deliveryId: string })[]> {
  if (deliveryIds.length === 0) return []
  return trx
    .selectFrom('webhookAttempts')
    .select(['id', 'deliveryId', 'at', 'status', 'problem', 'reason', 'durationMs'])
    .where('deliveryId', 'in', deliveryIds)
    .orderBy('id', 'desc')
    .limit(DELIVERIES_SHOWN * ATTEMPTS_SHOWN)
    .execute()
}

export const LOG_DAYS = 30
const ROWS_AT_ONCE = 5_000

/** Forgets tries and deliveries that are older than the log is kept; run from time to time. */
export async function forgetOldDeliveries(): Promise<void> {
  for (const [table, moment] of [
    ['webhook_attempts', 'at'],
    ['webhook_deliveries', 'created_at'],
  ] as const)
    await sql`delete from ${sql.table(table)} where id in (select id from ${sql.table(table)}
      where ${sql.ref(moment)} < now() - make_interval(days => ${LOG_DAYS}) limit ${ROWS_AT_ONCE})`.execute(db())
}

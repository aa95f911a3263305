import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { actorIdOf } from '#lib/actor.ts'
import type { EventType } from '#lib/connection/events.ts'
import type { SealedValue } from '#lib/crypto/envelope.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database, DisabledReason } from './schema.ts'

/** Bound of a team's endpoints: each event is queued for every one of them. */
export const ENDPOINTS_MAX = 20

export async function countEndpoints(trx: Kysely<Database>, { teamId }: Actor): Promise<number> {
  // The lock keeps two admins from passing the bound together.
  await trx.selectFrom('teams').select('id').where('id', '=', teamId).forUpdate().execute()
  const { n } = await trx
    .selectFrom('webhookEndpoints')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('teamId', '=', teamId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** What is said of an endpoint by those who make it. */
export type EndpointSettings = {
  name: string
  url: string
  eventTypes: readonly EventType[] | null
  profiles: readonly string[] | null
}

export async function insertEndpoint(
  trx: Kysely<Database>,
  actor: Actor,
  { id, ...settings }: EndpointSettings & { id: string },
): Promise<void> {
  await trx
    .insertInto('webhookEndpoints')
    .values({ id, ...columnsOf(settings), teamId: actor.teamId, createdBy: actorIdOf(actor) })
    .execute()
}

/** Of a locked endpoint. What failed at another address counts no more. */
export async function updateEndpoint(
  trx: Kysely<Database>,
  endpointId: string,
  settings: EndpointSettings,
): Promise<void> {
  await trx
    .updateTable('webhookEndpoints')
    .set(columnsOf(settings))
    .set({ failingSince: sql<Date | null>`case when url = ${settings.url} then failing_since end` })
    .where('id', '=', endpointId)
    .execute()
}

function columnsOf({ name, url, eventTypes, profiles }: EndpointSettings) {
  const json = (list: readonly string[] | null) => list && JSON.stringify(list)
  return { name, url, eventTypes: json(eventTypes), profiles: json(profiles) }
}

export type SealedSecret = SealedValue & { keyId: string }

export async function insertSecret(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { endpointId, sealed, wrappedKey, keyId }: SealedSecret & { endpointId: string },
): Promise<void> {
  await trx
    .insertInto('webhookSecrets')
    .values({
      id: newId('whs'),
      teamId,
      endpointId,
      keyId,
      sealed: JSON.stringify(sealed),
      wrappedKey: JSON.stringify(wrappedKey),
    })
    .execute()
}

/**
 * Ends secrets of a locked endpoint: those that a newer one replaces already at once, the newest in so many hours. That
 * leaves room for one more, and never more than two.
 */
export async function endEarlierSecrets(
  trx: Kysely<Database>,
  { endpointId, overlapHours }: { endpointId: string; overlapHours: number },
): Promise<void> {
  await trx.deleteFrom('webhookSecrets').where('endpointId', '=', endpointId).where('endsAt', 'is not', null).execute()
  await trx
    .updateTable('webhookSecrets')
    .set({ endsAt: sql<Date>`now() + make_interval(hours => ${overlapHours})` })
    .where('endpointId', '=', endpointId)
    .execute()
}

/** The secrets that are valid now, the newest first. */
export async function listSecrets(trx: Kysely<Database>, endpointId: string): Promise<SealedValue[]> {
  return trx
    .selectFrom('webhookSecrets')
    .select(['sealed', 'wrappedKey'])
    .where('endpointId', '=', endpointId)
    .where((where) => where.or([where('endsAt', 'is', null), where('endsAt', '>', sql<Date>`now()`)]))
    .orderBy('id', 'desc')
    .execute()
}

/** Forgets secrets whose overlap is over; run from time to time. */
export async function forgetEndedSecrets(): Promise<void> {
  await db().deleteFrom('webhookSecrets').where('endsAt', '<', sql<Date>`now()`).execute()
}

export async function findEndpointUrl(trx: Kysely<Database>, endpointId: string): Promise<string | null> {
  const row = await trx.selectFrom('webhookEndpoints').select('url').where('id', '=', endpointId).executeTakeFirst()
  return row?.url ?? null
}

export type LockedEndpoint = EndpointSettings & { id: string; isOn: boolean; failsTooLong: boolean }

/** Locks an endpoint of the team for the rest of the transaction; null when there is none. */
export async function lockEndpoint(
  trx: Kysely<Database>,
  { teamId }: Pick<Actor, 'teamId'>,
  endpointId: string,
): Promise<LockedEndpoint | null> {
  const row = await trx
    .selectFrom('webhookEndpoints')
    .select(['id', 'name', 'url', 'eventTypes', 'profiles', sql<boolean>`disabled_at is null`.as('isOn')])
    .select(
      sql<boolean>`coalesce(failing_since < now() - make_interval(days => ${FAILING_DAYS_MAX}), false)`.as(
        'failsTooLong',
      ),
    )
    .where('teamId', '=', teamId)
    .where('id', '=', endpointId)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

/** When every try failed for so long, the endpoint is switched off. */
export const FAILING_DAYS_MAX = 5

/** Notes since when nothing gets through; null when something did. */
export async function noteFailing(trx: Kysely<Database>, endpointId: string, fails: boolean): Promise<void> {
  await trx
    .updateTable('webhookEndpoints')
    .set({ failingSince: fails ? sql<Date>`now()` : null })
    .where('id', '=', endpointId)
    .where('failingSince', fails ? 'is' : 'is not', null)
    .execute()
}

/** Of a locked endpoint. */
export async function markOff(
  trx: Kysely<Database>,
  actor: Actor,
  { endpointId, reason }: { endpointId: string; reason: DisabledReason },
): Promise<void> {
  await trx
    .updateTable('webhookEndpoints')
    .set({ disabledAt: sql<Date>`now()`, disabledBy: actorIdOf(actor), disabledReason: reason })
    .where('id', '=', endpointId)
    .execute()
}

/** Of a locked endpoint. What failed before counts no more. */
export async function markOn(trx: Kysely<Database>, endpointId: string): Promise<void> {
  await trx
    .updateTable('webhookEndpoints')
    .set({ disabledAt: null, disabledBy: null, disabledReason: null, failingSince: null })
    .where('id', '=', endpointId)
    .execute()
}

/** With its secrets and its log. */
export async function deleteEndpointRow(trx: Kysely<Database>, endpointId: string): Promise<void> {
  await trx.deleteFrom('webhookEndpoints').where('id', '=', endpointId).execute()
}

export type EndpointSummary = {
  id: string
  name: string
  url: string
  eventTypes: EventType[] | null
  profiles: string[] | null
  createdAt: Date
  failingSince: Date | null
  disabledAt: Date | null
  disabledReason: DisabledReason | null
  /** Until when the secret before the newest one is used as well. */
  earlierSecretUntil: Date | null
  lastDeliveredAt: Date | null
  /** Neither delivered nor given up. */
  waiting: number
  failed: number
}

/** The team's endpoints, the newest first. */
export async function listEndpoints(trx: Kysely<Database>, actor: Actor): Promise<EndpointSummary[]> {
  return (await summaries(trx, actor).orderBy('id', 'desc').limit(ENDPOINTS_MAX).execute()).map(summaryOf)
}

export async function findEndpoint(
  trx: Kysely<Database>,
  actor: Actor,
  endpointId: string,
): Promise<EndpointSummary | null> {
  const row = await summaries(trx, actor).where('id', '=', endpointId).executeTakeFirst()
  return row ? summaryOf(row) : null
}

function summaries(trx: Kysely<Database>, { teamId }: Actor) {
  return trx
    .selectFrom('webhookEndpoints')
    .select([
      'id',
      'name',
      'url',
      'eventTypes',
      'profiles',
      'createdAt',
      'failingSince',
      'disabledAt',
      'disabledReason',
    ])
    .select(
      sql<Date | null>`(select max(ends_at) from webhook_secrets
        where endpoint_id = webhook_endpoints.id and ends_at > now())`.as('earlierSecretUntil'),
    )
    .select(
      sql<Date | null>`(select max(delivered_at) from webhook_deliveries where endpoint_id = webhook_endpoints.id)`.as(
        'lastDeliveredAt',
      ),
    )
    .select(
      sql<string>`(select count(*) from webhook_deliveries where endpoint_id = webhook_endpoints.id
        and delivered_at is null and failed_at is null)`.as('waiting'),
    )
    .select(
      sql<string>`(select count(*) from webhook_deliveries where endpoint_id = webhook_endpoints.id
        and failed_at is not null and type <> 'test')`.as('failed'),
    )
    .where('teamId', '=', teamId)
}

function summaryOf<Row extends { waiting: string; failed: string }>(
  row: Row,
): Omit<Row, 'waiting' | 'failed'> & { waiting: number; failed: number } {
  return { ...row, waiting: Number(row.waiting), failed: Number(row.failed) }
}

/** Endpoints that were switched off because nothing got through. */
export async function listFailedEndpoints(
  trx: Kysely<Database>,
  { teamId }: Actor,
): Promise<{ id: string; name: string }[]> {
  return trx
    .selectFrom('webhookEndpoints')
    .select(['id', 'name'])
    .where('teamId', '=', teamId)
    .where('disabledReason', 'in', ['failing', 'gone'])
    .orderBy('id')
    .limit(ENDPOINTS_MAX)
    .execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { actorIdOf } from '#lib/actor.ts'
import type { Scope } from '#lib/scopes.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** Whether a key opens anything, by the database's clock. `replaced`: the overlap with its successor is over. */
export type KeyState = 'live' | 'replaced' | 'expired' | 'revoked'

export type KeyHolder = {
  id: string
  teamId: string
  scopes: Scope[]
  profiles: string[] | null
  connections: string[] | null
  addresses: string[] | null
  state: KeyState
  /** Nothing was noted of its use within the last minute. */
  useIsUnnoted: boolean
}

const keyState = sql<KeyState>`case
  when integrations.revoked_at is not null then 'revoked'
  when integrations.expires_at <= now() then 'expired'
  when integration_keys.ends_at <= now() then 'replaced'
  else 'live' end`

const USE_EVERY_SECONDS = 60

const useIsUnnoted = sql<boolean>`coalesce(integration_keys.last_used_at < now() - make_interval(secs => ${USE_EVERY_SECONDS}), true)`

/** Whose key it is; null for every unknown key alike. Read at every call, so that a revocation holds at the next one. */
export async function findKeyHolder(digest: Buffer): Promise<KeyHolder | null> {
  const row = await db()
    .selectFrom('integrationKeys')
    .innerJoin('integrations', 'integrations.id', 'integrationKeys.integrationId')
    .select(['integrations.id', 'integrations.teamId', 'scopes', 'profiles', 'connections', 'addresses'])
    .select([keyState.as('state'), useIsUnnoted.as('useIsUnnoted')])
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row ?? null
}

/** Notes that a key is in use, at most once a minute however often it is. */
export async function noteKeyUse(digest: Buffer): Promise<void> {
  await db()
    .updateTable('integrationKeys')
    .set({ lastUsedAt: sql<Date>`now()` })
    .where('digest', '=', digest)
    .where(useIsUnnoted)
    .execute()
}

export type NewIntegration = {
  name: string
  scopes: readonly Scope[]
  profiles: readonly string[] | null
  connections: readonly string[] | null
  addresses: readonly string[] | null
  publicKey: Record<string, unknown> | null
  expiresInDays: number
}

export async function insertIntegration(
  trx: Kysely<Database>,
  actor: Actor,
  { expiresInDays, name, ...limits }: NewIntegration,
): Promise<string> {
  const id = newId('int')
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value))
  await trx
    .insertInto('integrations')
    .values({
      id,
      teamId: actor.teamId,
      name,
      scopes: JSON.stringify(limits.scopes),
      profiles: json(limits.profiles),
      connections: json(limits.connections),
      addresses: json(limits.addresses),
      publicKey: json(limits.publicKey),
      createdBy: actorIdOf(actor),
      expiresAt: sql<Date>`now() + make_interval(days => ${expiresInDays})`,
    })
    .execute()
  return id
}

export async function insertIntegrationKey(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { integrationId, digest }: { integrationId: string; digest: Buffer },
): Promise<void> {
  await trx.insertInto('integrationKeys').values({ digest, teamId, integrationId }).execute()
}

/** Bound of a team's keys, and of the page that lists them. */
export const INTEGRATIONS_MAX = 100

export async function countIntegrations(trx: Kysely<Database>, { teamId }: Actor): Promise<number> {
  // The lock keeps two admins from passing the bound together.
  await trx.selectFrom('teams').select('id').where('id', '=', teamId).forUpdate().execute()
  const { n } = await trx
    .selectFrom('integrations')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('teamId', '=', teamId)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Locks an integration of the team for the rest of the transaction; null when there is none. */
export async function lockIntegration(
  trx: Kysely<Database>,
  { teamId }: Actor,
  integrationId: string,
): Promise<{ name: string; isLive: boolean } | null> {
  const row = await trx
    .selectFrom('integrations')
    .select(['name', sql<boolean>`revoked_at is null and expires_at > now()`.as('isLive')])
    .where('teamId', '=', teamId)
    .where('id', '=', integrationId)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

/** True only for the call that made the difference. */
export async function endIntegration(trx: Kysely<Database>, actor: Actor, integrationId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('integrations')
    .set({ revokedAt: sql<Date>`now()`, revokedBy: actorIdOf(actor) })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', integrationId)
    .where('revokedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/**
 * Ends keys of a locked integration: those that a newer one replaces already at once, the newest in so many hours.
 * That leaves room for one more, and never more than two.
 */
export async function endEarlierKeys(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { integrationId, overlapHours }: { integrationId: string; overlapHours: number },
): Promise<void> {
  const ofIt = trx
    .updateTable('integrationKeys')
    .where('teamId', '=', teamId)
    .where('integrationId', '=', integrationId)
  await ofIt.set({ endsAt: sql<Date>`now()` }).where('endsAt', '>', sql<Date>`now()`).execute()
  await ofIt
    .set({ endsAt: sql<Date>`now() + make_interval(hours => ${overlapHours})` })
    .where('endsAt', 'is', null)
    .execute()
}

/** Ends the key that a newer one replaces, before its overlap is over. False when there is none. */
export async function endReplacedKeys(
  trx: Kysely<Database>,
  { teamId }: Actor,
  integrationId: string,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('integrationKeys')
    .set({ endsAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('integrationId', '=', integrationId)
    .where('endsAt', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

export type IntegrationSummary = {
  id: string
  name: string
  scopes: Scope[]
  profiles: string[] | null
  connections: string[] | null
  addresses: string[] | null
  sealsToKey: boolean
  state: 'live' | 'expired' | 'revoked'
  createdAt: Date
  expiresAt: Date
  revokedAt: Date | null
  lastUsedAt: Date | null
  /** Until when the key before the newest one still works. */
  earlierKeyUntil: Date | null
  earlierKeyUsedAt: Date | null
}

/** The team's integrations: those in use first, then by the time they were made, the newest first. */
export async function listIntegrations(trx: Kysely<Database>, { teamId }: Actor): Promise<IntegrationSummary[]> {
  const rows = await trx
    .selectFrom('integrations')
    .leftJoin('integrationKeys as earlier', (join) =>
      join.onRef('earlier.integrationId', '=', 'integrations.id').on('earlier.endsAt', '>', sql<Date>`now()`),
    )
    .select(['integrations.id', 'name', 'scopes', 'profiles', 'connections', 'addresses'])
    .select(['integrations.createdAt', 'expiresAt', 'revokedAt'])
    .select(['earlier.endsAt as earlierKeyUntil', 'earlier.lastUsedAt as earlierKeyUsedAt'])
    .select(sql<boolean>`public_key is not null`.as('sealsToKey'))
    .select(integrationState.as('state'))
    .select(({ selectFrom }) =>
      selectFrom('integrationKeys')
        .select(({ fn }) => fn.max('integrationKeys.lastUsedAt').as('at'))
        .whereRef('integrationKeys.integrationId', '=', 'integrations.id')
        .as('lastUsedAt'),
    )
    .where('integrations.teamId', '=', teamId)
    .orderBy(sql`case when revoked_at is null and expires_at > now() then 0 else 1 end`)
    .orderBy('integrations.id', 'desc')
    .limit(INTEGRATIONS_MAX * 2)
    .execute()
  return rows.map((row) => ({ ...row, lastUsedAt: row.lastUsedAt as Date | null }))
}

const integrationState = sql<'live' | 'expired' | 'revoked'>`case
  when integrations.revoked_at is not null then 'revoked'
  when integrations.expires_at <= now() then 'expired'
  else 'live' end`

/** The key that credentials are sealed to on their way to this integration, if it registered one. */
export async function findPublicKey(
  trx: Kysely<Database>,
  { teamId, integrationId }: { teamId: string; integrationId: string },
): Promise<Record<string, unknown> | null> {
  const row = await trx
    .selectFrom('integrations')
    .select('publicKey')
    .where('teamId', '=', teamId)
    .where('id', '=', integrationId)
    .executeTakeFirst()
  return row?.publicKey ?? null
}

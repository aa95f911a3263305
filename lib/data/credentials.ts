import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { WrappedKey } from '#lib/crypto/key-provider.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** A sealed value as the database keeps it. Nothing in it can be read without the key provider. */
export type SealedCredential = {
  id: string
  connectionId: string
  version: number
  state: 'pending' | 'in_force'
  sealed: Record<string, string>
  wrappedKey: WrappedKey
  host: string
  fingerprint: Buffer
}

export type NewCredential = Omit<SealedCredential, 'id'>

/** Host of a value that no provider has confirmed yet. It is sent nowhere but to the provider's fixed identity host. */
export const UNVERIFIED_HOST = 'unverified'

/** A pending value nobody said yes to is erased after this. */
export const PENDING_HOURS = 24

/** Stores a sealed value. What it replaces must be ended before, in the same transaction. */
export async function insertCredential(
  trx: Kysely<Database>,
  actor: Actor,
  credential: NewCredential,
): Promise<string> {
  const id = newId('crd')
  await trx
    .insertInto('credentials')
    .values({
      id,
      teamId: actor.teamId,
      connectionId: credential.connectionId,
      version: credential.version,
      state: credential.state,
      sealed: JSON.stringify(credential.sealed),
      wrappedKey: JSON.stringify(credential.wrappedKey),
      keyId: credential.wrappedKey.keyId,
      host: credential.host,
      fingerprint: credential.fingerprint,
      expiresAt: credential.state === 'pending' ? sql<Date>`now() + make_interval(hours => ${PENDING_HOURS})` : null,
    })
    .execute()
  return id
}

/** The sealed value in force, or the pending one; null when there is none. */
export async function findCredential(
  trx: Kysely<Database>,
  { teamId, connectionId, state }: { teamId: string; connectionId: string; state: 'pending' | 'in_force' },
): Promise<SealedCredential | null> {
  const row = await trx
    .selectFrom('credentials')
    .select(['id', 'connectionId', 'version', 'state', 'sealed', 'wrappedKey', 'host', 'fingerprint'])
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('state', '=', state)
    .where((where) => where.or([where('expiresAt', 'is', null), where('expiresAt', '>', sql<Date>`now()`)]))
    .executeTakeFirst()
  if (!row?.sealed || !row.wrappedKey) return null
  return { ...row, state, sealed: row.sealed, wrappedKey: row.wrappedKey }
}

/** Destroys the sealed value and its wrapped key at once; the row stays as a record. Answers how many. */
export async function shredCredentials(
  trx: Kysely<Database>,
  {
    teamId,
    connectionId,
    states,
    into,
  }: {
    teamId: string
    connectionId: string
    states: readonly ('pending' | 'in_force')[]
    into: 'replaced' | 'shredded'
  },
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('credentials')
    .set({ state: into, sealed: null, wrappedKey: null, shreddedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('state', 'in', states)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Seals the value in force for another host; its version and fingerprint stay, since it is the same token. */
export async function resealCredential(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { id, host, sealed, wrappedKey }: Pick<SealedCredential, 'id' | 'host' | 'sealed' | 'wrappedKey'>,
): Promise<void> {
  await trx
    .updateTable('credentials')
    .set({ host, sealed: JSON.stringify(sealed), wrappedKey: JSON.stringify(wrappedKey), keyId: wrappedKey.keyId })
    .where('teamId', '=', teamId)
    .where('id', '=', id)
    .where('state', '=', 'in_force')
    .execute()
}

const STALE_AT_ONCE = 100

/** Connections, in every team, whose pending value was not settled in time: by a yes, or by the provider's answer. */
export async function listStalePending(
  trx: Kysely<Database>,
): Promise<{ teamId: string; connectionId: string; host: string }[]> {
  return trx
    .selectFrom('credentials')
    .select(['teamId', 'connectionId', 'host'])
    .where('state', '=', 'pending')
    .where('expiresAt', '<=', sql<Date>`now()`)
    .orderBy('expiresAt')
    .limit(STALE_AT_ONCE)
    .execute()
}

/** Destroys a pending value whose time is over. False when it went before, or was replaced by a newer one. */
export async function shredStalePending(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('credentials')
    .set({ state: 'shredded', sealed: null, wrappedKey: null, shreddedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('state', '=', 'pending')
    .where('expiresAt', '<=', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Another connection of the team whose sealed token is the same. */
export async function findSameToken(
  trx: Kysely<Database>,
  { teamId, connectionId, fingerprint }: { teamId: string; connectionId: string; fingerprint: Buffer },
): Promise<{ connectionId: string } | null> {
  const row = await trx
    .selectFrom('credentials')
    .select('connectionId')
    .where('teamId', '=', teamId)
    .where('fingerprint', '=', fingerprint)
    .where('state', '=', 'in_force')
    .where('connectionId', '<>', connectionId)
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/**
 * The fingerprint of the newest token that ever worked, which is the one that stopped: not of one that waited for a yes,
 * or for the provider, and may be fine. Its host is known only of a token that was checked.
 */
export async function findLastFingerprint(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<Buffer | null> {
  const row = await trx
    .selectFrom('credentials')
    .select('fingerprint')
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('state', 'in', ['in_force', 'replaced'])
    .where('host', '<>', UNVERIFIED_HOST)
    .orderBy('version', 'desc')
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.fingerprint ?? null
}

/** The fingerprint of the value that waits for a yes, else of the one in force. */
export async function findKeptFingerprint(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<{ fingerprint: Buffer; isPending: boolean } | null> {
  const row = await trx
    .selectFrom('credentials')
    .select(['fingerprint', 'state'])
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .where('state', 'in', ['pending', 'in_force'])
    .orderBy('state', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? { fingerprint: row.fingerprint, isPending: row.state === 'pending' } : null
}

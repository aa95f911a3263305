import 'server-only'
import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { WrappedKey } from '#lib/crypto/key-provider.ts'
import type { Database } from './schema.ts'

/** Every place that holds a sealed value, with what its context is rebuilt from. A new one belongs in this list. */
export type SealedRow = {
  id: string
  teamId: string
  value: { sealed: Record<string, string>; wrappedKey: WrappedKey }
} & (
  | { table: 'credentials'; connectionId: string; host: string }
  | { table: 'webhookSecrets'; endpointId: string }
  | { table: 'outbox'; letter: string; requestId: string | null; payload: Record<string, unknown> }
)

export const sealedTables = ['credentials', 'outbox', 'webhookSecrets'] as const
export type SealedTable = (typeof sealedTables)[number]

type Page = { keyId: string; after: string; limit: number }

/** One page of what is sealed under a key, in the order of ids. */
export async function listSealed(trx: Kysely<Database>, table: SealedTable, page: Page): Promise<SealedRow[]> {
  switch (table) {
    case 'credentials':
      return listSealedCredentials(trx, page)
    case 'outbox':
      return listSealedLetters(trx, page)
    case 'webhookSecrets':
      return listSealedWebhookSecrets(trx, page)
  }
}

async function listSealedCredentials(trx: Kysely<Database>, { keyId, after, limit }: Page): Promise<SealedRow[]> {
  const rows = await trx
    .selectFrom('credentials')
    .select(['id', 'teamId', 'connectionId', 'host', 'sealed', 'wrappedKey'])
    .where('keyId', '=', keyId)
    .where('wrappedKey', 'is not', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.flatMap(({ sealed, wrappedKey, ...row }): SealedRow[] =>
    sealed && wrappedKey ? [{ table: 'credentials', ...row, value: { sealed, wrappedKey } }] : [],
  )
}

async function listSealedWebhookSecrets(trx: Kysely<Database>, { keyId, after, limit }: Page): Promise<SealedRow[]> {
  if (!(await hasWebhooks(trx))) return []
  const rows = await trx
    .selectFrom('webhookSecrets')
    .select(['id', 'teamId', 'endpointId', 'sealed', 'wrappedKey'])
    .where('keyId', '=', keyId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ sealed, wrappedKey, ...row }) => ({
    table: 'webhookSecrets',
    ...row,
    value: { sealed, wrappedKey },
  }))
}

/** A backup of a version without webhooks is checked before its tables are brought up to this one. */
async function hasWebhooks(trx: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`select to_regclass('webhook_secrets') is not null as has`.execute(trx)
  return rows[0]?.has ?? false
}

async function withWebhooks(trx: Kysely<Database>, part: RawBuilder<unknown>): Promise<RawBuilder<unknown>> {
  return (await hasWebhooks(trx)) ? part : sql``
}

const keyOfLetter = sql.raw("sealed_link->'wrappedKey'->>'keyId'")

async function listSealedLetters(trx: Kysely<Database>, { keyId, after, limit }: Page): Promise<SealedRow[]> {
  const rows = await trx
    .selectFrom('outbox')
    .select(['id', 'teamId', 'letter', 'requestId', 'payload', 'sealedLink'])
    .where(keyIs(keyId))
    .where('sealedLink', 'is not', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.flatMap(({ sealedLink, ...row }): SealedRow[] =>
    sealedLink ? [{ table: 'outbox', ...row, value: sealedLink }] : [],
  )
}

const keyIs = (keyId: string) => sql<boolean>`${keyOfLetter} = ${keyId}`

export type Rewrapped = { id: string; before: WrappedKey; after: WrappedKey }

/**
 * Puts newly wrapped data keys in the place of those they were made from; what was erased or replaced meanwhile stays
 * as it is. Answers for each team how many.
 */
export async function replaceWrappedKeys(
  trx: Kysely<Database>,
  table: SealedTable,
  rewrapped: readonly Rewrapped[],
): Promise<Map<string, number>> {
  const values = sql.join(
    rewrapped.map(
      ({ id, before, after }) =>
        sql`(${id}::text, ${before.wrapped}::text, ${JSON.stringify(after)}::jsonb, ${after.keyId}::text)`,
    ),
  )
  const stored = sql.table(table)
  const { rows } = await (table !== 'outbox'
    ? sql<{ teamId: string }>`update ${stored} as stored set wrapped_key = v.made, key_id = v.key_id
        from (values ${values}) v(id, old, made, key_id)
        where stored.id = v.id and stored.wrapped_key->>'wrapped' = v.old returning team_id`
    : sql<{ teamId: string }>`update outbox set sealed_link = jsonb_set(sealed_link, '{wrappedKey}', v.made)
        from (values ${values}) v(id, old, made, key_id)
        where outbox.id = v.id and outbox.sealed_link->'wrappedKey'->>'wrapped' = v.old returning team_id`
  ).execute(trx)
  const counts = new Map<string, number>()
  for (const { teamId } of rows) counts.set(teamId, (counts.get(teamId) ?? 0) + 1)
  return counts
}

export type KeyUse = { keyId: string; credentials: number; letters: number; webhooks: number }

/** How many sealed values each key holds. */
export async function countKeyUses(trx: Kysely<Database>): Promise<KeyUse[]> {
  const { rows } = await sql<{ keyId: string; credentials: string; letters: string; webhooks: string }>`
    select key_id, sum(c) as credentials, sum(l) as letters, sum(w) as webhooks from (
      select key_id, count(*) as c, 0 as l, 0 as w from credentials where wrapped_key is not null group by key_id
      union all
      select ${keyOfLetter}, 0, count(*), 0 from outbox where sealed_link is not null group by 1
      ${await withWebhooks(trx, sql`union all select key_id, 0, 0, count(*) from webhook_secrets group by key_id`)}) uses
    group by key_id order by key_id`.execute(trx)
  return rows.map(({ keyId, credentials, letters, webhooks }) => ({
    keyId,
    credentials: Number(credentials),
    letters: Number(letters),
    webhooks: Number(webhooks),
  }))
}

/** The keys that something is sealed under; a few steps in an index, however many rows there are. */
export async function listKeyIdsInUse(trx: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ keyId: string }>`
    with recursive
      c as ((select min(key_id) as key_id from credentials where wrapped_key is not null)
        union all select (select min(key_id) from credentials where wrapped_key is not null and key_id > c.key_id) from c
          where c.key_id is not null),
      l as ((select min(${keyOfLetter}) as key_id from outbox where sealed_link is not null)
        union all select (select min(${keyOfLetter}) from outbox where sealed_link is not null and ${keyOfLetter} > l.key_id)
          from l where l.key_id is not null)
    select key_id from c where key_id is not null union select key_id from l where key_id is not null
      ${await withWebhooks(trx, sql`union select key_id from webhook_secrets`)} order by 1`.execute(trx)
  return rows.map(({ keyId }) => keyId)
}

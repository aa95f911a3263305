import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Integration } from '#lib/actor.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'

export type KeptAnswer = {
  digest: Buffer
  seed: string
  status: number
  body: Record<string, unknown>
  hasLink: boolean
}

/**
 * Takes an Idempotency-Key for this transaction. A second call with the same one waits here until the first has ended,
 * and answers false when that one was kept.
 */
export async function claimAnswer(
  trx: Kysely<Database>,
  { teamId, integrationId }: Integration,
  claim: { idempotencyKey: string; digest: Buffer; seed: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('apiAnswers')
    .values({ teamId, integrationId, ...claim })
    .onConflict((conflict) => conflict.columns(['integrationId', 'idempotencyKey']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Writes the answer down in the transaction that makes it true. */
export async function keepAnswer(
  trx: Kysely<Database>,
  { integrationId }: Integration,
  {
    idempotencyKey,
    status,
    body,
    hasLink,
  }: { idempotencyKey: string } & Pick<KeptAnswer, 'status' | 'body' | 'hasLink'>,
): Promise<void> {
  await trx
    .updateTable('apiAnswers')
    .set({ status, body: JSON.stringify(body), hasLink })
    .where('integrationId', '=', integrationId)
    .where('idempotencyKey', '=', idempotencyKey)
    .execute()
}

export async function findAnswer(
  trx: Kysely<Database>,
  { integrationId }: Integration,
  idempotencyKey: string,
): Promise<KeptAnswer | null> {
  const row = await trx
    .selectFrom('apiAnswers')
    .select(['digest', 'seed', 'status', 'body', 'hasLink'])
    .where('integrationId', '=', integrationId)
    .where('idempotencyKey', '=', idempotencyKey)
    .executeTakeFirst()
  return row && row.status !== null && row.body !== null ? { ...row, status: row.status, body: row.body } : null
}

/** Forgets answers older than a day; nobody repeats those calls. */
export async function forgetOldAnswers(): Promise<void> {
  await db().deleteFrom('apiAnswers').where('createdAt', '<', sql<Date>`now() - interval '1 day'`).execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'

/** Fails when the database does not answer. */
export async function pingDatabase(): Promise<void> {
  await sql`select 1`.execute(db())
}

/** Letters that should have left long ago: nobody works on the outbox, or the mail server refuses everything. */
export async function countLateLetters(lateMinutes: number): Promise<number> {
  const { late } = await db()
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<string>().as('late'))
    .where('acceptedAt', 'is', null)
    .where('failedAt', 'is', null)
    .where('dueAt', '<', sql<Date>`now() - make_interval(mins => ${lateMinutes})`)
    .executeTakeFirstOrThrow()
  return Number(late)
}

/** The key that new values are sealed under. Fails when there is none. */
export function newestKeyId(): string {
  return keyProvider().currentKeyId()
}

export async function databaseTime(trx: Kysely<Database> = db()): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(trx)
  if (!rows[0]) throw new Error('the database has no time')
  return new Date(rows[0].now)
}

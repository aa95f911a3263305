import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** An endpoint can be kept to the connections of some profiles, as API keys are; null: those of all. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table webhook_endpoints add column profiles jsonb`.execute(db)
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Which companies got no answer in a minute: many at once are an outage, one that is asked again and again is not. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table provider_minutes add column companies text[] not null default '{}'`.execute(db)
}

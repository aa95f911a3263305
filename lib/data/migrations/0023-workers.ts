import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Which processes do background work, and when each was heard of last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table workers (
        id text collate "C" primary key, seen_at timestamptz not null default now(), stopped_at timestamptz)`,
    )
    .execute(db)
}

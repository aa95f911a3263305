import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** How long we let a provider's company alone, what a check's rows are about, and whether a long wait was told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  // One row for each company that somebody checked lately; housekeeping takes it away. The three times: see
  // lib/data/provider-pauses.ts.
  `create table provider_pauses (
    team_id ${id} not null references teams, provider ${id} not null, company ${id} not null, code text,
    everyone_until timestamptz not null default '-infinity', background_until timestamptz not null default '-infinity',
    people_until timestamptz not null default '-infinity', primary key (team_id, provider, company))`,
  // The start date that was asked with: null for everything.
  'alter table verifications add column since text',
  'alter table connections add column wait_told_at timestamptz',
]

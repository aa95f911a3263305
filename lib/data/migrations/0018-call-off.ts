import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** An end that was called off, and where the connection stood before it began. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table off_boardings drop constraint off_boardings_outcome_check',
  `alter table off_boardings add constraint off_boardings_outcome_check
    check (outcome in ('proved', 'unproven', 'called_off'))`,
  'alter table off_boardings add column from_status text, add column from_verdict text',
]

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** What a process that only wraps asks a worker to do, and waits for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `create table errands (
    id ${id} primary key, team_id ${id} not null references teams, task text not null,
    due_at timestamptz not null default now(), attempt integer not null default 0, lease ${id}, leased_until timestamptz,
    answer jsonb, failed_reference text, ended_at timestamptz, created_at timestamptz not null default now())`,
  'create index errands_open on errands (due_at) where ended_at is null',
]

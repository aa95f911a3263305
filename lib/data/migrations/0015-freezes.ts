import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Hand-off that somebody stopped: of one connection, of one customer, or of the whole team. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'
const actor = (column: string) =>
  `${column}_kind text check (${column}_kind in ('staff', 'operator')), ${column}_by ${id}`

const statements = [
  `create table freezes (
    id ${id} primary key, team_id ${id} not null references teams,
    scope text not null check (scope in ('team', 'customer', 'connection')), object_id ${id} not null,
    reason text not null, ${actor('started')} not null, started_at timestamptz not null default now(),
    ${actor('ended')}, ended_at timestamptz,
    telling text check (telling in ('connection.frozen', 'connection.thawed')), told_through ${id} not null default '')`,
  'create unique index freezes_one_open on freezes (team_id, object_id) where ended_at is null',
  'create index freezes_to_tell on freezes (id) where telling is not null',
]

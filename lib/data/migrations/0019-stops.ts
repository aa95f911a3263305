import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** When each connection that stopped had worked last, and when that was noticed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `create table stops (
    id ${id} primary key, team_id ${id} not null references teams, connection_id ${id} not null references connections,
    request_id ${id} not null references requests, worked_at timestamptz, refused_at timestamptz not null,
    stopped_at timestamptz not null default now())`,
  'create index stops_by_connection on stops (connection_id, stopped_at desc)',
  'create index stops_by_time on stops (stopped_at desc)',
]

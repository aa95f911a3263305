import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/**
 * When a connection was last checked lies apart from it. The watcher writes it for every connection every day, and on
 * `connections` each of these writes would touch all of its twenty indexes. The status is a copy, for the board's order.
 * The columns stay on `connections` as long as the version before may run beside this one (R19).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'
/** `sortKeys` in board.ts says it in the same words. */
const order = "coalesce(checked_at, '-infinity'::timestamptz)"

const statements = [
  `create table last_checks (
    connection_id ${id} primary key references connections on delete cascade, team_id ${id} not null references teams,
    status text not null, checked_at timestamptz, full_check_at timestamptz) with (fillfactor = 80)`,
  `insert into last_checks (connection_id, team_id, status, checked_at, full_check_at)
    select id, team_id, status, checked_at, full_check_at from connections`,
  `create index last_checks_by_time on last_checks (team_id, (${order}), connection_id)`,
  `create index last_checks_by_status_and_time on last_checks (team_id, status, (${order}), connection_id)`,
  'drop index connections_by_checked, connections_by_status_and_checked',
]

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Sessions of staff and the links that start one. Of both only the digest is stored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `create table staff_sessions (
    digest bytea primary key check (length(digest) = 32), id ${id} not null unique, team_id ${id} not null references teams,
    staff_id ${id} not null references staff, method text not null check (method in ('company', 'mail', 'operator')),
    authenticated_at timestamptz, created_at timestamptz not null default now(), seen_at timestamptz not null default now())`,
  `create table sign_in_links (
    digest bytea primary key check (length(digest) = 32), team_id ${id} not null references teams,
    staff_id ${id} not null references staff, issued_by text not null check (issued_by in ('mail', 'operator')), next_path text,
    expires_at timestamptz not null, used_at timestamptz, created_at timestamptz not null default now())`,
  'create index staff_by_email on staff (email)',
  'create index staff_sessions_by_staff on staff_sessions (staff_id)',
  'create index staff_sessions_by_time on staff_sessions (created_at)',
  'create index sign_in_links_by_end on sign_in_links (expires_at)',
]

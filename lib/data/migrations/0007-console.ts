import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Addresses that support proposes, requests that nobody finished typing, and what is support's turn on the board. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `create table contact_proposals (
    id ${id} primary key, team_id ${id} not null references teams, request_id ${id} not null references requests,
    state text not null check (state in ('waiting', 'accepted', 'refused', 'replaced', 'settled', 'lapsed')),
    name text not null, email text not null, reason text not null, proposed_by ${id} not null,
    decided_by ${id}, decided_at timestamptz, created_at timestamptz not null default now())`,
  // Only the newest counts: of two at once the database takes one.
  `create unique index contact_proposals_one_waiting on contact_proposals (request_id) where state = 'waiting'`,
  // Kept under the form that was drawn, and for whoever typed. An ended one holds no more than that it ended.
  `create table unfinished_requests (
    team_id ${id} not null references teams, staff_id ${id} not null references staff, form_key uuid not null,
    request_id ${id}, typed jsonb not null, ended_at timestamptz, updated_at timestamptz not null default now(),
    primary key (staff_id, form_key))`,
  'create index unfinished_requests_by_time on unfinished_requests (updated_at)',
  // Whose turn these are, their verdict says.
  `create index connections_by_verdict on connections (team_id, verdict_code, updated_at desc, id desc)
    where status in ('waiting_provider', 'needs_manager')`,
]

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** How a team looks and writes, reminders, links that a contact gave away or back, and who asked to be replaced by whom. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `alter table teams
    add column accent text check (accent ~ '^#[0-9a-f]{6}$'),
    add column sender_name text,
    add column reminder_days jsonb not null default '[2, 5, 10]',
    add column reminds_before_end boolean not null default true,
    add column link_days integer not null default 14 check (link_days between 1 and 60)`,
  `create table team_logos (
    team_id ${id} primary key references teams, digest text not null, type text not null check (type in ('image/png', 'image/svg+xml')),
    bytes bytea not null check (length(bytes) <= 32768), created_at timestamptz not null default now())`,
  'create index team_logos_by_digest on team_logos (digest)',
  'alter table requests add column reminders_stopped_at timestamptz',
  `alter table secure_links add column ended_as text check (ended_as in ('declined', 'handed_over'))`,
  `create table hand_overs (
    id ${id} primary key, team_id ${id} not null references teams, request_id ${id} not null references requests,
    link_id ${id} not null, state text not null check (state in ('waiting', 'done', 'refused', 'lapsed')),
    colleague_name text not null, colleague_email text not null, note text,
    new_request_id ${id} references requests, decided_by ${id}, decided_at timestamptz, reason text,
    created_at timestamptz not null default now())`,
  // A request has one contact after the other, never two: of two hand-overs at once the database takes one.
  `create unique index hand_overs_one_open on hand_overs (request_id) where state in ('waiting', 'done')`,
  `create index hand_overs_waiting on hand_overs (team_id, created_at) where state = 'waiting'`,
  `create table hand_over_connections (
    hand_over_id ${id} not null references hand_overs, connection_id ${id} not null references connections,
    from_status text not null, primary key (hand_over_id, connection_id))`,
  'create index hand_over_connections_by_connection on hand_over_connections (connection_id)',
  // At most one digest waits for each manager; what is to be told meanwhile goes into that one.
  `create unique index outbox_one_digest on outbox (team_id, recipient_email)
    where letter = 'manager_digest' and accepted_at is null and failed_at is null`,
  `create index outbox_by_recipient on outbox (team_id, recipient_email, accepted_at) where accepted_at is not null`,
]

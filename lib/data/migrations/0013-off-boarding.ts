import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Ends of connections: who asked, until when, and how it was proved that the token is dead. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  'alter table connection_checks drop constraint connection_checks_reason_check',
  `alter table connection_checks add constraint connection_checks_reason_check
    check (reason in ('waiting', 'watch', 'off_board'))`,
  'alter table verifications drop constraint verifications_trigger_check',
  `alter table verifications add constraint verifications_trigger_check
    check (trigger in ('submit', 'confirm', 'retry', 'watch', 'staff', 'off_board'))`,
  `create table off_boardings (
    id ${id} primary key, team_id ${id} not null references teams, connection_id ${id} not null references connections,
    reason text, asked_by text not null check (asked_by in ('staff', 'link_holder', 'integration', 'operator')),
    started_at timestamptz not null default now(), deadline timestamptz not null,
    way text check (way in ('deactivate', 'regenerate')), pressed_at timestamptz, probed_at timestamptz, probe_code text,
    first_refused_at timestamptz, confirmed_at timestamptz, ended_at timestamptz,
    outcome text check (outcome in ('proved', 'unproven')), proof jsonb,
    check ((ended_at is null) = (outcome is null)))`,
  'create unique index off_boardings_one_open on off_boardings (connection_id) where ended_at is null',
  // Somebody saw the token who should not have: the customer is asked for a new one, and the old one must be dead.
  'alter table connections add column exposed_at timestamptz',
  'create index off_boardings_by_connection on off_boardings (connection_id, started_at desc)',
]

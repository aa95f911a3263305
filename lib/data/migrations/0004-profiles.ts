import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** The team's own profiles, drafts and repeated presses of requests, and lists of requests that wait for a yes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table profiles (
    team_id text collate "C" not null references teams, key text collate "C" not null, words jsonb not null,
    capabilities jsonb not null, account_admin boolean not null,
    start_date text not null check (start_date in ('hidden', 'optional', 'required')),
    mode text not null check (mode in ('collect', 'rotate', 'off_board')), limits_allowed boolean not null,
    check_interval_minutes integer not null default 240 check (check_interval_minutes between 15 and 1440),
    retention_days integer not null check (retention_days between 1 and 3650),
    disabled_at timestamptz, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    primary key (team_id, key))`,
  `create table request_imports (
    id text collate "C" primary key, team_id text collate "C" not null references teams,
    created_by text collate "C" not null references staff, rows jsonb not null, created_at timestamptz not null default now())`,
  'alter table requests add column creation_key text, add column link_days integer',
  'create unique index requests_by_creation_key on requests (team_id, creation_key) where creation_key is not null',
  'create index requests_by_contact on requests (contact_id)',
  'create index requests_by_customer on requests (customer_id)',
  'create index contacts_by_email on contacts (team_id, email)',
  'create index customers_by_any_case on customers (team_id, lower(name))',
  'create index connections_by_profile on connections (team_id, profile)',
  'create index request_imports_by_time on request_imports (team_id, created_at)',
]

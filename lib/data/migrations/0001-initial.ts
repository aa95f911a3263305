import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { statuses } from '#lib/connection/status.ts'

const statusList = sql.raw(statuses.map((status) => `'${status}'`).join(', '))

/** Every table of the first version. Ids are texts compared byte by byte, the same on both engines. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of tables) await statement.execute(db)
  for (const statement of indexes) await sql.raw(statement).execute(db)
  for (const statement of insertOnly) await sql.raw(statement).execute(db)
}

const id = sql.raw('text collate "C"')
const moment = sql.raw('timestamptz not null default now()')

const tables = [
  sql`create table teams (
    id ${id} primary key, name text not null, support_email text, support_phone text, created_at ${moment})`,
  sql`create table staff (
    id ${id} primary key, team_id ${id} not null references teams, email text not null, name text not null,
    role text not null check (role in ('admin', 'account_manager', 'support')), disabled_at timestamptz, created_at ${moment},
    unique (team_id, email))`,
  sql`create table customers (
    id ${id} primary key, team_id ${id} not null references teams, name text not null, created_at ${moment})`,
  sql`create table contacts (
    id ${id} primary key, team_id ${id} not null references teams, customer_id ${id} not null references customers,
    name text not null, email text not null, created_at ${moment})`,
  sql`create table requests (
    id ${id} primary key, team_id ${id} not null references teams, reference text not null,
    customer_id ${id} not null references customers, contact_id ${id} not null references contacts, owner_id ${id} references staff,
    language text not null check (language in ('en', 'de')), project text not null, note text, created_by text not null, created_at ${moment},
    unique (team_id, reference))`,
  sql`create table connections (
    id ${id} primary key, team_id ${id} not null references teams, request_id ${id} not null references requests,
    customer_id ${id} not null references customers, provider text not null, profile text not null, name text not null,
    status text not null check (status in (${statusList})), verdict_code text, accepted_code text,
    typed_domain text, expected_domain text, external_id text,
    provider_company_id text, provider_company_domain text, provider_company_name text,
    provider_user_id text, provider_user_name text, provider_user_email text,
    start_date text, connected_at timestamptz, checked_at timestamptz, waiting_since timestamptz, visited_at timestamptz,
    version integer not null default 0, created_at ${moment}, updated_at ${moment})`,
  sql`create table connection_checks (
    connection_id ${id} primary key references connections, team_id ${id} not null,
    reason text not null check (reason in ('waiting', 'watch')), due_at timestamptz not null, attempt integer not null default 0,
    lease ${id}, leased_until timestamptz) with (fillfactor = 80)`,
  sql`create table secure_links (
    id ${id} primary key, team_id ${id} not null references teams, request_id ${id} not null references requests,
    purpose text not null check (purpose in ('connect', 'repair', 'off_board')), expires_at timestamptz not null,
    revoked_at timestamptz, revoked_by text, replaced_by ${id}, replaced_at timestamptz, created_at ${moment})`,
  sql`create table secure_link_keys (
    digest bytea primary key check (length(digest) = 32), team_id ${id} not null, link_id ${id} not null references secure_links, created_at ${moment})`,
  sql`create table credentials (
    id ${id} primary key, team_id ${id} not null references teams, connection_id ${id} not null references connections,
    version integer not null, state text not null check (state in ('pending', 'in_force', 'replaced', 'shredded')),
    sealed jsonb, wrapped_key jsonb, key_id text not null, host text not null, fingerprint bytea not null,
    created_at ${moment}, expires_at timestamptz, shredded_at timestamptz,
    check ((state in ('pending', 'in_force')) = (sealed is not null and wrapped_key is not null)))`,
  sql`create table submissions (
    connection_id ${id} not null references connections, submission_key text not null, team_id ${id} not null,
    result jsonb, leased_until timestamptz not null, created_at ${moment}, primary key (connection_id, submission_key))`,
  sql`create table verifications (
    id ${id} primary key, team_id ${id} not null, connection_id ${id} not null references connections,
    trigger text not null check (trigger in ('submit', 'confirm', 'retry', 'watch', 'staff')), verdict_code text not null,
    owner jsonb, report jsonb not null, calls jsonb not null, more_than_needed boolean not null, latency_ms integer not null, created_at ${moment})`,
  sql`create table audit_events (
    id ${id} primary key, team_id ${id} not null references teams, at ${moment}, actor_kind text not null, actor_id ${id} not null,
    action text not null, object_id ${id} not null, outcome text not null check (outcome in ('done', 'refused')),
    reason text, address text, request_id text, details jsonb not null)`,
  sql`create table audit_chain (
    team_id ${id} not null, seq bigint not null, event_id ${id} not null unique, mac bytea not null, created_at ${moment},
    primary key (team_id, seq))`,
  sql`create table outbox (
    id ${id} primary key, team_id ${id} not null references teams, request_id ${id}, connection_id ${id}, letter text not null,
    recipient_name text not null, recipient_email text not null, language text not null check (language in ('en', 'de')),
    payload jsonb not null, sealed_link jsonb, message_id text not null unique, due_at ${moment}, attempt integer not null default 0,
    lease ${id}, leased_until timestamptz, accepted_at timestamptz, failed_at timestamptz, last_error text, created_at ${moment})`,
  sql`create table rate_limits (
    bucket text collate "C" primary key, window_start timestamptz not null, hits integer not null, expires_at timestamptz not null)`,
  sql`create table status_counts (
    team_id ${id} not null, status text not null, n integer not null, primary key (team_id, status))`,
]

const indexes = [
  'create index customers_by_name on customers (team_id, name)',
  'create index contacts_by_customer on contacts (team_id, customer_id, email)',
  'create index requests_by_time on requests (team_id, created_at desc, id desc)',
  'create index connections_by_request on connections (request_id, id)',
  'create index connections_by_status on connections (team_id, status, updated_at desc, id desc)',
  'create index connections_by_change on connections (team_id, updated_at desc, id desc)',
  'create index connection_checks_due on connection_checks (due_at)',
  'create index secure_links_by_request on secure_links (request_id, created_at desc)',
  'create index secure_link_keys_by_link on secure_link_keys (link_id)',
  "create unique index credentials_one_in_force on credentials (connection_id) where state = 'in_force'",
  "create unique index credentials_one_pending on credentials (connection_id) where state = 'pending'",
  'create index credentials_by_fingerprint on credentials (team_id, fingerprint)',
  'create index credentials_by_connection on credentials (connection_id, version desc)',
  "create index credentials_pending_end on credentials (expires_at) where state = 'pending'",
  'create index submissions_by_time on submissions (created_at)',
  'create index verifications_by_connection on verifications (connection_id, created_at desc)',
  'create index audit_events_by_team on audit_events (team_id, at desc, id)',
  'create index audit_events_by_object on audit_events (object_id, at desc)',
  'create index outbox_due on outbox (due_at) where accepted_at is null and failed_at is null',
  'create index outbox_by_request on outbox (request_id, created_at desc)',
  'create index rate_limits_by_end on rate_limits (expires_at)',
]

/** Audit rows are written once. The trigger holds even for a role that owns the table. */
const insertOnly = [
  `create function refuse_audit_change() returns trigger language plpgsql as $$
    begin raise exception 'audit rows are never changed' using errcode = '42501'; end $$`,
  'create trigger audit_events_insert_only before update or delete on audit_events for each row execute function refuse_audit_change()',
  'create trigger audit_events_never_emptied before truncate on audit_events for each statement execute function refuse_audit_change()',
]

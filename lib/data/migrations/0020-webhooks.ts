import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Where the team's systems are told of events, and every try to do so. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'
const moment = 'timestamptz not null default now()'

const statements = [
  `create table webhook_endpoints (
    id ${id} primary key, team_id ${id} not null references teams, name text not null, url text not null,
    event_types jsonb, created_by ${id} not null, created_at ${moment}, failing_since timestamptz,
    disabled_at timestamptz, disabled_by ${id},
    disabled_reason text check (disabled_reason in ('by_hand', 'failing', 'gone')),
    check ((disabled_at is null) = (disabled_reason is null)))`,
  'create index webhook_endpoints_by_team on webhook_endpoints (team_id, id)',
  `create table webhook_secrets (
    id ${id} primary key, team_id ${id} not null references teams,
    endpoint_id ${id} not null references webhook_endpoints on delete cascade,
    sealed jsonb not null, wrapped_key jsonb not null, key_id text not null, ends_at timestamptz, created_at ${moment})`,
  'create index webhook_secrets_by_endpoint on webhook_secrets (endpoint_id, id)',
  'create index webhook_secrets_by_key on webhook_secrets (key_id, id)',
  // While an endpoint is off, what is kept for it is due at infinity.
  `create table webhook_deliveries (
    id ${id} primary key, team_id ${id} not null references teams,
    endpoint_id ${id} not null references webhook_endpoints on delete cascade,
    message_id ${id} not null, type text not null, due_at ${moment}, attempt integer not null default 0,
    lease ${id}, leased_until timestamptz, delivered_at timestamptz, failed_at timestamptz, created_at ${moment},
    unique (endpoint_id, message_id))`,
  'create index webhook_deliveries_due on webhook_deliveries (due_at) where delivered_at is null and failed_at is null',
  'create index webhook_deliveries_under_way on webhook_deliveries (endpoint_id) where lease is not null',
  'create index webhook_deliveries_by_endpoint on webhook_deliveries (endpoint_id, id desc)',
  'create index webhook_deliveries_by_time on webhook_deliveries (created_at)',
  `create table webhook_attempts (
    id ${id} primary key, team_id ${id} not null references teams,
    delivery_id ${id} not null references webhook_deliveries on delete cascade,
    at ${moment}, status integer, problem text, reason text, duration_ms integer not null)`,
  'create index webhook_attempts_by_delivery on webhook_attempts (delivery_id, id)',
  'create index webhook_attempts_by_time on webhook_attempts (at)',
]

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** The team's machines, their keys, and what the API has to look up for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'
const moment = 'timestamptz not null default now()'

const statements = [
  `create table integrations (
    id ${id} primary key, team_id ${id} not null references teams, name text not null, scopes jsonb not null,
    profiles jsonb, connections jsonb, addresses jsonb, public_key jsonb, created_by ${id} not null,
    expires_at timestamptz not null, revoked_at timestamptz, revoked_by ${id}, created_at ${moment})`,
  'create index integrations_by_team on integrations (team_id, id)',
  `create table integration_keys (
    digest bytea primary key check (length(digest) = 32), team_id ${id} not null references teams,
    integration_id ${id} not null references integrations, ends_at timestamptz, last_used_at timestamptz, created_at ${moment})`,
  'create index integration_keys_by_integration on integration_keys (integration_id, created_at desc)',
  `create table api_answers (
    integration_id ${id} not null references integrations, idempotency_key ${id} not null, team_id ${id} not null,
    digest bytea not null, seed text not null, status integer, body jsonb, has_link boolean not null default false,
    created_at ${moment}, primary key (integration_id, idempotency_key))`,
  'create index api_answers_by_time on api_answers (created_at)',
  'alter table connections add column status_since timestamptz',
  'update connections set status_since = updated_at',
  'alter table connections alter column status_since set default now(), alter column status_since set not null',
  // Lists of the API go by id, the one order that no change disturbs.
  'create index connections_by_team on connections (team_id, id desc)',
  'create index connections_by_team_and_status on connections (team_id, status, id desc)',
  'create index connections_by_external_id on connections (team_id, external_id, id desc) where external_id is not null',
]

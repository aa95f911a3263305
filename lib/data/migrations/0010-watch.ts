import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** What the watcher remembers between two looks, how each provider does, and what integrations are told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `alter table connections
    add column suspect_since timestamptz, add column degraded_since timestamptz,
    add column stopped_at timestamptz, add column full_check_at timestamptz`,
  'create index connections_suspect on connections (provider, suspect_since) where suspect_since is not null',
  `alter table connection_checks add column urgent boolean not null default false`,
  // What is connected already is watched from now on, spread over four hours.
  `insert into connection_checks (connection_id, team_id, reason, due_at)
    select id, team_id, 'watch', now() + random() * interval '4 hours' from connections
    where status in ('connected', 'connected_limited', 'stopped') on conflict do nothing`,
  `create table provider_minutes (
    provider text not null, minute timestamptz not null, fine_at timestamptz, fine integer not null default 0, refused integer not null default 0,
    unanswered integer not null default 0, primary key (provider, minute))`,
  `create table provider_incidents (
    id ${id} primary key, provider text not null, kind text not null check (kind in ('refusing', 'unanswered')),
    started_at timestamptz not null default now(), ended_at timestamptz)`,
  'create unique index provider_incidents_one_open on provider_incidents (provider) where ended_at is null',
  `create table events (
    id ${id} primary key, team_id ${id} not null references teams, type text not null, request_id ${id}, connection_id ${id},
    external_id text, status text, version integer, verdict_code text, created_at timestamptz not null default now(),
    seq bigint)`,
  'create unique index events_in_order on events (team_id, seq) where seq is not null',
  'create index events_to_number on events (id) where seq is null',
  'create index events_by_time on events (created_at)',
]

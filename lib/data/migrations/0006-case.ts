import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** What support needs to find a connection and to tell what became of its link. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const id = 'text collate "C"'

const statements = [
  `alter table requests add column backup_contact_id ${id} references contacts`,
  // One row for each link and day, however often a scanner comes by.
  `create table link_fetches (
    link_id ${id} not null references secure_links, day date not null, team_id ${id} not null references teams,
    fetches integer not null, first_at timestamptz not null default now(), last_at timestamptz not null default now(),
    primary key (link_id, day))`,
  // Its link ended before it left: nobody needs the letter, and nothing is wrong with the address.
  'alter table outbox add column obsolete boolean not null default false',
  'create index outbox_failed on outbox (team_id, failed_at desc) where failed_at is not null',
  'create index audit_events_by_actor on audit_events (team_id, actor_id, at desc, id desc)',
  'create index audit_events_by_action on audit_events (team_id, action, at desc, id desc)',
  // A batch of checks is one row that lists its connections.
  `create index audit_events_of_batches on audit_events using gin ((details->'connections') jsonb_path_ops)
    where action = 'credential.read'`,
]

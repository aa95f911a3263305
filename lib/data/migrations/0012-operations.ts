import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** What operators need: to walk what is sealed by its key, to adopt what a team holds, and to let personal data go. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // The team had the token before it came here, by whatever way: it should be rotated.
  'alter table connections add column adopted_at timestamptz, add column erased_at timestamptz',
  'alter table requests add column erased_at timestamptz',
  'alter table contacts add column erased_at timestamptz',
  'alter table teams add column retention_days integer check (retention_days between 1 and 3650)',
  'create index credentials_by_key on credentials (key_id, id) where wrapped_key is not null',
  `create index outbox_by_key on outbox ((sealed_link->'wrappedKey'->>'keyId'), id) where sealed_link is not null`,
  'create index credentials_shredded on credentials (shredded_at) where shredded_at is not null',
  'create index connections_to_erase on connections (team_id, profile, updated_at) where erased_at is null',
  'create index outbox_by_contact on outbox (created_at) where request_id is null',
]

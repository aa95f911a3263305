import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/** Which connections stand and fall together, what a token may do beyond need, and every yes that was given to it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // A Pipedrive user has one token in a company: whatever uses that user breaks together.
  `create index connections_by_provider_user on connections (team_id, provider, provider_company_id, provider_user_id, id)
    where provider_user_id is not null`,
  // Regular checks ask only who the token belongs to; the report of the last full one must not drown among them.
  `create index verifications_with_report on verifications (connection_id, created_at desc) where report <> '[]'::jsonb`,
  `alter table verifications add column surplus jsonb not null default '[]', add column asked_domain text`,
  // More than one thing may differ, and a yes to one must not be forgotten when the next is asked.
  `alter table connections add column accepted_codes jsonb not null default '[]'`,
  `update connections set accepted_codes = jsonb_build_array(accepted_code) where accepted_code is not null`,
  'create index hand_overs_by_new_request on hand_overs (new_request_id) where new_request_id is not null',
]

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import { atOnce } from './database.ts'
import type { Database } from './schema.ts'

/** Every connection has its row from the start: the board's order by last check is read from here. */
export async function insertLastCheck(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { connectionId, status }: { connectionId: string; status: Status },
): Promise<void> {
  await trx.insertInto('lastChecks').values({ connectionId, teamId, status }).execute()
}

/** Keeps the copy of the status in step. */
export async function copyStatus(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { connectionId, status }: { connectionId: string; status: Status },
): Promise<void> {
  await trx
    .updateTable('lastChecks')
    .set({ status })
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .execute()
}

/** The provider was asked about the connection just now; `isFull`: about its rights too. */
export async function noteCheck(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { connectionId, isFull }: { connectionId: string; isFull: boolean },
): Promise<void> {
  await sql`
    insert into last_checks as known (connection_id, team_id, status, checked_at, full_check_at)
    select id, team_id, status, now(), case when ${isFull}::bool then now() end from connections
      where team_id = ${teamId} and id = ${connectionId}
    on conflict (connection_id) do update
      set checked_at = excluded.checked_at, full_check_at = coalesce(excluded.full_check_at, known.full_check_at)`.execute(
    trx,
  )
}

/** Takes over what the version before wrote in its own way while it ran beside this one (R19); once a day. */
export async function completeLastChecks(): Promise<void> {
  await atOnce((database) =>
    sql`
      insert into last_checks as known (connection_id, team_id, status, checked_at, full_check_at)
      select id, connections.team_id, connections.status, connections.checked_at, connections.full_check_at
      from connections left join last_checks on connection_id = id
      where last_checks.status is distinct from connections.status or connections.checked_at > last_checks.checked_at
      for no key update of connections
      on conflict (connection_id) do update set status = excluded.status,
        checked_at = greatest(excluded.checked_at, known.checked_at),
        full_check_at = greatest(excluded.full_check_at, known.full_check_at)`.execute(database),
  )
}

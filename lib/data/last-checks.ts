import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
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
  const now = sql<Date>`now()`
  await trx
    .updateTable('lastChecks')
    .set({ checkedAt: now, ...(isFull && { fullCheckAt: now }) })
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Database } from './schema.ts'

/** The latest backup that was made here, and the keys without which it cannot be read. */
export async function findNewestBackup(
  trx: Kysely<Database>,
  { teamId }: Actor,
): Promise<{ at: Date; keyIds: string[] } | null> {
  const row = await trx
    .selectFrom('auditEvents')
    .select(['at', 'details'])
    .where('teamId', '=', teamId)
    .where('action', '=', 'backup.made')
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? { at: row.at, keyIds: row.details.keyIds as string[] } : null
}

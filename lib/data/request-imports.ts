import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

const KEPT_DAYS = 1

/** Keeps an uploaded list until somebody says yes to it; erases the team's old ones. */
export async function insertImport(
  trx: Kysely<Database>,
  { teamId, staffId }: Staff,
  rows: Record<string, string>[],
): Promise<string> {
  const id = newId('imp')
  await trx
    .deleteFrom('requestImports')
    .where('teamId', '=', teamId)
    .where('createdAt', '<', sql<Date>`now() - make_interval(days => ${KEPT_DAYS})`)
    .execute()
  await trx
    .insertInto('requestImports')
    .values({ id, teamId, createdBy: staffId, rows: JSON.stringify(rows) })
    .execute()
  return id
}

/** A kept list of the team. */
export async function findImport(
  trx: Kysely<Database>,
  { teamId }: Staff,
  importId: string,
): Promise<Record<string, string>[] | null> {
  const found = await trx
    .selectFrom('requestImports')
    .select('rows')
    .where('teamId', '=', teamId)
    .where('id', '=', importId)
    .where('createdAt', '>', sql<Date>`now() - make_interval(days => ${KEPT_DAYS})`)
    .executeTakeFirst()
  return found?.rows ?? null
}

/** Which of these keys have led to a request already: key -> id and reference. */
export async function findSentByKey(
  trx: Kysely<Database>,
  { teamId }: Staff,
  keys: string[],
): Promise<Map<string, { id: string; reference: string }>> {
  const rows = await trx
    .selectFrom('requests')
    .select(['creationKey', 'id', 'reference'])
    .where('teamId', '=', teamId)
    .where('creationKey', 'in', keys)
    .execute()
  return new Map(rows.map(({ creationKey, id, reference }) => [creationKey ?? '', { id, reference }]))
}

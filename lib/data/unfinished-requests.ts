import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'

/** What a member typed into the form of a request and neither sent nor threw away. Nobody else sees it. */
export type Unfinished = { formKey: string; requestId: string | null; typed: Record<string, unknown>; updatedAt: Date }

export const UNFINISHED_SHOWN_MAX = 20
const KEPT_DAYS = 30

/** Keeps what stands in a form, unless the form was sent or thrown away meanwhile. */
export async function keepUnfinished(
  trx: Kysely<Database>,
  { teamId, staffId }: Staff,
  { formKey, requestId, typed }: { formKey: string; requestId: string | null; typed: Record<string, unknown> },
): Promise<void> {
  const content = { requestId, typed: JSON.stringify(typed), updatedAt: sql<Date>`now()` }
  await trx
    .insertInto('unfinishedRequests')
    .values({ teamId, staffId, formKey, ...content })
    .onConflict((conflict) =>
      conflict.columns(['staffId', 'formKey']).doUpdateSet(content).where('unfinishedRequests.endedAt', 'is', null),
    )
    .execute()
}

/** From now on the form holds nothing, whatever a late answer of the browser still brings. */
export async function endUnfinished(
  trx: Kysely<Database>,
  { teamId, staffId }: Staff,
  formKey: string,
): Promise<boolean> {
  const before = await findUnfinished(trx, { teamId, staffId }, { formKey })
  const ended = { typed: '{}', endedAt: sql<Date>`now()`, updatedAt: sql<Date>`now()` }
  await trx
    .insertInto('unfinishedRequests')
    .values({ teamId, staffId, formKey, requestId: null, ...ended })
    .onConflict((conflict) => conflict.columns(['staffId', 'formKey']).doUpdateSet(ended))
    .execute()
  return before !== null
}

/** One of the member's own: by its form, or the newest that changes a draft. */
export async function findUnfinished(
  trx: Kysely<Database>,
  { teamId, staffId }: Pick<Staff, 'teamId' | 'staffId'>,
  by: { formKey: string } | { requestId: string },
): Promise<Unfinished | null> {
  const all = openOnes(trx, { teamId, staffId })
  const some = 'formKey' in by ? all.where('formKey', '=', by.formKey) : all.where('requestId', '=', by.requestId)
  return (await some.limit(1).executeTakeFirst()) ?? null
}

/** The member's own that belong to no draft, the newest first. */
export async function listUnfinished(trx: Kysely<Database>, staff: Staff): Promise<Unfinished[]> {
  return openOnes(trx, staff).where('requestId', 'is', null).limit(UNFINISHED_SHOWN_MAX).execute()
}

function openOnes(trx: Kysely<Database>, { teamId, staffId }: Pick<Staff, 'teamId' | 'staffId'>) {
  return trx
    .selectFrom('unfinishedRequests')
    .select(['formKey', 'requestId', 'typed', 'updatedAt'])
    .where('teamId', '=', teamId)
    .where('staffId', '=', staffId)
    .where('endedAt', 'is', null)
    .orderBy('updatedAt', 'desc')
    .orderBy('formKey')
}

export async function forgetOldUnfinished(): Promise<void> {
  await db()
    .deleteFrom('unfinishedRequests')
    .where('updatedAt', '<', sql<Date>`now() - make_interval(days => ${KEPT_DAYS})`)
    .execute()
}

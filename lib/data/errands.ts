import 'server-only'
import { sql } from 'kysely'
import { claimDue, giveBack } from './claim.ts'
import { db } from './database.ts'

/** What one process asks a worker to do for it: `task` is signed by whoever asks, and holds no secret. */

export type ErrandEnd = { kind: 'done'; answer: unknown } | { kind: 'failed'; reference: string }

export async function insertErrand(errand: { id: string; teamId: string; task: string }): Promise<void> {
  await db().insertInto('errands').values(errand).execute()
}

/** How it ended; null while it waits or runs. */
export async function findErrandEnd(id: string): Promise<ErrandEnd | null> {
  const row = await db()
    .selectFrom('errands')
    .select(['answer', 'failedReference'])
    .where('id', '=', id)
    .where('endedAt', 'is not', null)
    .executeTakeFirst()
  if (!row) return null
  return row.failedReference ? { kind: 'failed', reference: row.failedReference } : { kind: 'done', answer: row.answer }
}

/** Nobody waits for it any more. */
export async function deleteErrand(id: string): Promise<void> {
  await db().deleteFrom('errands').where('id', '=', id).execute()
}

export type DueErrand = { id: string; task: string; lease: string }

export async function claimDueErrands(bounds: { limit: number; leaseSeconds: number }): Promise<DueErrand[]> {
  return claimDue('errands', ['id', 'task'], bounds)
}

export async function endErrand({ id, lease }: DueErrand, end: ErrandEnd): Promise<void> {
  await giveBack(
    db(),
    'errands',
    { id, lease },
    {
      endedAt: sql<Date>`now()`,
      ...(end.kind === 'done' ? { answer: JSON.stringify(end.answer) } : { failedReference: end.reference }),
    },
  )
}

/** Those whose process died before it could fetch the answer. */
export async function forgetOldErrands(): Promise<void> {
  await db().deleteFrom('errands').where('createdAt', '<', sql<Date>`now() - interval '1 hour'`).execute()
}

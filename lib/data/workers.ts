import 'server-only'
import { sql } from 'kysely'
import { db } from './database.ts'

/** The processes that do background work. An id is made at each start and says nothing of where it runs. */

/** Several times as long as a worker lets pass between two signs of life. */
const ALIVE_SECONDS = 60

/** A sign of life. */
export async function noteWorker(id: string): Promise<void> {
  await db()
    .insertInto('workers')
    .values({ id })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seenAt: sql<Date>`now()` }))
    .execute()
}

/** It ended in order: nobody has to wait until it is missed. */
export async function noteWorkerStopped(id: string): Promise<void> {
  await db().updateTable('workers').set({ stoppedAt: sql<Date>`now()` }).where('id', '=', id).execute()
}

/** How many are at work, and when the last one was seen; null when none ever was. */
export async function readWorkers(): Promise<{ alive: number; lastSeenAt: Date | null }> {
  const { alive, lastSeenAt } = await db()
    .selectFrom('workers')
    .select(({ fn }) => [
      sql<string>`count(*) filter (where stopped_at is null and seen_at > now() - make_interval(secs => ${ALIVE_SECONDS}))`.as(
        'alive',
      ),
      fn.max('seenAt').as('lastSeenAt'),
    ])
    .executeTakeFirstOrThrow()
  return { alive: Number(alive), lastSeenAt }
}

/** Run by workers alone: while there is none, the last one stays known. */
export async function forgetOldWorkers(): Promise<void> {
  await db().deleteFrom('workers').where('seenAt', '<', sql<Date>`now() - interval '1 day'`).execute()
}

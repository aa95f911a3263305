import 'server-only'
import { sql } from 'kysely'
import { count } from '#lib/telemetry.ts'
import { db } from './database.ts'

export type Limit = { bucket: string; windowSeconds: number; hitsMax: number }

/**
 * Counts a hit, or several at once, and says whether that is still within the limit. Fixed windows in the database's time,
 * shared by every process. Answers how many of the hits are within it, what is left of it, and the seconds until it begins
 * anew.
 */
export async function hitLimit({ bucket, windowSeconds, hitsMax, hits = 1 }: Limit & { hits?: number }): Promise<{
  allowed: boolean
  granted: number
  remaining: number
  retryAfterSeconds: number
}> {
  const window = sql`make_interval(secs => ${windowSeconds})`
  const row = await db()
    .insertInto('rateLimits')
    .values({ bucket, windowStart: sql<Date>`now()`, hits, expiresAt: sql<Date>`now() + ${window}` })
    .onConflict((conflict) =>
      conflict.column('bucket').doUpdateSet({
        hits: sql<number>`case when rate_limits.expires_at <= now() then ${hits} else rate_limits.hits + ${hits} end`,
        windowStart: sql<Date>`case when rate_limits.expires_at <= now() then now() else rate_limits.window_start end`,
        expiresAt: sql<Date>`case when rate_limits.expires_at <= now() then now() + ${window} else rate_limits.expires_at end`,
      }),
    )
    .returning(['hits', sql<number>`ceil(extract(epoch from expires_at - now()))::int`.as('secondsLeft')])
    .executeTakeFirstOrThrow()
  // What follows the first word of a bucket says whose it is.
  if (row.hits > hitsMax) count('limits_hit', { limit: bucket.split(':', 1)[0] ?? '' })
  return {
    allowed: row.hits <= hitsMax,
    granted: Math.max(0, Math.min(hits, hitsMax - (row.hits - hits))),
    remaining: Math.max(0, hitsMax - row.hits),
    retryAfterSeconds: Math.max(1, row.secondsLeft),
  }
}

/** Forgets windows that ended; run from time to time. */
export async function forgetOldLimits(): Promise<void> {
  await db().deleteFrom('rateLimits').where('expiresAt', '<', sql<Date>`now() - interval '1 hour'`).execute()
}

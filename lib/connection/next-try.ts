import 'server-only'
import type { VerdictCode } from '#lib/providers/verdicts.ts'

const RETRY_SECONDS = [5, 15, 30, 60, 120, 300, 600, 900, 1800] as const
const FIRST_DAY_SECONDS = 86_400
const RETRY_SECONDS_LATER = 3600
const NAMED_SECONDS_MAX = 172_800

/**
 * When we ask the provider again for a connection that waits: never before it wants it, soon at first, every half hour
 * for the rest of a day, hourly from then on.
 */
export function nextTrySeconds(
  code: VerdictCode,
  {
    attempt,
    retryAfterSeconds,
    waitedSeconds,
    now,
  }: { attempt: number; retryAfterSeconds: number | null; waitedSeconds: number; now: Date },
): number {
  const slowest = RETRY_SECONDS[RETRY_SECONDS.length - 1] ?? RETRY_SECONDS_LATER
  const ours = waitedSeconds < FIRST_DAY_SECONDS ? (RETRY_SECONDS[attempt] ?? slowest) : RETRY_SECONDS_LATER
  return Math.max(ours, Math.min(retryAfterSeconds ?? unnamedSeconds(code, now), NAMED_SECONDS_MAX))
}

export const UNNAMED_LIMIT_SECONDS = 30
const HOUR_SECONDS = 3_600
/** The provider's clock and ours need not agree to the second. */
const AFTER_THE_HOUR_SECONDS = 60

/**
 * How long a limit holds when the provider named no time. A spent day ends at midnight of the provider's server, in a
 * time zone that it does not name: so once shortly after every full hour, one of which is that midnight.
 */
function unnamedSeconds(code: VerdictCode, now: Date): number {
  if (code === 'RATE_LIMITED') return UNNAMED_LIMIT_SECONDS
  if (code !== 'DAILY_LIMIT') return 0
  return HOUR_SECONDS - (Math.floor(now.getTime() / 1_000) % HOUR_SECONDS) + AFTER_THE_HOUR_SECONDS
}

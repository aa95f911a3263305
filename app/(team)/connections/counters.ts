import type { Status } from '#lib/connection/status.ts'

/** The counters of the board, and the statuses that each adds up. */
export const counters = {
  needs_you: ['draft', 'undeliverable', 'needs_manager', 'connected_limited', 'declined', 'expired', 'revoked'],
  waiting: ['queued', 'sent', 'visited', 'needs_customer', 'needs_confirmation', 'off_boarding'],
  connected: ['connected'],
  stopped: ['stopped'],
} as const satisfies Record<string, readonly Status[]>

/** The number of each counter. */
export function countersOf(
  counts: readonly { status: Status; n: number }[],
): { name: keyof typeof counters; n: number }[] {
  return (Object.keys(counters) as (keyof typeof counters)[]).map((name) => ({
    name,
    n: counts
      .filter(({ status }) => (counters[name] as readonly Status[]).includes(status))
      .reduce((sum, { n }) => sum + n, 0),
  }))
}

import 'server-only'
import { count } from '#lib/telemetry.ts'

/**
 * How often this process unwrapped a data key since it started, by what for: the field that was opened (`apiToken`,
 * `link`), or `rewrap`, `check` and `trial`, after which nobody learns what was sealed. Each of `apiToken` has its row
 * in the audit log.
 */
export type UnwrapCounts = Record<string, number>

// Pages and background work are bundled apart, and each bundle has its own copy of this file.
const store = globalThis as typeof globalThis & { latchkeyUnwraps?: UnwrapCounts }

export function countUnwrap(purpose: string): void {
  count('unwraps', { purpose })
  store.latchkeyUnwraps ??= {}
  store.latchkeyUnwraps[purpose] = (store.latchkeyUnwraps[purpose] ?? 0) + 1
}

export function unwrapCounts(): UnwrapCounts {
  return { ...store.latchkeyUnwraps }
}

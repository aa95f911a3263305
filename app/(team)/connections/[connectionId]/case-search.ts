import type { Cursor } from '#lib/data/timeline.ts'
import type { Doing } from './case-dialog.tsx'
import { doings } from './case-dialog.tsx'

/** What the address of a case may say beside which one it is. */
export type CaseSearch = { do?: string; said?: string; why?: string; before?: string; sent?: string }

const done = [
  'resent',
  'extended',
  'revoked',
  'corrected',
  'backup',
  'decided',
  'company',
  'checking',
  'closing',
  'kept',
  'rotating',
  'proposed',
  'address_kept',
  'frozen',
] as const
export type Done = (typeof done)[number]

const reasons = ['undeliverable', 'provider', 'internal', 'throttled', 'letter_failed', 'asked'] as const

export function readSearch(search: CaseSearch): {
  doing: Doing | null
  said: Done | null
  why: (typeof reasons)[number] | null
  before: Cursor | null
  sent: string | undefined
} {
  return {
    doing: doings.find((known) => known === search.do) ?? null,
    said: done.find((known) => known === search.said) ?? null,
    why: reasons.find((known) => known === search.why) ?? null,
    before: readCursor(search.before),
    sent: typeof search.sent === 'string' ? search.sent : undefined,
  }
}

/** `1764023737123456~aud_…`, as `writeCursor` wrote it; anything else is the first page. */
export function readCursor(text: string | undefined): Cursor | null {
  const [, micros, id] = /^(\d{1,16})~([a-z]{3}_[0-9a-z]{26})$/.exec(text ?? '') ?? []
  return micros && id ? { micros: Number(micros), id } : null
}

export function writeCursor({ micros, id }: Cursor): string {
  return `${micros}~${id}`
}

import type { BulkOrder, BulkWork } from '#lib/connection/bulk.ts'
import { LINK_DAYS_MAX } from '#lib/connection/request-schema.ts'
import { SNOOZE_DAYS_MAX } from '#lib/connection/snooze.ts'

export const REASON_LENGTH_MAX = 500

/** What the form asks for, as typed. */
export type BulkField = 'staffId' | 'until' | 'days' | 'note' | 'reason'

/** What somebody chose and typed for one kind of work, or the field that has to be mended. */
export function readOrder(
  work: BulkWork,
  typed: (field: BulkField) => string,
  now: Date,
): { order: BulkOrder } | { problem: BulkField } {
  const line = (field: BulkField) =>
    typed(field)
      .replace(/\p{Cc}+/gu, ' ')
      .trim()
  const isShort = (text: string) => text.length <= REASON_LENGTH_MAX
  switch (work) {
    case 'assign': {
      const staffId = line('staffId')
      return staffId ? { order: { work, staffId } } : { problem: 'staffId' }
    }
    case 'snooze': {
      const until = dayOf(line('until'))
      const note = line('note')
      const ahead = until ? until.getTime() - now.getTime() : 0
      if (!until || ahead <= 0 || ahead > SNOOZE_DAYS_MAX * 86_400_000) return { problem: 'until' }
      return isShort(note) ? { order: { work, until, note: note || null } } : { problem: 'note' }
    }
    case 'resend':
      return { order: { work } }
    case 'extend': {
      const days = /^\d{1,2}$/.test(line('days')) ? Number(line('days')) : 0
      const reason = line('reason')
      if (days < 1 || days > LINK_DAYS_MAX) return { problem: 'days' }
      return isShort(reason) ? { order: { work, days, reason: reason || null } } : { problem: 'reason' }
    }
    case 'revoke': {
      const reason = line('reason')
      return reason && isShort(reason) ? { order: { work, reason } } : { problem: 'reason' }
    }
  }
}

function dayOf(typed: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(typed)) return null
  const day = new Date(`${typed}T00:00:00Z`)
  return Number.isNaN(day.getTime()) || !day.toISOString().startsWith(typed) ? null : day
}

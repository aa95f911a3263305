import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { BoardRow } from '#lib/data/board.ts'
import { listBoardRows } from '#lib/data/board.ts'
import { inTransaction } from '#lib/data/database.ts'
import { log } from '#lib/log.ts'
import { assignOwner } from './assign.ts'
import { extendLink, reissueLink, revokeLink } from './links.ts'
import { snooze } from './snooze.ts'
import { groupOf, isSettled } from './status.ts'

/** What can be done to many connections at once, and by whom. */
export const bulkWorks = ['assign', 'snooze', 'resend', 'extend', 'revoke'] as const
export type BulkWork = (typeof bulkWorks)[number]

const everybody = ['admin', 'account_manager', 'support'] as const
const managers = ['admin', 'account_manager'] as const
export const bulkRoles: Record<BulkWork, readonly Staff['role'][]> = {
  assign: managers,
  snooze: managers,
  resend: everybody,
  extend: everybody,
  revoke: everybody,
}

export function mayDo(role: Staff['role'], work: BulkWork): boolean {
  return bulkRoles[work].includes(role)
}

/** Why nothing is done to a row. */
export type Skip = 'connected' | 'declined' | 'draft' | 'no_link' | 'over' | 'needs_nobody'

/** A chosen row, and what stands against the work on it. `sharing`: how many chosen rows hang on the same link. */
export type PlannedRow = { row: BoardRow; skip: Skip | null; sharing: number }

/** What would happen to the chosen rows. Changes nothing; ids that are not the team's are not answered, but noted. */
export async function planBulk(
  staff: Staff,
  { work, connectionIds }: { work: BulkWork; connectionIds: string[] },
): Promise<PlannedRow[]> {
  const rows = await listBoardRows(staff, connectionIds)
  const strangers = connectionIds.filter((chosen) => rows.every(({ id }) => id !== chosen))
  if (strangers.length > 0)
    await inTransaction(async (trx) => {
      for (const objectId of strangers)
        await recordAudit(trx, staff, { action: 'connection.unknown', objectId, outcome: 'refused', details: { work } })
    })
  return rows.map((row) => ({
    row,
    skip: whyNot(work, row),
    sharing: rows.filter(({ requestId }) => requestId === row.requestId).length,
  }))
}

function whyNot(work: BulkWork, { status, linkExpiresAt }: BoardRow): Skip | null {
  const isOver = status === 'closed' || status === 'closed_unproven'
  switch (work) {
    case 'assign':
      return isOver ? 'over' : null
    case 'snooze':
      return groupOf(status) === 'needs_you' ? null : 'needs_nobody'
    case 'resend':
      if (isOver || status === 'off_boarding') return 'over'
      if (status === 'draft' || status === 'declined') return status
      return isSettled(status) ? 'connected' : null
    case 'extend':
    case 'revoke':
      if (isOver) return 'over'
      if (isSettled(status)) return 'connected'
      return linkExpiresAt ? null : 'no_link'
  }
}

/** The work with what it needs. A row's own limits are checked again when it is done: the plan may be minutes old. */
export type BulkOrder =
  | { work: 'assign'; staffId: string }
  | { work: 'snooze'; until: Date; note: string | null }
  | { work: 'resend' }
  | { work: 'extend'; days: number; reason: string | null }
  | { work: 'revoke'; reason: string }

export type BulkResult = { row: BoardRow; result: 'done' | 'failed' | Skip }

/** Does it row by row, each in a transaction of its own: one that fails leaves the others done, and is named. */
export async function doBulk(
  staff: Staff,
  order: BulkOrder,
  { connectionIds }: { connectionIds: string[] },
): Promise<BulkResult[]> {
  if (!mayDo(staff.role, order.work)) throw new Error(`${staff.role} may not ${order.work}`)
  const results: BulkResult[] = []
  const byRequest = new Map<string, BulkResult['result']>()
  for (const { row, skip } of await planBulk(staff, { work: order.work, connectionIds })) {
    const known = order.work === 'snooze' ? undefined : byRequest.get(row.requestId)
    const result = skip ?? known ?? (await doOne(staff, order, row))
    if (!skip) byRequest.set(row.requestId, result)
    results.push({ row, result })
  }
  return results
}

async function doOne(staff: Staff, order: BulkOrder, { id, requestId }: BoardRow): Promise<BulkResult['result']> {
  try {
    switch (order.work) {
      case 'assign': {
        const { kind } = await assignOwner(staff, { requestIds: [requestId], staffId: order.staffId })
        return kind === 'assigned' ? 'done' : 'failed'
      }
      case 'snooze': {
        const { changed } = await snooze(staff, { connectionIds: [id], until: order.until, note: order.note })
        return changed.length > 0 ? 'done' : 'needs_nobody'
      }
      case 'resend':
        await reissueLink(staff, { requestId, deliver: 'mail' })
        return 'done'
      case 'extend': {
        const { kind } = await extendLink(staff, { requestId, days: order.days, reason: order.reason ?? undefined })
        return kind === 'extended' ? 'done' : 'no_link'
      }
      case 'revoke': {
        const { ended } = await revokeLink(staff, { requestId, reason: order.reason })
        return ended > 0 ? 'done' : 'no_link'
      }
    }
  } catch (error) {
    log.error('board.bulk_failed', error, { connectionId: id, reason: order.work })
    return 'failed'
  }
}

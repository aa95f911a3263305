import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { AuditFilter, AuditRow } from '#lib/data/audit-log.ts'
import { listAuditRows } from '#lib/data/audit-log.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Cursor } from '#lib/data/timeline.ts'

export const AUDIT_ROWS = 50

/** One page of the team's audit log. That it was looked at is part of it from now on. */
export async function viewAudit(
  staff: Staff,
  { filter, before }: { filter: AuditFilter; before: Cursor | null },
): Promise<{ rows: AuditRow[]; next: Cursor | null }> {
  const found = await listAuditRows(db(), staff, { filter, before, limit: AUDIT_ROWS + 1 })
  await note(staff, 'audit.viewed', filter)
  const rows = found.slice(0, AUDIT_ROWS)
  const last = rows.at(-1)
  return { rows, next: found.length > AUDIT_ROWS && last ? { micros: last.micros, id: last.id } : null }
}

export const EXPORT_ROWS_MAX = 50_000
const BATCH = 1_000

/** Every row that the filter shows, newest first and at most 50,000, read as fast as somebody takes them. */
export async function* exportAudit(staff: Staff, filter: AuditFilter): AsyncGenerator<AuditRow[]> {
  await note(staff, 'audit.exported', filter)
  let before: Cursor | null = null
  for (let count = 0; count < EXPORT_ROWS_MAX; count += BATCH) {
    const limit = Math.min(BATCH, EXPORT_ROWS_MAX - count)
    const rows: AuditRow[] = await listAuditRows(db(), staff, { filter, before, limit })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (rows.length < limit || !last) return
    before = { micros: last.micros, id: last.id }
  }
}

async function note(staff: Staff, action: 'audit.viewed' | 'audit.exported', filter: AuditFilter): Promise<void> {
  const set = Object.entries(filter).filter(([, value]) => value !== null)
  await inTransaction((trx) =>
    recordAudit(trx, staff, { action, objectId: staff.teamId, details: { filter: Object.fromEntries(set) } }),
  )
}

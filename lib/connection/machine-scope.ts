import 'server-only'
import type { Integration } from '#lib/actor.ts'
import type { AuditAction } from '#lib/data/audit-events.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { ConnectionRecord, RequestRecord } from '#lib/data/machine-reads.ts'
import { findConnectionRecord, findRequestRecord } from '#lib/data/machine-reads.ts'

/**
 * A connection that the key may see. Any other id ends as null and in the audit log, whether it is another team's, kept
 * from this key, or nobody's: all take the same way, so that nobody learns which.
 */
export async function openConnection(integration: Integration, connectionId: string): Promise<ConnectionRecord | null> {
  const found = await findConnectionRecord(db(), integration, connectionId)
  if (!found) await noteRefusal(integration, 'connection.unknown', connectionId)
  return found
}

/** The same for a request, which a key may see when it may see all of its connections. */
export async function openRequest(integration: Integration, requestId: string): Promise<RequestRecord | null> {
  const found = await findRequestRecord(db(), integration, requestId)
  if (!found) await noteRefusal(integration, 'access.refused', requestId)
  return found
}

async function noteRefusal(integration: Integration, action: AuditAction, objectId: string): Promise<void> {
  await inTransaction((trx) => recordAudit(trx, integration, { action, objectId, outcome: 'refused' }))
}

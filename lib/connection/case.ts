import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'

const CONNECTION_ID = /^con_[0-9a-hjkmnp-tv-z]{26}$/

/**
 * A connection of the member's own team. An id that is none of theirs ends as null and in the audit log, whether it
 * belongs to another team or to nobody: both take the same way, so that nobody learns which.
 */
export async function openCase(staff: Staff, connectionId: string): Promise<CustomerConnection | null> {
  if (!CONNECTION_ID.test(connectionId)) return null
  const connection = await findConnection(db(), { teamId: staff.teamId, connectionId })
  if (!connection)
    await recordAudit(db(), staff, { action: 'connection.unknown', objectId: connectionId, outcome: 'refused' })
  return connection
}

import 'server-only'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { setRequestOwner } from '#lib/data/requests.ts'
import { lockMember } from '#lib/data/staff.ts'

export type Assignment = { kind: 'assigned'; requestIds: string[] } | { kind: 'unknown_member' }

/** Makes a member the account manager of requests. Requests of another team are left alone, and not answered. */
export async function assignOwner(
  actor: Actor,
  { requestIds, staffId }: { requestIds: string[]; staffId: string },
): Promise<Assignment> {
  return inTransaction(async (trx): Promise<Assignment> => {
    const member = await lockMember(trx, actor, staffId)
    if (!member || member.disabledAt || member.role === 'support') return { kind: 'unknown_member' }
    if (requestIds.length === 0) return { kind: 'assigned', requestIds: [] }
    const assigned = await setRequestOwner(trx, actor, { requestIds, ownerId: staffId })
    for (const objectId of assigned)
      await recordAudit(trx, actor, { action: 'request.assigned', objectId, details: { staffId } })
    return { kind: 'assigned', requestIds: assigned }
  })
}

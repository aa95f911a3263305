import 'server-only'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { countAdmins, insertMember, lockMember, updateMember, upsertStaff } from '#lib/data/staff.ts'
import { deleteSessionsOf } from '#lib/data/staff-sessions.ts'

/** `yourself` and `last_admin` would leave the team without somebody who can mend it. */
export type MemberOutcome = 'done' | 'exists' | 'unknown' | 'yourself' | 'last_admin'

/** Adds somebody to the admin's team. They sign in with this address. */
export async function addMember(
  staff: Staff,
  member: { email: string; name: string; role: StaffRole },
): Promise<MemberOutcome> {
  return inTransaction(async (trx) => {
    const staffId = await insertMember(trx, staff, member)
    if (!staffId) return 'exists'
    await recordAudit(trx, staff, { action: 'member.added', objectId: staffId, details: { role: member.role } })
    return 'done'
  })
}

/** The operator's way in: adds the member, or sets name and role of the one with this address and lets them in again. */
export async function setMember(
  operator: Operator,
  member: { email: string; name: string; role: StaffRole },
): Promise<string> {
  return inTransaction(async (trx) => {
    const staffId = await upsertStaff(trx, { teamId: operator.teamId, ...member })
    await recordAudit(trx, operator, { action: 'member.added', objectId: staffId, details: { role: member.role } })
    return staffId
  })
}

/** Gives a member another role, from their next request on. */
export async function changeRole(
  staff: Staff,
  { staffId, role }: { staffId: string; role: StaffRole },
): Promise<MemberOutcome> {
  return inTransaction(async (trx) => {
    const admins = await countAdmins(trx, staff)
    const member = await lockMember(trx, staff, staffId)
    if (!member) return 'unknown'
    if (member.role === role) return 'done'
    if (isLastAdmin(member, admins)) return 'last_admin'
    await updateMember(trx, staff, staffId, { role })
    await recordAudit(trx, staff, {
      action: 'member.role_changed',
      objectId: staffId,
      details: { from: member.role, to: role },
    })
    return 'done'
  })
}

/** Locks a member out, from their next request on. What they did stays theirs. */
export async function disableMember(staff: Staff, staffId: string): Promise<MemberOutcome> {
  return inTransaction(async (trx) => {
    const admins = await countAdmins(trx, staff)
    const member = await lockMember(trx, staff, staffId)
    if (!member) return 'unknown'
    if (staffId === staff.staffId) return 'yourself'
    if (isLastAdmin(member, admins)) return 'last_admin'
    if (member.disabledAt) return 'done'
    await updateMember(trx, staff, staffId, { disabledAt: 'now' })
    await deleteSessionsOf(trx, { teamId: staff.teamId, staffId })
    await recordAudit(trx, staff, { action: 'member.disabled', objectId: staffId })
    return 'done'
  })
}

/** Lets a member in again. */
export async function enableMember(staff: Staff, staffId: string): Promise<MemberOutcome> {
  return inTransaction(async (trx) => {
    const member = await lockMember(trx, staff, staffId)
    if (!member) return 'unknown'
    if (!member.disabledAt) return 'done'
    await updateMember(trx, staff, staffId, { disabledAt: null })
    await recordAudit(trx, staff, { action: 'member.enabled', objectId: staffId })
    return 'done'
  })
}

function isLastAdmin(member: { role: StaffRole; disabledAt: Date | null }, admins: number): boolean {
  return member.role === 'admin' && !member.disabledAt && admins <= 1
}

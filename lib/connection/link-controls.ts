import 'server-only'
import type { Kysely } from 'kysely'
import type { Integration, Staff } from '#lib/actor.ts'
import type { LinkKey } from '#lib/crypto/digest.ts'
import { newLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { copyForBoard } from '#lib/data/board-copies.ts'
import { listRequestConnections, lockConnection, moveStatus } from '#lib/data/connections.ts'
import { endWaitingProposal } from '#lib/data/contact-proposals.ts'
import type { Person } from '#lib/data/contacts.ts'
import { findOrInsertContact, getRequestContacts, setRequestContact } from '#lib/data/contacts.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import type { SecureLink } from '#lib/data/secure-links.ts'
import { findLink, findNewestLink, insertLinkKey } from '#lib/data/secure-links.ts'
import { maskEmail } from '#lib/format.ts'
import { takesLink } from './case-action.ts'
import { extendLink, mayResend, reissueIn, revokeIn } from './links.ts'
import { linkAddress } from './request.ts'

/**
 * What a member of the team does to a request's link. `linkId` is the link their page showed: when somebody else was
 * faster there is another one by now, and nothing happens.
 */
export type Control = { requestId: string; linkId: string | null; reason: string | null }

/** How it went. Only `done` changed something. */
export type ControlOutcome =
  | 'done'
  | 'changed_meanwhile'
  | 'link_ended'
  | 'not_needed'
  | 'reason_needed'
  | 'not_allowed'
  | 'throttled'

/** A new link by mail; the old one dies in the same moment. */
export async function resendLink(staff: Staff, control: Control): Promise<ControlOutcome> {
  const refusal = lacksReason(staff, control) ?? (await throttled(control))
  if (refusal) return refusal
  return inTransaction(async (trx): Promise<ControlOutcome> => {
    const met = await meetLink(trx, staff, control)
    if (met.refusal) return met.refusal
    if (!(await isNeeded(trx, staff, control))) return 'not_needed'
    await reissueIn(trx, staff, { requestId: control.requestId, deliver: 'mail', reason: control.reason ?? undefined })
    return 'done'
  })
}

/** A machine asks for a new link, to be mailed or handed over by itself. Null when no connection of the request needs one. */
export async function rotateLink(
  trx: Kysely<Database>,
  integration: Integration,
  wanted: { requestId: string; deliver: 'mail' | 'link'; expiresInDays?: number; linkKey: LinkKey },
): Promise<{ link: string; expiresAt: Date } | null> {
  return (await isNeeded(trx, integration, wanted)) ? reissueIn(trx, integration, wanted) : null
}

/** A machine ends the link of a request. Ended before, it stays so. */
export async function endLink(trx: Kysely<Database>, integration: Integration, requestId: string): Promise<void> {
  const link = await findNewestLink(trx, { teamId: integration.teamId, requestId })
  if (link && link.state !== 'revoked') await revokeIn(trx, integration, { requestId, reason: 'by the API' })
}

/** The link lives so many days from now; one that has expired works again. */
export async function lengthenLink(staff: Staff, control: Control & { days: number }): Promise<ControlOutcome> {
  const refusal = lacksReason(staff, control)
  if (refusal) return refusal
  const { requestId, days, reason } = control
  const { kind } = await extendLink(staff, { requestId, days, reason: reason ?? undefined })
  return kind === 'extended' ? 'done' : 'link_ended'
}

/** Ends the link for everybody who has it. */
export async function withdrawLink(staff: Staff, control: Control & { reason: string }): Promise<ControlOutcome> {
  if (control.reason === '') return 'reason_needed'
  return inTransaction(async (trx): Promise<ControlOutcome> => {
    const met = await meetLink(trx, staff, control)
    if (met.refusal) return met.refusal
    if (!met.link || met.link.state === 'revoked') return 'link_ended'
    await revokeIn(trx, staff, { requestId: control.requestId, reason: control.reason })
    return 'done'
  })
}

export type CopyOutcome = { kind: Exclude<ControlOutcome, 'done'> } | { kind: 'done'; address: string; expiresAt: Date }

/** The address with a further key of the same link, for the member to hand over. Kept nowhere; only its digest is. */
export async function copyLinkOnce(staff: Staff, control: Control): Promise<CopyOutcome> {
  const refusal = lacksReason(staff, control) ?? (await throttled(control))
  if (refusal) return { kind: refusal }
  return inTransaction(async (trx): Promise<CopyOutcome> => {
    const met = await meetLink(trx, staff, control)
    if (met.refusal) return { kind: met.refusal }
    if (met.link?.state !== 'live') return { kind: 'link_ended' }
    const { key, digest } = newLinkKey()
    await insertLinkKey(trx, staff, { linkId: met.link.id, digest })
    await recordAudit(trx, staff, {
      action: 'link.copied',
      objectId: control.requestId,
      reason: control.reason ?? undefined,
    })
    await markHandedOver(trx, staff, control.requestId)
    return { kind: 'done', address: linkAddress(key), expiresAt: met.link.expiresAt }
  })
}

/** Another person, or the right address of the same one: a new link goes there, and the old one dies. */
export async function correctAddress(staff: Staff, control: Control & Person): Promise<ControlOutcome> {
  const refusal = mayNameContacts(staff) ?? (await throttled(control))
  if (refusal) return refusal
  const { requestId } = control
  return inTransaction(async (trx): Promise<ControlOutcome> => {
    const met = await meetLink(trx, staff, control)
    if (met.refusal) return met.refusal
    await changeContact(trx, staff, control)
    // Whatever support had proposed, the question is answered.
    await endWaitingProposal(trx, staff, { requestId, state: 'settled' })
    if (await isNeeded(trx, staff, control)) await reissueIn(trx, staff, { requestId, deliver: 'mail' })
    return 'done'
  })
}

/** The request's contact is this person from now on, on the board too. */
export async function changeContact(
  trx: Kysely<Database>,
  staff: Staff,
  { requestId, name, email, reason }: Control & Person,
): Promise<void> {
  const { customerId, contact } = await getRequestContacts(trx, { teamId: staff.teamId, requestId })
  const contactId = await findOrInsertContact(trx, staff, { customerId, name, email })
  await setRequestContact(trx, staff, { requestId, contactId })
  const connections = await listRequestConnections(trx, { teamId: staff.teamId, requestId })
  await copyForBoard(trx, { teamId: staff.teamId, connectionIds: connections.map(({ id }) => id) })
  await recordAudit(trx, staff, {
    action: 'request.contact_changed',
    objectId: requestId,
    reason: reason ?? undefined,
    details: { from: maskEmail(contact.email), to: maskEmail(email) },
  })
}

/** Who gets what the first contact's mail server refuses; `null` takes them away. */
export async function nameBackup(
  staff: Staff,
  { requestId, backup }: { requestId: string; backup: Person | null },
): Promise<ControlOutcome> {
  const refusal = mayNameContacts(staff)
  if (refusal) return refusal
  return inTransaction(async (trx): Promise<ControlOutcome> => {
    const { customerId } = await getRequestContacts(trx, { teamId: staff.teamId, requestId })
    const backupContactId = backup && (await findOrInsertContact(trx, staff, { customerId, ...backup }))
    await setRequestContact(trx, staff, { requestId, backupContactId })
    await recordAudit(trx, staff, {
      action: 'request.backup_changed',
      objectId: requestId,
      details: { to: backup && maskEmail(backup.email) },
    })
    return 'done'
  })
}

/** Support works on the connections of others: each step says why. */
function lacksReason(staff: Staff, { reason }: Control): 'reason_needed' | null {
  return staff.role === 'support' && !reason ? 'reason_needed' : null
}

/** Who gets the link decides who may hand over a token: that is for whoever answers for the customer. */
export function mayNameContacts(staff: Staff): 'not_allowed' | null {
  return staff.role === 'support' ? 'not_allowed' : null
}

export async function throttled({ requestId }: Control): Promise<'throttled' | null> {
  const { allowed } = await mayResend(requestId)
  return allowed ? null : 'throttled'
}

/** Locks the link that the member saw. Whoever waited for the lock finds another newest link, or a changed end. */
export async function meetLink(
  trx: Kysely<Database>,
  staff: Staff,
  { requestId, linkId }: Control,
): Promise<{ refusal: 'changed_meanwhile' | null; link: SecureLink | null }> {
  const scope = { teamId: staff.teamId, requestId }
  if (linkId) await findLink(trx, linkId, { lock: true })
  const link = await findNewestLink(trx, scope)
  return { refusal: (link?.id ?? null) === linkId ? null : 'changed_meanwhile', link }
}

export async function isNeeded(
  trx: Kysely<Database>,
  staff: Staff | Integration,
  { requestId }: Pick<Control, 'requestId'>,
): Promise<boolean> {
  const connections = await listRequestConnections(trx, { teamId: staff.teamId, requestId })
  return connections.some(({ status }) => takesLink(status))
}

/** A link that no mail could bring has reached somebody after all. */
async function markHandedOver(trx: Kysely<Database>, staff: Staff, requestId: string): Promise<void> {
  for (const { id } of await listRequestConnections(trx, { teamId: staff.teamId, requestId })) {
    const { status: from } = await lockConnection(trx, { teamId: staff.teamId, connectionId: id })
    if (from === 'undeliverable')
      await moveStatus(trx, staff, { connectionId: id, from, to: 'sent', verdictCode: null })
  }
}

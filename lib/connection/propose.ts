import 'server-only'
import type { Kysely } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { ContactProposal } from '#lib/data/contact-proposals.ts'
import { endWaitingProposal, findWaitingProposal, insertProposal } from '#lib/data/contact-proposals.ts'
import type { Person } from '#lib/data/contacts.ts'
import { getRequestContacts } from '#lib/data/contacts.ts'
import { inTransaction } from '#lib/data/database.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Database } from '#lib/data/schema.ts'
import { findFirstAdmin, findMember } from '#lib/data/staff.ts'
import { maskEmail } from '#lib/format.ts'
import { getRequest, tellManager } from './letters.ts'
import type { Control, ControlOutcome } from './link-controls.ts'
import { changeContact, isNeeded, mayNameContacts, meetLink, throttled } from './link-controls.ts'
import { reissueIn } from './links.ts'

export type ProposalOutcome = ControlOutcome | 'same_contact' | 'no_proposal'

const PROPOSALS_PER_HOUR = 5

/** Support has learnt a better address: whoever answers for the customer is asked. Nothing is mailed to the address. */
export async function proposeAddress(
  staff: Staff,
  control: Control & Person & { connectionId: string },
): Promise<ProposalOutcome> {
  const { requestId, name, email, reason } = control
  if (!reason) return 'reason_needed'
  const bucket = `propose:${requestId}`
  if (!(await hitLimit({ bucket, windowSeconds: 3600, hitsMax: PROPOSALS_PER_HOUR })).allowed) return 'throttled'
  return inTransaction(async (trx): Promise<ProposalOutcome> => {
    const met = await meetLink(trx, staff, control)
    if (met.refusal) return met.refusal
    if (!(await isNeeded(trx, staff, control))) return 'not_needed'
    const { contact } = await getRequestContacts(trx, { teamId: staff.teamId, requestId })
    if (contact.email === email && contact.name === name) return 'same_contact'
    const proposalId = await insertProposal(trx, staff, { requestId, name, email, reason })
    if (!proposalId) return 'changed_meanwhile'
    await recordAudit(trx, staff, {
      action: 'request.contact_proposed',
      objectId: requestId,
      reason,
      details: { from: maskEmail(contact.email), to: maskEmail(email), proposalId },
    })
    await askManager(trx, staff, { ...control, reason })
    return 'done'
  })
}

async function askManager(
  trx: Kysely<Database>,
  staff: Staff,
  {
    requestId,
    connectionId,
    name,
    email,
    reason,
  }: Person & { requestId: string; connectionId: string; reason: string },
): Promise<void> {
  const request = await getRequest(trx, staff, requestId)
  // A request without an account manager is the admin's.
  const admin = request.ownerEmail ? null : await findFirstAdmin(trx, staff.teamId)
  const asked = admin ? { ...request, ownerName: admin.name, ownerEmail: admin.email } : request
  const proposer = await findMember(trx, staff, staff.staffId)
  await tellManager(trx, staff, asked, 'address_proposed', {
    connectionId,
    payload: { owner: proposer?.name ?? request.teamName, colleague: name, address: email, note: reason },
  })
}

type Decision = Control & { proposalId: string }

/** "Yes, use it": the request's contact is whoever was proposed, and gets a new link. */
export async function acceptProposal(staff: Staff, decision: Decision): Promise<ProposalOutcome> {
  const refusal = mayNameContacts(staff) ?? (await throttled(decision))
  if (refusal) return refusal
  const { requestId, proposalId } = decision
  return decide(staff, decision, async (trx, { name, email }) => {
    await endWaitingProposal(trx, staff, { requestId, proposalId, state: 'accepted' })
    await recordAudit(trx, staff, {
      action: 'request.contact_proposal_accepted',
      objectId: requestId,
      details: { proposalId },
    })
    await changeContact(trx, staff, { ...decision, name, email })
    await reissueIn(trx, staff, { requestId, deliver: 'mail' })
  })
}

/** "No": the contact stays as it is. */
export async function refuseProposal(staff: Staff, decision: Decision): Promise<ProposalOutcome> {
  const refusal = mayNameContacts(staff)
  if (refusal) return refusal
  const { requestId, proposalId, reason } = decision
  return decide(staff, decision, async (trx) => {
    await endWaitingProposal(trx, staff, { requestId, proposalId, state: 'refused' })
    await recordAudit(trx, staff, {
      action: 'request.contact_proposal_refused',
      objectId: requestId,
      reason: reason ?? undefined,
      details: { proposalId },
    })
  })
}

/** Only about the proposal that the page showed, and only while somebody needs a link. */
async function decide(
  staff: Staff,
  decision: Decision,
  apply: (trx: Kysely<Database>, proposal: ContactProposal) => Promise<void>,
): Promise<ProposalOutcome> {
  const { requestId, proposalId } = decision
  return inTransaction(async (trx): Promise<ProposalOutcome> => {
    const met = await meetLink(trx, staff, decision)
    if (met.refusal) return met.refusal
    const proposal = await findWaitingProposal(trx, { teamId: staff.teamId, requestId }, { lock: true })
    if (proposal?.id !== proposalId) return 'no_proposal'
    if (await isNeeded(trx, staff, decision)) {
      await apply(trx, proposal)
      return 'done'
    }
    await endWaitingProposal(trx, staff, { requestId, proposalId, state: 'lapsed' })
    return 'not_needed'
  })
}

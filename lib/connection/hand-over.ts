import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor, LinkHolder, Staff } from '#lib/actor.ts'
import { newLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { moveStatus } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { Colleague, HandOver } from '#lib/data/hand-overs.ts'
import {
  decideHandOver,
  findHandOver,
  findWaitingHandOver,
  insertHandOver,
  insertHandOverConnections,
  moveToRequest,
} from '#lib/data/hand-overs.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { insertRequest, isReferenceFree } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { endLinks, findLink, findNewestLink, insertLink, lockLinkForSubmit } from '#lib/data/secure-links.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { domainOf, isSameCompany } from '#lib/mail/public-domains.ts'
import { dropPending, lockOpenConnections } from './decline.ts'
import { enqueueLinkLetter, getRequest, tellManager } from './letters.ts'
import { freeReference } from './request.ts'

export { isPublicDomain } from '#lib/mail/public-domains.ts'

export type HandOverOutcome = 'done' | 'waiting' | 'throttled' | 'yourself' | 'link_ended' | 'already' | 'nothing_open'

const HAND_OVERS_PER_DAY = 5

/**
 * "Somebody else manages Pipedrive". A colleague at the contact's own mail domain gets a link at once; for any other
 * address, and at mailboxes that anybody can open, the manager decides. Nothing is mailed there before.
 */
export async function handOver(holder: LinkHolder, colleague: Colleague): Promise<HandOverOutcome> {
  const { allowed } = await hitLimit({
    bucket: `hand-over:${holder.requestId}`,
    windowSeconds: 86_400,
    hitsMax: HAND_OVERS_PER_DAY,
  })
  if (!allowed) return 'throttled'
  return inTransaction(async (trx): Promise<HandOverOutcome> => {
    const state = await lockLinkForSubmit(trx, holder)
    if (state !== 'live' && state !== 'grace') return 'link_ended'
    const request = await getRequest(trx, holder, holder.requestId)
    if (colleague.email === request.contactEmail) return 'yourself'
    if (await findWaitingHandOver(trx, holder)) return 'already'
    const open = await lockOpenConnections(trx, holder, holder.requestId)
    if (open.length === 0) return 'nothing_open'
    return isSameCompany(request.contactEmail, colleague.email)
      ? handOverNow(trx, holder, { request, colleague, open })
      : askManager(trx, holder, { request, colleague, open })
  })
}

type Passing = { request: RequestParties; colleague: Colleague; open: CustomerConnection[] }

async function handOverNow(trx: Kysely<Database>, holder: LinkHolder, passing: Passing): Promise<HandOverOutcome> {
  const newRequestId = await passOn(trx, holder, passing)
  const { id: requestId } = passing.request
  const handOverId = await insertHandOver(trx, holder, {
    ...passing.colleague,
    requestId,
    linkId: holder.linkId,
    state: 'done',
    newRequestId,
  })
  if (!handOverId) throw new Error('a request was handed over twice under one lock')
  await insertHandOverConnections(trx, handOverId, passing.open)
  await audit(trx, holder, 'hand_over.done', requestId, { handOverId, newRequestId, ...domainsOf(passing) })
  return 'done'
}

async function askManager(trx: Kysely<Database>, holder: LinkHolder, passing: Passing): Promise<HandOverOutcome> {
  const { request, colleague, open } = passing
  const handOverId = await insertHandOver(trx, holder, {
    ...colleague,
    requestId: request.id,
    linkId: holder.linkId,
    state: 'waiting',
    newRequestId: null,
  })
  const [first] = open
  if (!handOverId || !first) return 'already'
  await insertHandOverConnections(trx, handOverId, open)
  for (const { id, status: from } of open) {
    await dropPending(trx, holder, id, 'hand_over_asked')
    await moveStatus(trx, holder, { connectionId: id, from, to: 'needs_manager', verdictCode: 'HAND_OVER_ASKED' })
  }
  await audit(trx, holder, 'hand_over.asked', request.id, { handOverId, ...domainsOf(passing) })
  await tellManager(trx, holder, request, 'hand_over_asked', {
    connectionId: first.id,
    page: `/hand-overs/${handOverId}`,
    payload: {
      owner: request.contactName,
      colleague: colleague.name,
      address: colleague.email,
      note: colleague.note ?? '',
    },
  })
  return 'waiting'
}

/** `decided`: somebody was quicker. `lapsed`: meanwhile the contact finished, or the link was closed. */
export type DecisionOutcome = 'done' | 'decided' | 'lapsed' | 'unknown'

/** The manager says yes: the colleague gets a link, and the first contact's ends. */
export async function approveHandOver(staff: Staff, handOverId: string): Promise<DecisionOutcome> {
  return decide(staff, handOverId, async (trx, waiting, passing) => {
    const newRequestId = await passOn(trx, staff, passing)
    await decideHandOver(trx, staff, { handOverId, state: 'done', decidedBy: staff.staffId, newRequestId })
    await audit(trx, staff, 'hand_over.done', waiting.requestId, { handOverId, newRequestId, ...domainsOf(passing) })
  })
}

/** The manager says no: the first contact reads that it is their turn. */
export async function refuseHandOver(staff: Staff, handOverId: string, reason: string): Promise<DecisionOutcome> {
  return decide(staff, handOverId, async (trx, waiting, { open }) => {
    for (const { id, status: from, verdictCode, connectedAt } of open) {
      if (from !== 'needs_manager' || verdictCode !== 'HAND_OVER_ASKED') continue
      const back = connectedAt
        ? ({ to: 'stopped', verdictCode: 'STOPPED_WORKING' } as const)
        : ({ to: 'needs_customer', verdictCode: 'HAND_OVER_REFUSED' } as const)
      await moveStatus(trx, staff, { connectionId: id, from, ...back })
    }
    await decideHandOver(trx, staff, { handOverId, state: 'refused', decidedBy: staff.staffId, reason })
    await recordAudit(trx, staff, { action: 'hand_over.refused', objectId: waiting.requestId, reason })
  })
}

/** The link's lock first, as everywhere: whoever submits, declines or hands over at the same moment waits here. */
async function decide(
  staff: Staff,
  handOverId: string,
  apply: (trx: Kysely<Database>, waiting: HandOver, passing: Passing) => Promise<void>,
): Promise<DecisionOutcome> {
  return inTransaction(async (trx): Promise<DecisionOutcome> => {
    const scope = { teamId: staff.teamId, handOverId }
    const asked = await findHandOver(trx, scope)
    if (!asked) return 'unknown'
    const link = await findNewestLink(trx, { teamId: staff.teamId, requestId: asked.requestId })
    if (link) await findLink(trx, link.id, { lock: true })
    const waiting = await findHandOver(trx, scope, { lock: true })
    if (waiting?.state !== 'waiting') return 'decided'
    const open = await lockOpenConnections(trx, staff, waiting.requestId)
    if (open.length === 0) {
      await decideHandOver(trx, staff, { handOverId, state: 'lapsed', decidedBy: staff.staffId })
      await audit(trx, staff, 'hand_over.lapsed', waiting.requestId, { handOverId })
      return 'lapsed'
    }
    const request = await getRequest(trx, staff, waiting.requestId)
    const colleague = { name: waiting.colleagueName, email: waiting.colleagueEmail, note: waiting.note }
    await apply(trx, waiting, { request, colleague, open })
    return 'done'
  })
}

/** Moves what is open to a request of the colleague's own, with a link of its own. What was learnt stays on the connections. */
async function passOn(trx: Kysely<Database>, actor: Actor, { request, colleague, open }: Passing): Promise<string> {
  const { linkDays } = await getTeamSettings(trx, actor.teamId)
  const { key, digest } = newLinkKey()
  const { id } = await insertRequest(trx, actor, {
    reference: await freeReference((candidate) => isReferenceFree(trx, actor.teamId, candidate)),
    customerName: request.customerName,
    contactName: colleague.name,
    contactEmail: colleague.email,
    ownerId: request.ownerId,
    language: request.language,
    project: request.project,
    note: request.note,
    linkDays: null,
    creationKey: null,
  })
  // First, so that what the board shows of a link is written on what belongs to it now.
  for (const connection of open) await moveOne(trx, actor, connection, id)
  const before = await findNewestLink(trx, { teamId: actor.teamId, requestId: request.id })
  const link = await insertLink(trx, actor, {
    requestId: id,
    purpose: before?.purpose ?? 'connect',
    expiresInDays: linkDays,
    digest,
  })
  await endLinks(trx, actor, { requestId: request.id, endedAs: 'handed_over' })
  const facts = { colleague: request.contactName, note: colleague.note ?? '' }
  await enqueueLinkLetter(trx, actor, 'hand_over', { requestId: id, key, expiresAt: link.expiresAt, facts })
  await tellManager(trx, actor, await getRequest(trx, actor, id), 'handed_over_notice', {
    connectionId: open[0]?.id ?? '',
    payload: { colleague: colleague.name, address: colleague.email },
  })
  return id
}

async function moveOne(
  trx: Kysely<Database>,
  actor: Actor,
  { id, status: from, connectedAt }: CustomerConnection,
  requestId: string,
): Promise<void> {
  await dropPending(trx, actor, id, 'handed_over')
  await moveToRequest(trx, actor, { connectionId: id, requestId })
  const next = connectedAt
    ? ({ to: 'stopped', verdictCode: 'STOPPED_WORKING' } as const)
    : ({ to: 'queued', verdictCode: null } as const)
  await moveStatus(trx, actor, { connectionId: id, from, ...next })
}

/** Of addresses the log keeps the part that decided. */
function domainsOf({ request, colleague }: Passing): Record<string, string> {
  return { from: domainOf(request.contactEmail), to: domainOf(colleague.email) }
}

async function audit(
  trx: Kysely<Database>,
  actor: Actor,
  action: 'hand_over.asked' | 'hand_over.done' | 'hand_over.lapsed',
  objectId: string,
  details: Record<string, string>,
): Promise<void> {
  await recordAudit(trx, actor, { action, objectId, details })
}

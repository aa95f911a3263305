import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor, LinkHolder, Operator } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import type { LinkKey } from '#lib/crypto/digest.ts'
import { digestOfLinkKey, newLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { listRequestConnections, lockConnection, moveStatus, reopenConnection } from '#lib/data/connections.ts'
import { findCredential, shredCredentials } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Database } from '#lib/data/schema.ts'
import type { LinkState, SecureLink } from '#lib/data/secure-links.ts'
import {
  endLinks,
  extendLinkEnd,
  findLink,
  findLinkByDigest,
  findNewestLink,
  insertLink,
  insertLinkKey,
  setLinkEnd,
} from '#lib/data/secure-links.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import type { LinkLetter } from '#lib/mail/letters.ts'
import { enqueueLinkLetter, tellOfLostReplacement } from './letters.ts'
import { linkAddress } from './request.ts'
import { LINK_DAYS_MAX } from './request-schema.ts'
import type { Status } from './status.ts'
import { isOpen, isSettled } from './status.ts'

/** The link that a key opens. Reading only: opening a link changes nothing. */
export async function findLinkByKey(key: string): Promise<SecureLink | null> {
  return findLinkByDigest(digestOfLinkKey(key))
}

/** A new link for a request; every earlier one dies in the same transaction. Answers the new address. */
export async function reissueLink(actor: Actor, wanted: Reissue): Promise<{ link: string; expiresAt: Date }> {
  return inTransaction((trx) => reissueIn(trx, actor, wanted))
}

export type Reissue = {
  requestId: string
  deliver: 'mail' | 'link'
  expiresInDays?: number
  reason?: string
  /** What the link is for; the same as that of the link before unless given. */
  purpose?: SecureLink['purpose']
  /** The letter that carries it, when it is not the one about a new link; which connection it is about, and what it tells. */
  letter?: LinkLetter
  connectionId?: string
  facts?: Record<string, string>
  /** The new link's key, where the caller has to be able to name it again. */
  linkKey?: LinkKey
}

/** As `reissueLink`, as part of the caller's transaction. */
export async function reissueIn(
  trx: Kysely<Database>,
  actor: Actor,
  {
    requestId,
    deliver,
    expiresInDays,
    reason,
    purpose,
    letter = 'new_link',
    connectionId,
    facts,
    linkKey = newLinkKey(),
  }: Reissue,
): Promise<{ link: string; expiresAt: Date }> {
  const { key, digest } = linkKey
  const newest = await lockNewestLink(trx, actor, requestId)
  const link = await insertLink(trx, actor, {
    requestId,
    purpose: purpose ?? newest?.purpose ?? 'connect',
    expiresInDays: expiresInDays ?? (await getTeamSettings(trx, actor.teamId)).linkDays,
    digest,
  })
  await endLinks(trx, actor, { requestId, replacedBy: link.id })
  await reopen(trx, actor, { requestId, statuses: BEGIN_ANEW, to: deliver === 'mail' ? 'queued' : 'sent' })
  await recordAudit(trx, actor, {
    action: 'link.reissued',
    objectId: requestId,
    reason,
    details: { linkId: link.id },
  })
  const { expiresAt } = link
  if (deliver === 'mail')
    await enqueueLinkLetter(trx, actor, letter, { requestId, key, expiresAt, connectionId, facts })
  return { link: linkAddress(key), expiresAt }
}

/** Whoever changes a link holds it first, before its connections: then a submission and a re-send wait for each other. */
export async function lockNewestLink(
  trx: Kysely<Database>,
  { teamId }: Actor,
  requestId: string,
): Promise<SecureLink | null> {
  const newest = await findNewestLink(trx, { teamId, requestId })
  return newest && findLink(trx, newest.id, { lock: true })
}

/** What only waited for a link, or had lost it, begins anew with the new one; what a check has said stays. */
const BEGIN_ANEW: readonly Status[] = ['sent', 'visited', 'undeliverable', 'expired', 'revoked', 'declined']

/** What became of an extension. Only a link that ended by time, or has not ended, can be extended. */
export type Extension = { kind: 'extended'; expiresAt: Date } | { kind: 'no_link' } | { kind: 'ended' }

/** What somebody ended on purpose stays ended. */
const extendable: readonly LinkState[] = ['live', 'grace', 'expired']

/** Lets the newest link of a request live so many days from now; one that has expired works again. Never shortens it. */
export async function extendLink(
  actor: Actor,
  { requestId, days, reason }: { requestId: string; days: number; reason?: string },
): Promise<Extension> {
  if (!Number.isInteger(days) || days < 1 || days > LINK_DAYS_MAX)
    throw new RangeError(`a link lives 1 to ${LINK_DAYS_MAX} days`)
  return inTransaction(async (trx): Promise<Extension> => {
    const link = await lockNewestLink(trx, actor, requestId)
    if (!link) return { kind: 'no_link' }
    if (!extendable.includes(link.state)) return { kind: 'ended' }
    const expiresAt = await extendLinkEnd(trx, actor, { linkId: link.id, requestId, days })
    await reopen(trx, actor, { requestId, statuses: ['expired'], to: 'sent' })
    await recordAudit(trx, actor, {
      action: 'link.extended',
      objectId: requestId,
      reason,
      details: { linkId: link.id, days, until: expiresAt.toISOString() },
    })
    return { kind: 'extended', expiresAt }
  })
}

async function reopen(
  trx: Kysely<Database>,
  actor: Actor,
  { requestId, statuses, to }: { requestId: string; statuses: readonly Status[]; to: 'queued' | 'sent' },
): Promise<void> {
  for (const { id } of await listRequestConnections(trx, { teamId: actor.teamId, requestId })) {
    const { status: from } = await lockConnection(trx, { teamId: actor.teamId, connectionId: id })
    if (!statuses.includes(from)) continue
    await reopenConnection(trx, actor, { connectionId: id, from, to })
    if (to === 'sent') await recordConnectionEvent(trx, actor, { type: 'request.sent', connectionId: id })
  }
}

/** Ends a request's link on purpose. Connections that have no credential in force become `revoked`; what waited for a yes is erased. */
export async function revokeLink(
  actor: Actor,
  wanted: { requestId: string; reason: string },
): Promise<{ ended: number }> {
  return inTransaction((trx) => revokeIn(trx, actor, wanted))
}

/** As `revokeLink`, as part of the caller's transaction. */
export async function revokeIn(
  trx: Kysely<Database>,
  actor: Actor,
  { requestId, reason }: { requestId: string; reason: string },
): Promise<{ ended: number }> {
  await lockNewestLink(trx, actor, requestId)
  const ended = await endLinks(trx, actor, { requestId })
  for (const connection of await listRequestConnections(trx, { teamId: actor.teamId, requestId })) {
    const { id } = connection
    const scope = { teamId: actor.teamId, connectionId: id }
    const { status: from, exposedAt } = await lockConnection(trx, scope)
    const shredded = await shredCredentials(trx, { ...scope, states: ['pending'], into: 'shredded' })
    if (shredded > 0) await recordAudit(trx, actor, { action: 'credential.shredded', objectId: id, reason })
    if (shredded > 0 && exposedAt && isSettled(from))
      await tellOfLostReplacement(trx, actor, connection, { why: 'link_revoked', turn: 'manager' })
    if (!isSettled(from) && !(await findCredential(trx, { ...scope, state: 'in_force' })))
      await moveStatus(trx, actor, { connectionId: id, from, to: 'revoked', verdictCode: 'LINK_REVOKED' })
  }
  await recordAudit(trx, actor, { action: 'link.revoked', objectId: requestId, reason })
  return { ended }
}

/** Moves the end of a request's newest link, either way. */
export async function endLinkAt(
  operator: Operator,
  { requestId, expiresAt }: { requestId: string; expiresAt: Date },
): Promise<void> {
  await inTransaction(async (trx) => {
    const link = await findNewestLink(trx, { teamId: operator.teamId, requestId })
    if (!link) return
    await setLinkEnd(trx, operator, { linkId: link.id, expiresAt })
    await recordAudit(trx, operator, {
      action: 'link.end_moved',
      objectId: requestId,
      details: { linkId: link.id, expiresAt: expiresAt.toISOString() },
    })
  })
}

const RESENDS_PER_HOUR = 5

/** Every way a link leaves again counts against one limit, whoever asked for it. */
export function mayResend(requestId: string): Promise<{ allowed: boolean; retryAfterSeconds: number }> {
  return hitLimit({ bucket: `resend:${requestId}`, windowSeconds: 3600, hitsMax: RESENDS_PER_HOUR })
}

/** The team holds a token: its customer may see that, and end it. */
const HELD: readonly Status[] = ['connected', 'connected_limited', 'waiting_provider', 'off_boarding']

/**
 * "Send me a new link" on the page of an expired link. Whatever happens the visitor reads the same answer;
 * only an expired link of a request that is still open, or of which a token is held, leads to a mail.
 */
export async function askForNewLink(key: string): Promise<void> {
  const link = await findLinkByKey(key)
  if (!link || (link.state !== 'expired' && link.state !== 'grace')) return
  const { allowed } = await hitLimit({
    bucket: `resend:${link.requestId}`,
    windowSeconds: 3600,
    hitsMax: RESENDS_PER_HOUR,
  })
  const connections = await listRequestConnections(db(), link)
  const isWanted = connections.some(({ status }) => isOpen(status))
  const isHeld = connections.some(({ status }) => HELD.includes(status))
  if (!allowed || !(isWanted || isHeld)) return
  await reissueLink(proven<'watcher'>({ kind: 'watcher', teamId: link.teamId }), {
    requestId: link.requestId,
    deliver: 'mail',
    // Whoever is connected may look at what is held, and end it, at any time.
    letter: isWanted ? 'new_link' : 'held_link',
  })
}

/** "Mail this link to me again": a further key of the same link, to the address it was first sent to. */
export async function mailLinkAgain(holder: LinkHolder): Promise<'sent' | 'throttled'> {
  if (!(await mayAddKey(holder))) return 'throttled'
  await inTransaction(async (trx) => {
    const added = await addLinkKey(trx, holder)
    if (added) await enqueueLinkLetter(trx, holder, 'link_again', { requestId: holder.requestId, ...added })
  })
  return 'sent'
}

/** For the holder's other device: the address with a further key of the same link, or null. Kept nowhere; only its digest is. */
export async function addressForOtherDevice(holder: LinkHolder): Promise<string | null> {
  if (!(await mayAddKey(holder))) return null
  const added = await inTransaction((trx) => addLinkKey(trx, holder))
  return added && linkAddress(added.key)
}

async function mayAddKey({ requestId }: LinkHolder): Promise<boolean> {
  const { allowed } = await hitLimit({
    bucket: `resend:${requestId}`,
    windowSeconds: 3600,
    hitsMax: RESENDS_PER_HOUR,
  })
  return allowed
}

/** Null when the link takes nobody in any more. */
async function addLinkKey(
  trx: Parameters<typeof insertLinkKey>[0],
  holder: LinkHolder,
): Promise<{ key: string; expiresAt: Date } | null> {
  const link = await findLink(trx, holder.linkId, { lock: true })
  if (link?.state !== 'live') return null
  const { key, digest } = newLinkKey()
  await insertLinkKey(trx, holder, { linkId: link.id, digest })
  await recordAudit(trx, holder, { action: 'link.key_added', objectId: link.requestId })
  return { key, expiresAt: link.expiresAt }
}

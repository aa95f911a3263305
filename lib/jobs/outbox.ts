import 'server-only'
import type { Kysely } from 'kysely'
import type { Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { signInAddress, signInLinkContext } from '#lib/auth/sign-in-links.ts'
import { linkContext } from '#lib/connection/letters.ts'
import { findLinkByKey } from '#lib/connection/links.ts'
import { linkAddress } from '#lib/connection/request.ts'
import { digestOfLinkKey } from '#lib/crypto/digest.ts'
import { open } from '#lib/crypto/envelope.ts'
import { listRequestConnections, lockConnection, markRequestSent, moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import { claimDueLetters, markAccepted, markFailed, postponeLetter } from '#lib/data/outbox.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { findSignInLink } from '#lib/data/sign-in-links.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import type { Facts, LetterName, LinkLetter } from '#lib/mail/letters.ts'
import { letter as compose, signInLetter } from '#lib/mail/letters.ts'
import type { Delivery } from '#lib/mail/send.ts'
import { sendMail } from '#lib/mail/send.ts'

/** Longer than the slowest mail server may keep us, so that nobody else takes a letter that is being sent. */
const LEASE_SECONDS = 120
const LETTERS_AT_ONCE = 4
const RETRY_SECONDS = [5, 30, 120, 600, 3_600, 14_400, 43_200] as const
/** Up to a tenth sooner or later, so that what failed together does not come back together. */
const JITTER = 0.1

/** Without a live link they say nothing. */
const LETTERS_OF_A_LINK: readonly string[] = ['secure_link', 'new_link', 'link_again'] satisfies LinkLetter[]

/** `obsolete`: its link ended before it left. Nobody needs the letter, and nothing is wrong with the address. */
type Outcome = Delivery | { kind: 'obsolete'; reason: string }

/**
 * Sends up to `limit` letters that are due. At least once each: one that was sent twice carries the same Message-ID.
 * Each lane takes one letter at a time, so that a lease never waits for the letters before it.
 */
export async function deliverDue({ limit }: { limit: number }): Promise<void> {
  let left = limit
  const lane = async () => {
    while (left-- > 0) {
      const [due] = await claimDueLetters({ limit: 1, leaseSeconds: LEASE_SECONDS })
      if (!due) return
      await settle(due, await attempt(due))
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(LETTERS_AT_ONCE, limit) }, lane))
  const failed = lanes.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

async function attempt(due: DueLetter): Promise<Outcome> {
  return deliver(due).catch((error: unknown): Outcome => {
    log.error('letter.failed', error, { outboxId: due.id, letter: due.letter })
    return { kind: 'deferred', reason: 'could not be written' }
  })
}

async function deliver(due: DueLetter): Promise<Outcome> {
  if (due.letter === 'sign_in') return deliverSignIn(due)
  const request = due.requestId ? await findRequest(db(), { teamId: due.teamId, request: due.requestId }) : null
  if (!request) return { kind: 'obsolete', reason: 'the request is gone' }
  const link = await openLink(due, request)
  if (!link && LETTERS_OF_A_LINK.includes(due.letter)) return { kind: 'obsolete', reason: 'its link ended first' }
  const written = compose(
    due.letter as LetterName,
    {
      ...partiesOf(due, request),
      ...(due.payload as Partial<Facts> & { linkEnds?: string }),
      link,
    },
    due.language,
  )
  return sendMail({
    to: { name: due.recipientName, address: due.recipientEmail },
    replyTo: replyToOf(due, request),
    fromName: `${request.teamName} via Latchkey`,
    messageId: due.messageId,
    ...written,
  })
}

/** A link that was used, ran out, or belongs to somebody disabled is not sent any more. */
async function deliverSignIn(due: DueLetter): Promise<Outcome> {
  if (!due.sealedLink) return { kind: 'obsolete', reason: 'it has no link' }
  const { staffId, minutes } = due.payload as { staffId: string; minutes: number }
  const key = await open(due.sealedLink, signInLinkContext({ teamId: due.teamId, staffId }))
  const link = await findSignInLink(digestOfLinkKey(key.reveal()))
  if (!link) return { kind: 'obsolete', reason: 'its link ended first' }
  const { teamName } = link
  return sendMail({
    to: { name: due.recipientName, address: due.recipientEmail },
    replyTo: null,
    fromName: `${teamName} via Latchkey`,
    messageId: due.messageId,
    ...signInLetter(
      {
        name: due.recipientName,
        team: teamName,
        origin: env().portalOrigin,
        minutes,
        link: signInAddress(key.reveal()),
      },
      due.language,
    ),
  })
}

/** The address of the letter's link while it lives. */
async function openLink(due: DueLetter, request: RequestParties): Promise<string | null> {
  if (!due.sealedLink) return null
  const key = await open(due.sealedLink, linkContext(due.teamId, request.id))
  const link = await findLinkByKey(key.reveal())
  return link?.state === 'live' ? linkAddress(key.reveal()) : null
}

function partiesOf(due: DueLetter, request: RequestParties) {
  return {
    name: due.recipientName,
    team: request.teamName,
    contact: request.ownerName,
    customer: request.customerName,
    project: request.project,
    reference: request.reference,
    origin: env().portalOrigin,
  }
}

/** Answers of customers go to the account manager; what the manager gets has nobody to answer to. */
function replyToOf(due: DueLetter, { ownerName, ownerEmail, teamName }: RequestParties) {
  if (!ownerEmail || ownerEmail === due.recipientEmail) return null
  return { name: ownerName ?? teamName, address: ownerEmail }
}

/** Writes what became of a letter, unless another worker has taken it over meanwhile. */
async function settle(due: DueLetter, outcome: Outcome): Promise<void> {
  await inTransaction(async (trx) => {
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
    const requestId = due.letter === 'secure_link' || due.letter === 'new_link' ? due.requestId : null
    if (outcome.kind === 'accepted') {
      const isMine = await markAccepted(trx, due)
      if (isMine && requestId) await markRequestSent(trx, watcher, requestId)
      return
    }
    const inSeconds = RETRY_SECONDS[due.attempt - 1]
    if (outcome.kind === 'deferred' && inSeconds !== undefined) {
      await postponeLetter(trx, due, { inSeconds: jittered(inSeconds), lastError: outcome.reason })
      return
    }
    const isMine = await markFailed(trx, due, outcome.reason)
    if (isMine && requestId && outcome.kind !== 'obsolete') await markUndeliverable(trx, watcher, requestId)
  })
  if (outcome.kind !== 'accepted')
    log.warn(`letter.${outcome.kind}`, {
      outboxId: due.id,
      letter: due.letter,
      attempt: due.attempt,
      reason: outcome.reason,
    })
}

function jittered(seconds: number): number {
  return seconds * (1 - JITTER + Math.random() * 2 * JITTER)
}

/** Nobody got the link: what was queued waits for the account manager now. */
async function markUndeliverable(trx: Kysely<Database>, watcher: Watcher, requestId: string): Promise<void> {
  const { teamId } = watcher
  for (const { id } of await listRequestConnections(trx, { teamId, requestId })) {
    const { status } = await lockConnection(trx, { teamId, connectionId: id })
    if (status === 'queued')
      await moveStatus(trx, watcher, { connectionId: id, from: 'queued', to: 'undeliverable', verdictCode: null })
  }
}

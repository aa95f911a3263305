import 'server-only'
import type { Kysely } from 'kysely'
import type { Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { passToBackup } from '#lib/connection/backup.ts'
import { mailHost } from '#lib/connection/link-mail.ts'
import { tellOfDeliveryProblem } from '#lib/connection/notices.ts'
import { listRequestConnections, lockConnection, markRequestSent, moveStatus } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { DigestItem } from '#lib/data/digests.ts'
import { addToDigest, markInDigest } from '#lib/data/digests.ts'
import { recordConnectionEvent, recordRequestEvent } from '#lib/data/events.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import { claimDueLetters, holdLetter, holdsLetter, markAccepted, markFailed, postponeLetter } from '#lib/data/outbox.ts'
import type { Database } from '#lib/data/schema.ts'
import { log } from '#lib/log.ts'
import { isLinkLetter } from '#lib/mail/letters.ts'
import type { Delivery } from '#lib/mail/send.ts'
import { sendMail } from '#lib/mail/send.ts'
import { traced } from '#lib/telemetry.ts'
import type { WrittenLetter } from './write-letter.ts'
import { writeLetter } from './write-letter.ts'

/** Longer than the slowest mail server may keep us, so that nobody else takes a letter that is being sent. */
const LEASE_SECONDS = 120
const LETTERS_AT_ONCE = 4
const RETRY_SECONDS = [5, 30, 120, 600, 3_600, 14_400, 43_200] as const
/** Up to a tenth sooner or later, so that what failed together does not come back together. */
const JITTER = 0.1

type Outcome = Delivery | Exclude<WrittenLetter, { kind: 'mail' }>

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
  return traced('letter', { letter: due.letter }, () => deliver(due)).catch((error: unknown): Outcome => {
    log.error('letter.failed', error, { outboxId: due.id, letter: due.letter })
    return { kind: 'deferred', reason: 'not_written' }
  })
}

async function deliver(due: DueLetter): Promise<Outcome> {
  // Erased by the retention policy: whoever sends the link again names somebody first.
  if (due.recipientEmail === '') return { kind: 'refused', reason: 'address_erased' }
  const written = await writeLetter(due)
  return written.kind === 'mail' ? sendMail(written.mail) : written
}

/** Letters that tell a customer of a link for the first time: with them the connection moves. */
const FIRST_LETTERS = ['secure_link', 'new_link', 'hand_over', 'stopped', 'withdraw']

/** Writes what became of a letter, unless another worker has taken it over meanwhile. */
async function settle(due: DueLetter, outcome: Outcome): Promise<void> {
  await inTransaction(async (trx) => {
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
    const requestId = FIRST_LETTERS.includes(due.letter) ? due.requestId : null
    switch (outcome.kind) {
      case 'accepted': {
        const isMine = await markAccepted(trx, due)
        if (isMine && requestId) await tellOfSending(trx, watcher, requestId)
        return
      }
      case 'later':
        await holdLetter(trx, due, outcome.inSeconds)
        return
      case 'digest':
        return putIntoDigest(trx, watcher, due, outcome.item)
      case 'obsolete':
        await markFailed(trx, due, { lastError: outcome.reason, obsolete: true })
        return
      case 'refused':
        return giveUp(trx, watcher, due, outcome)
      case 'deferred': {
        const inSeconds = RETRY_SECONDS[due.attempt - 1]
        if (inSeconds === undefined) return giveUp(trx, watcher, due, outcome)
        await postponeLetter(trx, due, { inSeconds: jittered(inSeconds), lastError: outcome.reason })
      }
    }
  })
  if (outcome.kind === 'accepted' || outcome.kind === 'later' || outcome.kind === 'digest') return
  log.warn(`letter.${outcome.kind}`, {
    outboxId: due.id,
    letter: due.letter,
    attempt: due.attempt,
    reason: outcome.reason,
  })
}

async function tellOfSending(trx: Kysely<Database>, watcher: Watcher, requestId: string): Promise<void> {
  for (const connectionId of await markRequestSent(trx, watcher, requestId))
    await recordConnectionEvent(trx, watcher, { type: 'request.sent', connectionId })
}

/** A digest that is just being sent takes nothing more: the letter asks again in a moment. */
const DIGEST_BUSY_SECONDS = 30

async function putIntoDigest(trx: Kysely<Database>, watcher: Watcher, due: DueLetter, item: DigestItem): Promise<void> {
  if (!(await holdsLetter(trx, due))) return
  if (await addToDigest(trx, watcher, due, { item, host: mailHost() })) await markInDigest(trx, due)
  else await holdLetter(trx, due, DIGEST_BUSY_SECONDS)
}

/** For good: connections that waited for this letter wait for the manager now, who is told where it went wrong. */
async function giveUp(
  trx: Kysely<Database>,
  watcher: Watcher,
  due: DueLetter,
  outcome: { kind: 'refused' | 'deferred'; reason: string },
): Promise<void> {
  const isMine = await markFailed(trx, due, { lastError: outcome.reason, obsolete: false })
  if (!isMine || !due.requestId || (await passToBackup(trx, watcher, due))) return
  if (FIRST_LETTERS.includes(due.letter)) await markUndeliverable(trx, watcher, due.requestId)
  if (!isLinkLetter(due.letter)) return
  await tellOfDeliveryProblem(trx, watcher, due, outcome)
  await recordRequestEvent(trx, watcher, { type: 'request.delivery_failed', requestId: due.requestId })
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

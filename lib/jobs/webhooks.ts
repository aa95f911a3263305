import 'server-only'
import type { Kysely } from 'kysely'
import { proven } from '#lib/actor.ts'
import { eventOf } from '#lib/api/resources.ts'
import { loopbackOriginOf, switchOff, webhookSecretContext } from '#lib/connection/webhooks.ts'
import { open } from '#lib/crypto/envelope.ts'
import { signWebhook } from '#lib/crypto/webhook-signature.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { findEvent } from '#lib/data/events.ts'
import type { Database } from '#lib/data/schema.ts'
import type { DueDelivery, NewAttempt } from '#lib/data/webhook-deliveries.ts'
import {
  claimDueDelivery,
  insertAttempt,
  markDelivered,
  markUndelivered,
  postponeDelivery,
} from '#lib/data/webhook-deliveries.ts'
import type { LockedEndpoint } from '#lib/data/webhook-endpoints.ts'
import { findEndpointUrl, listSecrets, lockEndpoint, noteFailing } from '#lib/data/webhook-endpoints.ts'
import type { PostOutcome } from '#lib/http.ts'
import { post } from '#lib/http.ts'
import { log } from '#lib/log.ts'

const DELIVERIES_AT_ONCE = 16
const TIMEOUT_MS = 15_000
/** Longer than a receiver may keep us, so that nobody else takes a message that is being sent. */
const LEASE_SECONDS = 60
/** What a receiver answers is read so far, to leave its connection usable, and kept not at all. */
const ANSWER_BYTES_MAX = 64 * 1024
/** After each try: at once, and then over a bit more than a day. */
const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const
/** A receiver that asks for more time gets no more than the longest of these. */
const RETRY_AFTER_SECONDS_MAX = Math.max(...RETRY_SECONDS)
/** Up to a twentieth sooner or later, so that what failed together does not come back together. */
const JITTER = 0.05

/** Deliveries under way in this process. A receiver that takes its time keeps none of the others waiting. */
const lanes = new Set<Promise<unknown>>()

let isStopping = false

/** Begins with everything that is due, as far as there is room; does not wait until it is delivered. */
export async function deliverDueWebhooks(): Promise<void> {
  isStopping = false
  while (lanes.size < DELIVERIES_AT_ONCE) {
    const due = await claimDueDelivery(LEASE_SECONDS)
    if (!due) return
    const lane = deliverFrom(due)
      .catch((error: unknown) => log.error('webhook.failed', error))
      .finally(() => lanes.delete(lane))
    lanes.add(lane)
  }
}

/** Waits for the deliveries under way. */
export async function finishWebhooks(): Promise<void> {
  while (lanes.size > 0) await Promise.all(lanes)
}

/** As `finishWebhooks`, and begins with no other. */
export async function stopWebhooks(): Promise<void> {
  isStopping = true
  await finishWebhooks()
}

/** One after the other, as long as anything is due. */
async function deliverFrom(first: DueDelivery): Promise<void> {
  const next = async () => (isStopping ? null : claimDueDelivery(LEASE_SECONDS))
  for (let due: DueDelivery | null = first; due; due = await next()) {
    const url = await findEndpointUrl(db(), due.endpointId)
    // It was deleted, and this delivery with it.
    if (!url) continue
    const startedAt = performance.now()
    const outcome = await attempt(due, url)
    await settle(due, { url, outcome, durationMs: Math.round(performance.now() - startedAt) })
  }
}

type Outcome = PostOutcome | { kind: 'not_sent' }

async function attempt(due: DueDelivery, url: string): Promise<Outcome> {
  try {
    return await send(due, url)
  } catch (error) {
    log.error('webhook.not_sent', error, { reason: due.id })
    return { kind: 'not_sent' }
  }
}

async function send(due: DueDelivery, url: string): Promise<PostOutcome> {
  const body = JSON.stringify(await messageOf(due))
  const sealed = await listSecrets(db(), due.endpointId)
  const secrets = await Promise.all(sealed.map((value) => open(value, webhookSecretContext(due))))
  const signed = signWebhook(secrets, { id: due.messageId, timestamp: Math.floor(Date.now() / 1_000), body })
  return post(url, {
    body,
    headers: { 'content-type': 'application/json', 'user-agent': 'Latchkey', accept: '*/*', ...signed },
    timeoutMs: TIMEOUT_MS,
    bytesMax: ANSWER_BYTES_MAX,
    allowPrivateOrigin: loopbackOriginOf(url),
  })
}

/** The event as the API shows it; what a test says is that it is one. */
async function messageOf({ teamId, messageId, type, createdAt }: DueDelivery): Promise<unknown> {
  if (type === 'test') return { id: messageId, type, at: createdAt.toISOString() }
  const event = await findEvent(db(), { teamId, eventId: messageId })
  if (!event) throw new Error('its event is not there')
  return eventOf(event)
}

function endedAs(outcome: Outcome): Omit<NewAttempt, 'durationMs'> {
  switch (outcome.kind) {
    case 'answered': {
      const isTaken = outcome.status >= 200 && outcome.status < 300
      return { status: outcome.status, problem: isTaken ? null : 'status', reason: null }
    }
    case 'redirect':
      return { status: outcome.status, problem: 'redirect', reason: null }
    case 'network':
      return { status: null, problem: 'network', reason: outcome.reason }
    case 'timeout':
    case 'cut':
    case 'refused_address':
    case 'not_sent':
      return { status: null, problem: outcome.kind, reason: null }
  }
}

/** Writes how a try ended, unless another worker has taken the message over or the endpoint was deleted meanwhile. */
async function settle(
  due: DueDelivery,
  { url, outcome, durationMs }: { url: string; outcome: Outcome; durationMs: number },
): Promise<void> {
  const attempt = { ...endedAs(outcome), durationMs }
  await inTransaction(async (trx) => {
    const endpoint = await lockEndpoint(trx, due, due.endpointId)
    if (!endpoint) return
    // What an address says that was changed meanwhile means nothing for the one after it.
    const isHeard = endpoint.url === url
    const askedSeconds = isHeard ? askedWaitOf(outcome) : 0
    const isMine =
      attempt.problem === null ? await markDelivered(trx, due) : await putOff(trx, due, endpoint, askedSeconds)
    if (!isMine) return
    await insertAttempt(trx, due, attempt)
    if (attempt.problem === null) await noteFailing(trx, endpoint.id, false)
    else if (isHeard) await judge(trx, due, endpoint, attempt)
  })
  if (attempt.problem === null) return
  const { problem, status, reason } = attempt
  log.warn('webhook.deferred', { attempt: due.attempt, reason: [due.id, problem, status, reason].join(' ') })
}

const SAYING_WHEN = [429, 503]

function askedWaitOf(outcome: Outcome): number {
  if (outcome.kind !== 'answered' || !SAYING_WHEN.includes(outcome.status)) return 0
  return Math.min(outcome.retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX)
}

async function putOff(
  trx: Kysely<Database>,
  due: DueDelivery,
  { isOn }: LockedEndpoint,
  askedSeconds: number,
): Promise<boolean> {
  const seconds = due.type === 'test' ? undefined : RETRY_SECONDS[due.attempt - 1]
  if (seconds === undefined) return markUndelivered(trx, due)
  return postponeDelivery(trx, due, isOn ? Math.max(jittered(seconds), askedSeconds) : null)
}

const GONE = 410

/** Whether the endpoint is to be switched off. A test says nothing, nor does a fault of our own. */
async function judge(
  trx: Kysely<Database>,
  { type, teamId }: DueDelivery,
  endpoint: LockedEndpoint,
  { status, problem }: NewAttempt,
): Promise<void> {
  if (type === 'test' || problem === 'not_sent' || !endpoint.isOn) return
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId })
  if (status === GONE) await switchOff(trx, watcher, endpoint, 'gone')
  else if (endpoint.failsTooLong) await switchOff(trx, watcher, endpoint, 'failing')
  else await noteFailing(trx, endpoint.id, true)
}

function jittered(seconds: number): number {
  return seconds * (1 - JITTER + Math.random() * 2 * JITTER)
}

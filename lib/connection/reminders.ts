import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { newLinkKey, signValue, verifySigned } from '#lib/crypto/digest.ts'
import { seal } from '#lib/crypto/envelope.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { findCredential, UNVERIFIED_HOST } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import { insertLetter, isOvertaken, keepSealedLink } from '#lib/data/outbox.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest, findTeamOfRequest, stopRequestReminders } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import type { SecureLink } from '#lib/data/secure-links.ts'
import { findLink, findNewestLink, insertLinkKey } from '#lib/data/secure-links.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { Secret } from '#lib/secret.ts'
import { linkContext, mailHost } from './link-mail.ts'
import type { Status } from './status.ts'

/** Somebody must still act through the link. A link that never arrived is no reason to write again. */
const WAITS_FOR_CUSTOMER: readonly Status[] = [
  'sent',
  'visited',
  'needs_customer',
  'needs_confirmation',
  'stopped',
  'off_boarding',
]

const DAY_MS = 86_400_000
const LAST_DAY_NEAR_SECONDS = 12 * 3600
const STOP_LABEL = 'stop-reminders'

/**
 * Queues the reminders of a request's newest link in the transaction that mails it: on the team's days and a day before
 * the end. Whether each is still wanted is decided when it is due, so nothing has to be called off.
 */
export async function scheduleReminders(trx: Kysely<Database>, actor: Actor, request: RequestParties): Promise<void> {
  const [link, { reminderDays, remindsBeforeEnd }] = await Promise.all([
    findNewestLink(trx, { teamId: actor.teamId, requestId: request.id }),
    getTeamSettings(trx, actor.teamId),
  ])
  if (!link || request.remindersStoppedAt) return
  const days = reminderDays.map((day) => ({ kind: 'day', dueAt: sql<Date>`now() + make_interval(days => ${day})` }))
  const lastDay = new Date(link.expiresAt.getTime() - DAY_MS)
  // A link of a day or two needs no second letter on its first day.
  const end = remindsBeforeEnd && lastDay.getTime() - Date.now() > DAY_MS / 2 ? [{ kind: 'end', dueAt: lastDay }] : []
  for (const [order, { kind, dueAt }] of [...days, ...end].entries())
    await insertLetter(trx, actor, {
      requestId: request.id,
      connectionId: null,
      letter: 'reminder',
      recipientName: request.contactName,
      recipientEmail: request.contactEmail,
      language: request.language,
      payload: { linkId: link.id, kind, order },
      sealedLink: null,
      host: mailHost(),
      dueAt,
    })
}

export type ReadyReminder =
  | { kind: 'obsolete'; reason: string }
  | { kind: 'later'; inSeconds: number }
  | { kind: 'ready'; sealedLink: NonNullable<DueLetter['sealedLink']>; linkEndsAt: Date }

/** Looks whether a reminder that is due is still wanted, and gives it a further key of its link. The earlier keys stay valid. */
export async function prepareReminder(due: DueLetter): Promise<ReadyReminder> {
  const actor = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
  const { linkId, kind } = due.payload as { linkId: string; kind: 'day' | 'end' }
  return inTransaction(async (trx): Promise<ReadyReminder> => {
    const link = await findLink(trx, linkId, { lock: true })
    if (link?.state !== 'live') return { kind: 'obsolete', reason: 'link_ended' }
    const request = await findRequest(trx, { teamId: due.teamId, request: link.requestId })
    if (!request || request.remindersStoppedAt) return { kind: 'obsolete', reason: 'reminders_stopped' }
    const connections = await listRequestConnections(trx, link)
    const acting = connections.filter(({ status, exposedAt }) => exposedAt || WAITS_FOR_CUSTOMER.includes(status))
    if (acting.length === 0) return { kind: 'obsolete', reason: 'nobody_acts' }
    if (await allWaitForProvider(trx, due.teamId, acting)) return { kind: 'later', inSeconds: 3600 }
    const early = await secondsUntilLastDay(trx, link)
    // A link that was extended since has its last day later.
    if (kind === 'end' && early > 3600) return { kind: 'later', inSeconds: early }
    const { remindsBeforeEnd } = await getTeamSettings(trx, due.teamId)
    if (kind === 'day' && remindsBeforeEnd && early < LAST_DAY_NEAR_SECONDS)
      return { kind: 'obsolete', reason: 'last_day_near' }
    if (await isOvertaken(trx, due)) return { kind: 'obsolete', reason: 'later_reminder' }
    const sealedLink = due.sealedLink ?? (await addKey(trx, actor, { due, link }))
    if (!sealedLink) return { kind: 'obsolete', reason: 'another_worker' }
    return { kind: 'ready', sealedLink, linkEndsAt: link.expiresAt }
  })
}

/** Whether all that is wanted of the customer is here already: tokens to replace others, that wait for the provider. */
async function allWaitForProvider(
  trx: Kysely<Database>,
  teamId: string,
  acting: readonly { id: string; status: Status }[],
): Promise<boolean> {
  for (const { id: connectionId, status } of acting) {
    if (WAITS_FOR_CUSTOMER.includes(status)) return false
    const pending = await findCredential(trx, { teamId, connectionId, state: 'pending' })
    if (pending?.host !== UNVERIFIED_HOST) return false
  }
  return true
}

async function secondsUntilLastDay(trx: Kysely<Database>, { expiresAt }: SecureLink): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from ${expiresAt}::timestamptz - interval '1 day' - now())::int as seconds`.execute(trx)
  return rows[0]?.seconds ?? 0
}

async function addKey(
  trx: Kysely<Database>,
  actor: Actor,
  { due, link }: { due: DueLetter; link: SecureLink },
): Promise<DueLetter['sealedLink']> {
  const { key, digest } = newLinkKey()
  const { sealed, wrappedKey } = await seal(new Secret(key), linkContext(due.teamId, link.requestId))
  if (!(await keepSealedLink(trx, due, { sealed, wrappedKey }))) return null
  await insertLinkKey(trx, actor, { linkId: link.id, digest })
  await recordAudit(trx, actor, { action: 'link.key_added', objectId: link.requestId, reason: 'for_reminder' })
  return { sealed, wrappedKey }
}

/** What stands in the address that stops the reminders of a request. It opens nothing else. */
export function stopKeyOf(requestId: string): string {
  return signValue(STOP_LABEL, requestId)
}

/** Where a mail program posts to when its reader presses "Unsubscribe" (RFC 8058). */
export function oneClickAddress(stopKey: string): string {
  return `${env().portalOrigin}/api/stop-reminders/${stopKey}`
}

/** Where the link in the letter leads: a page with one button, since scanners open links. */
export function stopPageAddress(stopKey: string): string {
  return `${env().portalOrigin}/reminders/${stopKey}`
}

/** The request that a stop address is about, or null. */
export async function findByStopKey(stopKey: string): Promise<RequestParties | null> {
  const request = verifySigned(STOP_LABEL, stopKey)
  const teamId = request && (await findTeamOfRequest(db(), request))
  return request && teamId ? findRequest(db(), { teamId, request }) : null
}

/** No more reminders for this request. The link itself keeps working. False when the address is none of ours. */
export async function stopReminders(stopKey: string): Promise<boolean> {
  const request = await findByStopKey(stopKey)
  if (!request) return false
  const actor = proven<'watcher'>({ kind: 'watcher', teamId: request.teamId })
  await inTransaction(async (trx) => {
    if (await stopRequestReminders(trx, actor, request.id))
      await recordAudit(trx, actor, {
        action: 'request.reminders_stopped',
        objectId: request.id,
        reason: 'reader_asked',
      })
  })
  return true
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { newLinkKey } from '#lib/crypto/digest.ts'
import { seal } from '#lib/crypto/envelope.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { markWaitTold } from '#lib/data/connections.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { findNewestLink, insertLinkKey } from '#lib/data/secure-links.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Facts, LetterName, LinkLetter, ManagerLetter } from '#lib/mail/letters.ts'
import type { TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { Secret } from '#lib/secret.ts'
import { words } from '#lib/words.ts'
import { explain } from './explain.ts'
import { linkContext, mailHost } from './link-mail.ts'
import { scheduleReminders } from './reminders.ts'
import type { Settlement } from './settle.ts'

/** Queues a letter that carries a secure link, in the transaction that makes the link; its reminders with it. */
export async function enqueueLinkLetter(
  trx: Kysely<Database>,
  actor: Actor,
  letter: LinkLetter,
  {
    requestId,
    key,
    expiresAt,
    connectionId = null,
    facts = {},
  }: {
    requestId: string
    key: string
    expiresAt: Date
    connectionId?: string | null
    facts?: Record<string, string>
  },
): Promise<void> {
  const request = await getRequest(trx, actor, requestId)
  await enqueue(trx, actor, request, {
    letter,
    connectionId,
    payload: { ...facts, linkEnds: formatDateTime(expiresAt, request.language) },
    key,
  })
  // Nobody is reminded of what they only wished to see.
  if (letter !== 'link_again' && letter !== 'held_link') await scheduleReminders(trx, actor, request)
}

/** Queues what people are told after a check: the receipt, the end of a wait, or the manager's turn. */
export async function enqueueAfterSettlement(
  trx: Kysely<Database>,
  actor: Actor,
  settlement: Settlement,
  { trigger }: { trigger: 'submit' | 'confirm' | 'retry' },
): Promise<void> {
  const { status, connection } = settlement
  const request = await getRequest(trx, actor, connection.requestId)
  const payload = factsOf(settlement)
  const connectionId = connection.id
  const turn = status === 'needs_manager' ? 'manager' : verdicts[settlement.code].turn
  // Of an imported connection its customer never heard: they were sent no link.
  const isAsked = (await findNewestLink(trx, { teamId: actor.teamId, requestId: request.id })) !== null
  if (settlement.goesOn) {
    // While the customer sits at the page, the page tells them of a token that did not replace the one in force.
    if (trigger === 'retry' && settlement.retryAfterSeconds === null)
      await enqueueStillNeeded(trx, actor, request, { connectionId, payload })
    if (trigger === 'retry' && settlement.keeping === 'nothing')
      await tellManager(trx, actor, request, 'replacement_notice', {
        connectionId,
        payload: { ...payload, turn: 'customer' },
      })
    return
  }
  switch (status) {
    case 'connected':
    case 'connected_limited':
      if (isAsked)
        await enqueue(trx, actor, request, {
          letter: trigger === 'retry' ? 'finished' : 'receipt',
          connectionId,
          payload,
        })
      return tellManager(trx, actor, request, 'connected_notice', { connectionId, payload })
    case 'needs_customer':
    case 'needs_confirmation':
      // While the customer sits at the page, the page tells them: nobody else needs to know of each try.
      if (trigger !== 'retry') return
      if (isAsked) await enqueueStillNeeded(trx, actor, request, { connectionId, payload })
      return tellManager(trx, actor, request, 'manager_notice', { connectionId, payload: { ...payload, turn } })
    case 'needs_manager':
      return tellManager(trx, actor, request, 'manager_notice', { connectionId, payload: { ...payload, turn } })
    case 'waiting_provider':
      return tellOfLongWait(trx, actor, { ...connection, verdictCode: settlement.code })
    default:
      return
  }
}

const LONG_WAIT_HOURS = 24

/** After a day of waiting for the provider the manager is told, once. */
export async function tellOfLongWait(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
): Promise<void> {
  if (!(await markWaitTold(trx, actor, { connectionId: connection.id, hours: LONG_WAIT_HOURS }))) return
  await tellManager(trx, actor, await getRequest(trx, actor, connection.requestId), 'waiting_notice', {
    connectionId: connection.id,
    payload: factsAbout(connection, { code: connection.verdictCode ?? 'PIPEDRIVE_DOWN', owner: null }),
  })
}

/** "E-mail me this receipt": the letter of the connection as it stands now, once more. */
export async function enqueueReceiptAgain(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
): Promise<void> {
  await enqueue(trx, actor, await getRequest(trx, actor, connection.requestId), {
    letter: 'receipt',
    connectionId: connection.id,
    payload: {
      connection: connection.name,
      company: connection.providerCompanyName ?? connection.customerName,
      owner: connection.providerUserName ?? '',
      date: formatDateTime(connection.checkedAt ?? new Date(), connection.language),
      title: explain('OK', connection).title,
    } satisfies Facts,
  })
}

/** A member of the team wants another token than the one that was given: says why, with the link while it lives. */
export async function enqueueAskAgain(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
  { code, owner }: { code: VerdictCode; owner: TokenOwner | null },
): Promise<void> {
  await enqueueStillNeeded(trx, actor, await getRequest(trx, actor, connection.requestId), {
    connectionId: connection.id,
    payload: factsAbout(connection, { code, owner }),
  })
}

/** The wait ended and the customer must act: the letter carries a further key of the same link while it lives. */
async function enqueueStillNeeded(
  trx: Kysely<Database>,
  actor: Actor,
  request: RequestParties,
  { connectionId, payload }: { connectionId: string; payload: Record<string, string> },
): Promise<void> {
  const link = await findNewestLink(trx, { teamId: actor.teamId, requestId: request.id })
  if (link?.state !== 'live') return enqueue(trx, actor, request, { letter: 'still_needed', connectionId, payload })
  const { key, digest } = newLinkKey()
  await insertLinkKey(trx, actor, { linkId: link.id, digest })
  await recordAudit(trx, actor, { action: 'link.key_added', objectId: request.id })
  await enqueue(trx, actor, request, {
    letter: 'still_needed',
    connectionId,
    payload: { ...payload, linkEnds: formatDateTime(link.expiresAt, request.language) },
    key,
  })
}

/** What the letters about a connection that stopped tell: since when, and the likely reason in the reader's words. */
export function repairFacts(connection: CustomerConnection, code: VerdictCode): Record<string, string> {
  const t = words(connection.language)
  const reason = isStopReason(code) ? code : 'TOKEN_REJECTED'
  return {
    ...factsAbout(connection, { code, owner: null }),
    owner: connection.providerUserName ?? '',
    company: connection.providerCompanyName ?? connection.customerName,
    reason: t(`mail.stopped.reason.${reason}`),
  }
}

const stopReasons = ['TOKEN_REJECTED', 'USER_INACTIVE', 'API_OFF_FOR_USER', 'ACCOUNT_NOT_OPEN'] as const

function isStopReason(code: VerdictCode): code is (typeof stopReasons)[number] {
  return (stopReasons as readonly string[]).includes(code)
}

/** The manager reads that a connection stopped, why, and that the customer was written to. */
export async function tellOfStop(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
  facts: Record<string, string>,
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  await tellManager(trx, actor, request, 'stopped_notice', { connectionId: connection.id, payload: facts })
}

/** The manager reads that a connection works, but may do less than before. */
export async function tellOfRights(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
  code: VerdictCode,
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const payload = factsAbout(connection, { code, owner: null })
  await tellManager(trx, actor, request, 'rights_notice', { connectionId: connection.id, payload })
}

/** The manager reads that a token which may have been seen stays in use: what was to replace it is erased. */
export async function tellOfLostReplacement(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
  { why, turn }: { why: 'no_answer' | 'no_yes' | 'link_revoked'; turn: 'customer' | 'manager' },
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const title = words(request.language)(`mail.replacement_notice.reason.${why}`)
  const payload = { ...factsAbout(connection, { code: 'OK', owner: null }), title, turn }
  await tellManager(trx, actor, request, 'replacement_notice', { connectionId: connection.id, payload })
}

/** Customer and manager read that a connection that had stopped works again, and that nothing is left to do. */
export async function enqueueWorksAgain(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const payload = factsAbout(connection, { code: 'OK', owner: null })
  await enqueue(trx, actor, request, { letter: 'works_again', connectionId: connection.id, payload })
  await tellManager(trx, actor, request, 'works_again_notice', { connectionId: connection.id, payload })
}

/** The manager reads that the customer ended a connection by themselves. */
export async function tellOfWithdrawal(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const payload = factsAbout(connection, { code: 'OK', owner: null })
  await tellManager(trx, actor, request, 'withdrawal_notice', { connectionId: connection.id, payload })
}

/** Both sides read that a connection is over, and what is known of the token. */
export async function enqueueClosed(
  trx: Kysely<Database>,
  actor: Actor,
  connection: CustomerConnection,
  { isProved }: { isProved: boolean },
): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const connectionId = connection.id
  const payload = {
    ...factsAbout(connection, { code: 'OK', owner: null }),
    owner: connection.providerUserName ?? '',
    company: connection.providerCompanyName ?? connection.customerName,
  }
  await enqueue(trx, actor, request, { letter: isProved ? 'closed' : 'closed_unproven', connectionId, payload })
  const notice = isProved ? 'closed_notice' : 'closed_unproven_notice'
  await tellManager(trx, actor, request, notice, { connectionId, payload })
}

/** The customer reads that a closing is called off, and that nothing is left for them to withdraw. */
export async function enqueueKept(trx: Kysely<Database>, actor: Actor, connection: CustomerConnection): Promise<void> {
  const request = await getRequest(trx, actor, connection.requestId)
  const payload = factsAbout(connection, { code: 'OK', owner: null })
  await enqueue(trx, actor, request, { letter: 'kept', connectionId: connection.id, payload })
}

/** Queues a notice to the account manager, if the request has one, with the page of the console that it is about. */
export async function tellManager(
  trx: Kysely<Database>,
  actor: Actor,
  request: RequestParties,
  letter: ManagerLetter,
  {
    connectionId,
    payload = {},
    page = `/connections/${connectionId}`,
  }: { connectionId: string; payload?: Record<string, string>; page?: string },
): Promise<void> {
  if (!request.ownerEmail) return
  await insertLetter(trx, actor, {
    requestId: request.id,
    connectionId,
    letter,
    recipientName: request.ownerName ?? '',
    recipientEmail: request.ownerEmail,
    language: request.language,
    payload: { ...payload, page },
    sealedLink: null,
    host: mailHost(),
  })
}

async function enqueue(
  trx: Kysely<Database>,
  actor: Actor,
  request: RequestParties,
  {
    letter,
    connectionId,
    payload,
    key,
  }: { letter: LetterName; connectionId: string | null; payload: Record<string, string>; key?: string },
): Promise<void> {
  const sealedLink = key ? await seal(new Secret(key), linkContext(actor.teamId, request.id)) : null
  await insertLetter(trx, actor, {
    requestId: request.id,
    connectionId,
    letter,
    recipientName: request.contactName,
    recipientEmail: request.contactEmail,
    language: request.language,
    payload,
    sealedLink: sealedLink && { sealed: sealedLink.sealed, wrappedKey: sealedLink.wrappedKey },
    host: mailHost(),
  })
}

/** What letters tell. Not the domain and not the login: together they are half of what an attacker needs. */
function factsOf({ connection, code, verdict }: Settlement): Facts {
  return factsAbout(connection, { code, owner: verdict?.owner ?? null })
}

function factsAbout(
  connection: CustomerConnection,
  { code, owner }: { code: VerdictCode; owner: TokenOwner | null },
): Facts {
  return {
    connection: connection.name,
    company: owner?.companyName ?? connection.customerName,
    owner: owner?.userName ?? '',
    date: formatDateTime(new Date(), connection.language),
    title: explain(code, connection, { owner }).title,
  }
}

export async function getRequest(trx: Kysely<Database>, actor: Actor, requestId: string): Promise<RequestParties> {
  const request = await findRequest(trx, { teamId: actor.teamId, request: requestId })
  if (!request) throw new Error(`no request ${requestId} in its team`)
  return request
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { newLinkKey } from '#lib/crypto/digest.ts'
import { seal } from '#lib/crypto/envelope.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { findNewestLink, insertLinkKey } from '#lib/data/secure-links.ts'
import { env } from '#lib/env.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Facts, LetterName, LinkLetter } from '#lib/mail/letters.ts'
import { Secret } from '#lib/secret.ts'
import { explain } from './explain.ts'
import type { Settlement } from './settle.ts'

/** The context a mailed link key is sealed in until the mail server has it. */
export function linkContext(teamId: string, requestId: string) {
  return { teamId, connectionId: requestId, field: 'link', host: 'mail' }
}

/** Queues a letter that carries a secure link, in the transaction that makes the link. */
export async function enqueueLinkLetter(
  trx: Kysely<Database>,
  actor: Actor,
  letter: LinkLetter,
  { requestId, key, expiresAt }: { requestId: string; key: string; expiresAt: Date },
): Promise<void> {
  const request = await getRequest(trx, actor, requestId)
  await enqueue(trx, actor, request, {
    letter,
    connectionId: null,
    payload: { linkEnds: formatDateTime(expiresAt, request.language) },
    key,
  })
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
  switch (status) {
    case 'connected':
    case 'connected_limited':
      return enqueue(trx, actor, request, {
        letter: trigger === 'retry' ? 'finished' : 'receipt',
        connectionId,
        payload,
      })
    case 'needs_customer':
    case 'needs_confirmation':
      if (trigger === 'retry') await enqueueStillNeeded(trx, actor, request, { connectionId, payload })
      return
    case 'needs_manager':
      if (request.ownerEmail) await enqueue(trx, actor, request, { letter: 'manager_notice', connectionId, payload })
      return
    default:
      return
  }
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
  const toManager = letter === 'manager_notice'
  const sealedLink = key ? await seal(new Secret(key), linkContext(actor.teamId, request.id)) : null
  await insertLetter(trx, actor, {
    requestId: request.id,
    connectionId,
    letter,
    recipientName: toManager ? (request.ownerName ?? '') : request.contactName,
    recipientEmail: toManager ? (request.ownerEmail ?? '') : request.contactEmail,
    language: request.language,
    payload,
    sealedLink: sealedLink && { sealed: sealedLink.sealed, wrappedKey: sealedLink.wrappedKey },
    host: new URL(env().portalOrigin).hostname,
  })
}

/** What letters tell. Not the domain and not the login: together they are half of what an attacker needs. */
function factsOf({ connection, code, verdict }: Settlement): Facts {
  const owner = verdict?.owner ?? null
  return {
    connection: connection.name,
    company: owner?.companyName ?? connection.customerName,
    owner: owner?.userName ?? '',
    date: formatDateTime(new Date(), connection.language),
    title: explain(code, connection, { owner }).title,
  }
}

async function getRequest(trx: Kysely<Database>, actor: Actor, requestId: string): Promise<RequestParties> {
  const request = await findRequest(trx, { teamId: actor.teamId, request: requestId })
  if (!request) throw new Error(`no request ${requestId} in its team`)
  return request
}

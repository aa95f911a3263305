import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { actorIdOf } from '#lib/actor.ts'
import type { LinkKey } from '#lib/crypto/digest.ts'
import { newLinkKey, sha256 } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordRequestEvent } from '#lib/data/events.ts'
import { findRequestByCreationKey, insertConnection, insertRequest, isReferenceFree } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { insertLink } from '#lib/data/secure-links.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import { enqueueLinkLetter } from './letters.ts'
import { nameOf } from './profile-words.ts'
import type { RequestInput, WantedRequest } from './request-schema.ts'
import { checkRequest } from './request-schema.ts'
import type { Status } from './status.ts'

export type StoredRequest = { id: string; reference: string; connections: { id: string; status: Status }[] }

export type RequestedConnections = StoredRequest & {
  /** The secure link. Shown to whoever asked for it once, stored nowhere. */
  link: string
}

/** Asks a customer for credentials: stores the request, makes its secure link and queues the mail. Throws ZodError on bad input. */
export async function requestConnections(actor: Actor, input: RequestInput): Promise<RequestedConnections> {
  const wanted = await checkRequest(actor, input)
  return inTransaction((trx) => storeAndSend(trx, actor, wanted, null))
}

/** As `requestConnections`, as part of the caller's transaction, for what `checkRequest` has passed. */
export async function makeRequest(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: WantedRequest,
  linkKey: LinkKey,
): Promise<RequestedConnections> {
  return storeAndSend(trx, actor, wanted, null, linkKey)
}

/**
 * As `requestConnections`, for a press that may come twice: the same key finds the request that was made before.
 * `repeated` tells the second one from the first.
 */
export async function requestOnce(
  actor: Actor,
  input: RequestInput,
  creationKey: string,
): Promise<StoredRequest & { repeated: boolean }> {
  const wanted = await checkRequest(actor, input)
  return once(actor, creationKey, (trx) => storeAndSend(trx, actor, wanted, creationKey))
}

/**
 * The key of one press: who pressed, on which drawn form, with what in it. Pressed again it is the same; with other
 * content, as the back button allows, it is another request.
 */
export function creationKeyOf(actor: Actor, formKey: string, content: unknown): string {
  return sha256(JSON.stringify([formKey, actorIdOf(actor), content])).toString('hex')
}

/** Runs what makes a request, unless one was made under the same key. */
export async function once(
  actor: Actor,
  creationKey: string,
  make: (trx: Kysely<Database>) => Promise<StoredRequest>,
): Promise<StoredRequest & { repeated: boolean }> {
  try {
    return await inTransaction(async (trx) => {
      const before = await findRequestByCreationKey(trx, actor, creationKey)
      return before ? { ...before, repeated: true } : { ...withoutLink(await make(trx)), repeated: false }
    })
  } catch (error) {
    // Two presses in the same moment, or a lost answer to COMMIT: what the database kept decides.
    const kept = await findRequestByCreationKey(db(), actor, creationKey)
    if (!kept) throw error
    log.warn('request.created_before', { requestId: kept.id })
    return { ...kept, repeated: true }
  }
}

function withoutLink({ id, reference, connections }: StoredRequest): StoredRequest {
  return { id, reference, connections }
}

async function storeAndSend(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: WantedRequest,
  creationKey: string | null,
  linkKey: LinkKey = newLinkKey(),
): Promise<RequestedConnections> {
  const status: Status = wanted.deliver === 'mail' ? 'queued' : 'sent'
  const stored = await storeRequest(trx, actor, wanted, { status, creationKey })
  return { ...stored, link: await sendLink(trx, actor, wanted, stored.id, linkKey) }
}

/** Stores a request and its connections. No link yet. */
export async function storeRequest(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: WantedRequest,
  { status, creationKey }: { status: Status; creationKey: string | null },
): Promise<StoredRequest> {
  const reference = await freeReference((candidate) => isReferenceFree(trx, actor.teamId, candidate))
  const { id, customerId } = await insertRequest(trx, actor, { ...requestRow(wanted), reference, creationKey })
  const connections = await storeConnections(trx, actor, wanted, { requestId: id, customerId, status })
  await recordAudit(trx, actor, {
    action: 'request.created',
    objectId: id,
    details: { reference, status, connections: connections.map(({ id }) => id) },
  })
  return { id, reference, connections }
}

/** What is kept of a request beside its connections. */
export function requestRow(wanted: WantedRequest) {
  return {
    customerName: wanted.customer,
    contactName: wanted.contact.name,
    contactEmail: wanted.contact.email,
    ownerId: wanted.ownerId,
    language: wanted.language,
    project: projectOf(wanted),
    note: wanted.note || null,
    linkDays: wanted.expiresInDays ?? null,
  }
}

export async function storeConnections(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: WantedRequest,
  { requestId, customerId, status }: { requestId: string; customerId: string; status: Status },
): Promise<StoredRequest['connections']> {
  const connections: StoredRequest['connections'] = []
  for (const connection of wanted.connections) {
    const row = connectionRow(wanted, connection)
    const id = await insertConnection(trx, actor, { requestId, customerId, status, ...row })
    connections.push({ id, status })
  }
  return connections
}

/** What is kept of one wanted connection. */
export function connectionRow(wanted: WantedRequest, connection: WantedRequest['connections'][number]) {
  return {
    provider: connection.provider,
    profile: connection.profile.key,
    name: connectionName(wanted, connection),
    expectedDomain: connection.expectedDomain,
    externalId: connection.externalId || null,
    startDate: connection.startDate,
  }
}

/** Makes the secure link of a stored request and queues its letter, if it is to be mailed. Answers the address. */
export async function sendLink(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: Pick<WantedRequest, 'expiresInDays' | 'deliver'>,
  requestId: string,
  { key, digest }: LinkKey = newLinkKey(),
): Promise<string> {
  const expiresInDays = wanted.expiresInDays ?? (await getTeamSettings(trx, actor.teamId)).linkDays
  const { expiresAt } = await insertLink(trx, actor, { requestId, purpose: 'connect', expiresInDays, digest })
  if (wanted.deliver === 'mail') await enqueueLinkLetter(trx, actor, 'secure_link', { requestId, key, expiresAt })
  else await recordRequestEvent(trx, actor, { type: 'request.sent', requestId })
  return linkAddress(key)
}

/** The address that is mailed. Made from the configured origin, never from a request's Host. */
export function linkAddress(key: string): string {
  return `${env().portalOrigin}/l/${key}`
}

/** The project's name; without one that of its first profile. */
export function projectOf(wanted: Pick<WantedRequest, 'project' | 'connections' | 'language'>): string {
  const [first] = wanted.connections
  return wanted.project ?? (first ? nameOf(first.profile, wanted.language) : '')
}

/** What a connection is called until the customer calls it something else. */
export function connectionName(
  { customer }: Pick<WantedRequest, 'customer'>,
  { name, provider }: Pick<WantedRequest['connections'][number], 'name' | 'provider'>,
): string {
  return name ?? `${customer} ${fieldsOf(provider).name}`.slice(0, 80)
}

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const REFERENCE_TRIES = 20

/** A free reference like `KTR-482`: easy to say on the phone, no vowels so that it spells nothing. */
export async function freeReference(isFree: (candidate: string) => Promise<boolean>): Promise<string> {
  for (let tries = 0; tries < REFERENCE_TRIES; tries++) {
    const random = crypto.getRandomValues(new Uint32Array(4))
    const letters = [0, 1, 2].map((index) => LETTERS[(random[index] ?? 0) % LETTERS.length]).join('')
    const candidate = `${letters}-${String((random[3] ?? 0) % 1000).padStart(3, '0')}`
    if (await isFree(candidate)) return candidate
  }
  throw new Error('no free reference found')
}

import 'server-only'
import * as z from 'zod'
import type { Actor } from '#lib/actor.ts'
import { newLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { CONNECTIONS_PER_REQUEST_MAX } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import { insertConnection, insertRequest, isReferenceFree } from '#lib/data/requests.ts'
import { insertLink } from '#lib/data/secure-links.ts'
import { findFirstAdmin, findStaffByEmail } from '#lib/data/staff.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { fieldsOf, providerIds } from '#lib/providers/fields.ts'
import { words } from '#lib/words.ts'
import { enqueueLinkLetter } from './letters.ts'
import type { ProfileId } from './profiles.ts'
import { builtInProfiles } from './profiles.ts'
import type { Status } from './status.ts'

export const LINK_DAYS = 14
export const LINK_DAYS_MAX = 60

const line = (max: number) =>
  z
    .string()
    .transform((typed) =>
      typed
        .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .pipe(z.string().min(1).max(max))

const emailSchema = z.string().transform((typed, check) => {
  const address = parseEmailAddress(typed)
  if (address) return address
  check.issues.push({ code: 'custom', message: 'not a mail address we can write to', input: typed })
  return z.NEVER
})

const startDateSchema = z.iso.datetime({ offset: true })

/** What a manager, the CLI or the API asks for. The same shape everywhere. */
export const requestSchema = z.object({
  customer: line(120),
  contact: z.object({ name: line(120), email: emailSchema }),
  owner: emailSchema.optional(),
  language: z.enum(['en', 'de']).default('en'),
  project: line(80).optional(),
  note: z.string().trim().max(1000).optional(),
  expiresInDays: z.coerce.number().int().min(1).max(LINK_DAYS_MAX).optional(),
  deliver: z.enum(['mail', 'link']).default('mail'),
  connections: z
    .array(
      z.object({
        provider: z.enum(providerIds),
        profile: z.enum(Object.keys(builtInProfiles) as [ProfileId, ...ProfileId[]]),
        expectedDomain: z.string().optional(),
        startDate: startDateSchema.optional(),
        externalId: z.string().max(200).optional(),
        name: line(80).optional(),
      }),
    )
    .min(1)
    .max(CONNECTIONS_PER_REQUEST_MAX),
})
export type RequestInput = z.input<typeof requestSchema>
type Request = z.output<typeof requestSchema>

export type RequestedConnections = {
  id: string
  reference: string
  /** The secure link. Shown to whoever asked for it once, stored nowhere. */
  link: string
  connections: { id: string; status: Status }[]
}

/** Asks a customer for credentials: stores the request, makes its secure link and queues the mail. Throws ZodError on bad input. */
export async function requestConnections(actor: Actor, input: RequestInput): Promise<RequestedConnections> {
  const request = requestSchema.parse(input)
  const domains = request.connections.map(
    ({ provider, expectedDomain }) => expectedDomain && cleanExpectedDomain(provider, expectedDomain),
  )
  const { key, digest } = newLinkKey()
  const status: Status = request.deliver === 'mail' ? 'queued' : 'sent'

  return inTransaction(async (trx) => {
    const reference = await freeReference((candidate) => isReferenceFree(trx, actor.teamId, candidate))
    const owner = request.owner
      ? await findStaffByEmail(trx, actor.teamId, request.owner)
      : await findFirstAdmin(trx, actor.teamId)
    const { id, customerId } = await insertRequest(trx, actor, {
      reference,
      customerName: request.customer,
      contactName: request.contact.name,
      contactEmail: request.contact.email,
      ownerId: owner?.id ?? null,
      language: request.language,
      project: request.project ?? projectOf(request),
      note: request.note || null,
    })
    const connections: { id: string; status: Status }[] = []
    for (const [index, wanted] of request.connections.entries()) {
      const connectionId = await insertConnection(trx, actor, {
        requestId: id,
        customerId,
        provider: wanted.provider,
        profile: wanted.profile,
        name: wanted.name ?? `${request.customer} ${fieldsOf(wanted.provider).name}`.slice(0, 80),
        status,
        expectedDomain: domains[index] || null,
        externalId: wanted.externalId ?? null,
        startDate: wanted.startDate ?? null,
      })
      connections.push({ id: connectionId, status })
    }
    const link = await insertLink(trx, actor, {
      requestId: id,
      purpose: 'connect',
      expiresInDays: request.expiresInDays ?? (await getTeamSettings(trx, actor.teamId)).linkDays,
      digest,
    })
    await recordAudit(trx, actor, {
      action: 'request.created',
      objectId: id,
      details: { reference, connections: connections.map(({ id }) => id) },
    })
    if (request.deliver === 'mail')
      await enqueueLinkLetter(trx, actor, 'secure_link', { requestId: id, key, expiresAt: link.expiresAt })
    return { id, reference, link: linkAddress(key), connections }
  })
}

/** The address that is mailed. Made from the configured origin, never from a request's Host. */
export function linkAddress(key: string): string {
  return `${env().portalOrigin}/l/${key}`
}

function projectOf(request: Request): string {
  const profile = request.connections[0]?.profile ?? 'read-only-sync'
  return words(request.language)(`pages.profiles.${profile}.title`)
}

function cleanExpectedDomain(provider: Request['connections'][number]['provider'], typed: string): string {
  const { value, error } = fieldsOf(provider).cleanDomain(typed)
  if (!error) return value
  throw new z.ZodError([
    {
      code: 'custom',
      path: ['connections', 'expectedDomain'],
      message: 'not a Pipedrive company address',
      input: typed,
    },
  ])
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

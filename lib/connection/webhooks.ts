import 'server-only'
import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import * as z from 'zod'
import type { Actor, Operator, Staff } from '#lib/actor.ts'
import type { SealContext } from '#lib/crypto/envelope.ts'
import { seal } from '#lib/crypto/envelope.ts'
import { newWebhookSecret } from '#lib/crypto/webhook-signature.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { newId } from '#lib/data/ids.ts'
import type { Database, DisabledReason } from '#lib/data/schema.ts'
import {
  holdDeliveries,
  insertTestDelivery,
  isUnwanted,
  releaseDeliveries,
  replayDelivery,
  replayFailed,
  withdrawUnwanted,
} from '#lib/data/webhook-deliveries.ts'
import type { EndpointSettings, LockedEndpoint } from '#lib/data/webhook-endpoints.ts'
import {
  countEndpoints,
  deleteEndpointRow,
  ENDPOINTS_MAX,
  endEarlierSecrets,
  insertEndpoint,
  insertSecret,
  lockEndpoint,
  markOff,
  markOn,
  updateEndpoint,
} from '#lib/data/webhook-endpoints.ts'
import { env } from '#lib/env.ts'
import { formatDateTime } from '#lib/format.ts'
import { isPublicAddress } from '#lib/http.ts'
import { isLoopbackOrigin } from '#lib/origin.ts'
import type { Secret } from '#lib/secret.ts'
import { words } from '#lib/words.ts'
import { eventTypes } from './events.ts'
import { requireProfiles } from './profile-limits.ts'
import { tellAdmins } from './team-notices.ts'

/** How long the secret before is used as well after a roll-over. */
export const SECRET_OVERLAP_HOURS_NORMAL = 24
export const SECRET_OVERLAP_HOURS_MAX = 168
const URL_LENGTH_MAX = 2_000
const LIST_MAX = 100

/** What can be wrong with one value: `messages/webhooks.<language>.json` under `problems`. */
export const webhookProblems = ['name', 'url', 'eventTypes', 'profiles'] as const
export type WebhookProblem = (typeof webhookProblems)[number]

const webhookSchema = z.object({
  name: z
    .string()
    .trim()
    .min(1, 'a name is missing')
    .max(80, 'a name has at most 80 characters')
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'a name is one line'),
  url: z
    .string()
    .trim()
    .max(URL_LENGTH_MAX, `an address has at most ${URL_LENGTH_MAX} characters`)
    .refine(isUsable, 'an address starts with https://, names no user and no part of a page, and is public'),
  eventTypes: z
    .array(z.enum(eventTypes, { error: () => `an event is one of ${eventTypes.join(', ')}` }))
    .min(1, 'name at least one event')
    .transform((named) => eventTypes.filter((type) => named.includes(type)))
    .nullable()
    .default(null),
  profiles: z.array(z.string().trim()).min(1, 'name at least one profile').max(LIST_MAX).nullable().default(null),
})
export type WebhookInput = z.input<typeof webhookSchema>

async function settingsOf(
  trx: Kysely<Database>,
  actor: Actor,
  input: WebhookInput | EndpointSettings,
): Promise<EndpointSettings> {
  const wanted = webhookSchema.parse(input)
  return { ...wanted, profiles: wanted.profiles && (await requireProfiles(trx, actor, wanted.profiles)) }
}

/** What is wrong, by the name of the value. */
export function webhookProblemsOf(error: z.ZodError): WebhookProblem[] {
  return webhookProblems.filter((field) => error.issues.some(({ path }) => path[0] === field))
}

/** Names are looked up again when the connection is made; a literal address shows at once that it is private. */
function isUsable(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  if (loopbackOriginOf(address)) return true
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return url.protocol === 'https:' && !isLoopbackOrigin(address) && (isIP(host) === 0 || isPublicAddress(host))
}

/** The one origin that may be plain http and on this machine: only where the portal itself is. */
export function loopbackOriginOf(address: string): string | null {
  const { protocol, origin } = new URL(address)
  if (env().isProduction || !['http:', 'https:'].includes(protocol)) return null
  return isLoopbackOrigin(origin) ? origin : null
}

/** The context that the secret of an endpoint is sealed in. */
export function webhookSecretContext({ teamId, endpointId }: { teamId: string; endpointId: string }): SealContext {
  return { teamId, connectionId: endpointId, field: 'webhookSecret', host: 'webhook' }
}

export type CreatedWebhook = { kind: 'created'; id: string; secret: Secret } | { kind: 'too_many' }

/** Has a system of the team told of events, and makes its secret, which is shown once. Throws ZodError on bad input. */
export async function createWebhook(actor: Staff | Operator, input: WebhookInput): Promise<CreatedWebhook> {
  const wanted = await settingsOf(db(), actor, input)
  const id = newId('whe')
  const { secret, sealed } = await makeSecret(actor, id)
  return inTransaction(async (trx): Promise<CreatedWebhook> => {
    if ((await countEndpoints(trx, actor)) >= ENDPOINTS_MAX) return { kind: 'too_many' }
    await insertEndpoint(trx, actor, { id, ...wanted })
    await insertSecret(trx, actor, { endpointId: id, ...sealed })
    await audit(trx, actor, 'webhook.created', { id, name: wanted.name, host: new URL(wanted.url).host })
    return { kind: 'created', id, secret }
  })
}

/** Writes anew what is given of an endpoint, whose secret stays. Throws ZodError on bad input. */
export async function changeWebhook(
  actor: Staff | Operator,
  { endpointId, ...change }: Partial<WebhookInput> & { endpointId: string },
): Promise<'done' | 'unknown'> {
  return inTransaction(async (trx) => {
    const before = await lockEndpoint(trx, actor, endpointId)
    if (!before) return 'unknown'
    const after = await settingsOf(trx, actor, { ...before, ...change })
    const changed = webhookProblems.filter((field) => !isDeepStrictEqual(before[field], after[field]))
    if (changed.length === 0) return 'done'
    await updateEndpoint(trx, endpointId, after)
    await withdrawUnwanted(trx, endpointId)
    await audit(trx, actor, 'webhook.changed', {
      id: endpointId,
      name: after.name,
      changed,
      before: withoutUrl(before),
      after: withoutUrl(after),
      ...(changed.includes('url') && { from: new URL(before.url).host, to: new URL(after.url).host }),
    })
    return 'done'
  })
}

function withoutUrl({ name, eventTypes, profiles }: EndpointSettings): Omit<EndpointSettings, 'url'> {
  return { name, eventTypes, profiles }
}

/** A new secret for the same endpoint. The one before signs too until the overlap is over; an even older one ends now. */
export async function rollSecret(
  actor: Staff | Operator,
  { endpointId, overlapHours }: { endpointId: string; overlapHours: number },
): Promise<Secret | null> {
  if (!Number.isInteger(overlapHours) || overlapHours < 0 || overlapHours > SECRET_OVERLAP_HOURS_MAX)
    throw new RangeError(`the overlap is 0 to ${SECRET_OVERLAP_HOURS_MAX} hours`)
  const { secret, sealed } = await makeSecret(actor, endpointId)
  return inTransaction(async (trx) => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return null
    await endEarlierSecrets(trx, { endpointId, overlapHours })
    await insertSecret(trx, actor, { endpointId, ...sealed })
    await audit(trx, actor, 'webhook.rotated', { ...endpoint, overlapHours })
    return secret
  })
}

async function makeSecret({ teamId }: Actor, endpointId: string) {
  const secret = newWebhookSecret()
  return { secret, sealed: await seal(secret, webhookSecretContext({ teamId, endpointId })) }
}

/** Sends a message that says it is a test, whether the endpoint is on or off. It is tried once. */
export async function testWebhook(actor: Staff | Operator, endpointId: string): Promise<{ messageId: string } | null> {
  return inTransaction(async (trx) => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return null
    const { messageId } = await insertTestDelivery(trx, actor, endpointId)
    await audit(trx, actor, 'webhook.tested', endpoint)
    return { messageId }
  })
}

/** `unwanted`: the endpoint is not told of it any more; `busy`: it is being sent this moment, or its log is over. */
export type ReplayOutcome = 'done' | 'unknown' | 'off' | 'unwanted' | 'busy'

/** Sends one message once more with the id it had. */
export async function replay(
  actor: Staff | Operator,
  { endpointId, deliveryId }: { endpointId: string; deliveryId: string },
): Promise<ReplayOutcome> {
  return inTransaction(async (trx): Promise<ReplayOutcome> => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return 'unknown'
    if (!endpoint.isOn) return 'off'
    if (await isUnwanted(trx, { endpointId, deliveryId })) return 'unwanted'
    const replayed = await replayDelivery(trx, { endpointId, deliveryId })
    if (!replayed) return 'busy'
    await audit(trx, actor, 'webhook.replayed', { ...endpoint, messageId: replayed.messageId })
    return 'done'
  })
}

/** Sends everything once more that was given up. */
export async function replayAll(actor: Staff | Operator, endpointId: string): Promise<ReplayOutcome> {
  return inTransaction(async (trx): Promise<ReplayOutcome> => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return 'unknown'
    if (!endpoint.isOn) return 'off'
    const count = await replayFailed(trx, endpointId)
    await audit(trx, actor, 'webhook.replayed', { ...endpoint, count })
    return 'done'
  })
}

export type SwitchOutcome = 'done' | 'unknown' | 'already'

/** Nothing is sent until somebody switches it on again; what happens meanwhile is kept for it. */
export async function disableWebhook(actor: Staff | Operator, endpointId: string): Promise<SwitchOutcome> {
  return inTransaction(async (trx): Promise<SwitchOutcome> => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return 'unknown'
    if (!endpoint.isOn) return 'already'
    await switchOff(trx, actor, endpoint, 'by_hand')
    return 'done'
  })
}

/** Switches a locked endpoint off. Nobody asked for it when it failed, so that the admins are told. */
export async function switchOff(
  trx: Kysely<Database>,
  actor: Actor,
  endpoint: LockedEndpoint,
  reason: DisabledReason,
): Promise<void> {
  await markOff(trx, actor, { endpointId: endpoint.id, reason })
  await holdDeliveries(trx, endpoint.id)
  await audit(trx, actor, 'webhook.disabled', { ...endpoint, cause: reason })
  if (reason === 'by_hand') return
  await tellAdmins(trx, actor, 'webhook_off_notice', (language) => ({
    what: endpoint.name,
    date: formatDateTime(new Date(), language),
    reason: words(language)(`webhooks.offReasons.${reason}`),
    page: `/settings/webhooks/${endpoint.id}`,
  }))
}

/** Sends what was kept meanwhile, and everything that happens from now on. */
export async function enableWebhook(actor: Staff | Operator, endpointId: string): Promise<SwitchOutcome> {
  return inTransaction(async (trx): Promise<SwitchOutcome> => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return 'unknown'
    if (endpoint.isOn) return 'already'
    await markOn(trx, endpointId)
    await releaseDeliveries(trx, endpointId)
    await audit(trx, actor, 'webhook.enabled', endpoint)
    return 'done'
  })
}

/** For good, with its secrets, its log and what was not delivered. Whoever does it types the name. */
export async function deleteWebhook(
  actor: Staff | Operator,
  { endpointId, typedName }: { endpointId: string; typedName: string },
): Promise<'done' | 'unknown' | 'other_name'> {
  return inTransaction(async (trx) => {
    const endpoint = await lockEndpoint(trx, actor, endpointId)
    if (!endpoint) return 'unknown'
    if (typedName.trim().toLowerCase() !== endpoint.name.toLowerCase()) return 'other_name'
    await deleteEndpointRow(trx, endpointId)
    await audit(trx, actor, 'webhook.deleted', endpoint)
    return 'done'
  })
}

type WebhookAction = 'created' | 'changed' | 'tested' | 'replayed' | 'rotated' | 'disabled' | 'enabled' | 'deleted'

async function audit(
  trx: Kysely<Database>,
  actor: Actor,
  action: `webhook.${WebhookAction}`,
  { id, name, host, from, to, changed, before, after, overlapHours, messageId, count, cause }: Facts,
): Promise<void> {
  const facts = Object.entries({ name, host, from, to, changed, before, after, overlapHours, messageId, count, cause })
  const details = Object.fromEntries(facts.filter(([, value]) => value !== undefined))
  await recordAudit(trx, actor, { action, objectId: id, details })
}

type Facts = {
  id: string
  name: string
  host?: string
  /** The hosts before and after another address. Of an address no more is kept: it may hold what is secret. */
  from?: string
  to?: string
  changed?: string[]
  before?: Omit<EndpointSettings, 'url'>
  after?: Omit<EndpointSettings, 'url'>
  overlapHours?: number
  messageId?: string
  count?: number
  cause?: DisabledReason
}

import 'server-only'
import * as z from 'zod'
import type { Operator, Staff } from '#lib/actor.ts'
import { isAddressRange } from '#lib/address-list.ts'
import { readClientKey } from '#lib/crypto/client-key.ts'
import { newApiKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import {
  countIntegrations,
  endEarlierKeys,
  endIntegration,
  endReplacedKeys,
  INTEGRATIONS_MAX,
  insertIntegration,
  insertIntegrationKey,
  lockIntegration,
} from '#lib/data/integrations.ts'
import { scopes } from '#lib/scopes.ts'
import { requireProfiles } from './profile-limits.ts'

export const KEY_DAYS_MAX = 730
export const KEY_DAYS_NORMAL = 365
/** How long the key before still works after a rotation, at most. */
export const OVERLAP_HOURS_MAX = 168
export const OVERLAP_HOURS_NORMAL = 24
const LIST_MAX = 100

/** What can be wrong with one value: `messages/keys.<language>.json` under `problems`. */
export const keyProblems = [
  'name',
  'scopes',
  'profiles',
  'connections',
  'addresses',
  'expires',
  'public_key',
  'private_key',
] as const
export type KeyProblem = (typeof keyProblems)[number]

const problem = (name: KeyProblem, message: string) => ({ error: () => message, params: { problem: name } })

const integrationSchema = z.object({
  name: z
    .string()
    .trim()
    .min(1, 'a name is missing')
    .max(80, 'a name has at most 80 characters')
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'a name is one line'),
  scopes: z
    .array(z.enum(scopes, { error: () => `a scope is one of ${scopes.join(', ')}` }))
    .min(1, `name at least one of ${scopes.join(', ')}`)
    .transform((named) => scopes.filter((scope) => named.includes(scope))),
  profiles: z.array(z.string().trim().min(1)).max(LIST_MAX).nullable().default(null),
  connections: z
    .array(
      z
        .string()
        .trim()
        .regex(/^con_[0-9a-hjkmnp-tv-z]{26}$/, 'not the id of a connection'),
    )
    .max(LIST_MAX)
    .nullable()
    .default(null),
  addresses: z
    .array(
      z
        .string()
        .trim()
        .refine(isAddressRange, problem('addresses', 'not an address or a range such as 203.0.113.0/24')),
    )
    .max(LIST_MAX)
    .nullable()
    .default(null),
  expiresInDays: z.coerce
    .number({ error: () => 'not a number of days' })
    .int()
    .min(1, 'a key lives at least a day')
    .max(KEY_DAYS_MAX, `a key lives at most ${KEY_DAYS_MAX} days`)
    .default(KEY_DAYS_NORMAL),
  /** A JWK as text. */
  publicKey: z.string().trim().max(2_000).nullable().default(null),
})
export type IntegrationInput = z.input<typeof integrationSchema>

/** What is wrong, by the name of the value. */
export function keyProblemsOf(error: z.ZodError): Map<string, KeyProblem> {
  const found = new Map<string, KeyProblem>()
  for (const issue of error.issues) {
    const field = String(issue.path[0] ?? 'name')
    if (!found.has(field)) found.set(field, problemOf(issue, field))
  }
  return found
}

function problemOf(issue: z.core.$ZodIssue, field: string): KeyProblem {
  if (issue.code === 'custom' && issue.params?.problem) return issue.params.problem as KeyProblem
  const byField: Record<string, KeyProblem> = { expiresInDays: 'expires', publicKey: 'public_key' }
  return byField[field] ?? (field as KeyProblem)
}

/** `too_many`: the team has as many as can be kept in view. */
export type CreatedIntegration = { kind: 'created'; id: string; key: string } | { kind: 'too_many' }

/** Makes a machine of the team and its key, which is shown once and stored nowhere. Throws ZodError on bad input. */
export async function createIntegration(actor: Staff | Operator, input: IntegrationInput): Promise<CreatedIntegration> {
  const wanted = integrationSchema.parse(input)
  const profiles = wanted.profiles && (await requireProfiles(db(), actor, wanted.profiles))
  const publicKey = wanted.publicKey ? await requirePublicKey(wanted.publicKey) : null
  const { key, digest } = newApiKey()
  return inTransaction(async (trx): Promise<CreatedIntegration> => {
    if ((await countIntegrations(trx, actor)) >= INTEGRATIONS_MAX) return { kind: 'too_many' }
    const id = await insertIntegration(trx, actor, { ...wanted, profiles, publicKey })
    await insertIntegrationKey(trx, actor, { integrationId: id, digest })
    await recordAudit(trx, actor, {
      action: 'integration.created',
      objectId: id,
      details: { name: wanted.name, scopes: wanted.scopes, days: wanted.expiresInDays },
    })
    return { kind: 'created', id, key }
  })
}

async function requirePublicKey(text: string): Promise<Record<string, unknown>> {
  const read = await readClientKey(text)
  if (read.kind === 'key') return read.key
  const isPrivate = read.kind === 'private'
  const message = isPrivate ? 'this is the private half; keep it, and give the public one' : 'not a public key as JWK'
  throw refusal('publicKey', isPrivate ? 'private_key' : 'public_key', message)
}

function refusal(field: string, problem: KeyProblem, message: string): z.ZodError {
  return new z.ZodError([{ code: 'custom', path: [field], message, input: undefined, params: { problem } }])
}

export type RotateOutcome = { kind: 'rotated'; key: string } | { kind: 'unknown' } | { kind: 'ended' }

/**
 * A new key for the same machine, so that it can change over without a gap: the one before works for the overlap. One
 * that was replaced earlier ends at once, so that two at most are live.
 */
export async function rotateKey(
  actor: Staff | Operator,
  { integrationId, overlapHours }: { integrationId: string; overlapHours: number },
): Promise<RotateOutcome> {
  if (!Number.isInteger(overlapHours) || overlapHours < 0 || overlapHours > OVERLAP_HOURS_MAX)
    throw new RangeError(`the overlap is 0 to ${OVERLAP_HOURS_MAX} hours`)
  const { key, digest } = newApiKey()
  return inTransaction(async (trx): Promise<RotateOutcome> => {
    const found = await lockIntegration(trx, actor, integrationId)
    if (!found) return { kind: 'unknown' }
    if (!found.isLive) return { kind: 'ended' }
    await endEarlierKeys(trx, actor, { integrationId, overlapHours })
    await insertIntegrationKey(trx, actor, { integrationId, digest })
    await recordAudit(trx, actor, {
      action: 'integration.rotated',
      objectId: integrationId,
      details: { overlapHours },
    })
    return { kind: 'rotated', key }
  })
}

/** Ends the key that was replaced before its overlap is over. */
export async function endReplacedKey(actor: Staff | Operator, integrationId: string): Promise<'done' | 'ended'> {
  return inTransaction(async (trx) => {
    if (!(await lockIntegration(trx, actor, integrationId))) return 'ended'
    if (!(await endReplacedKeys(trx, actor, integrationId))) return 'ended'
    await recordAudit(trx, actor, { action: 'integration.key_ended', objectId: integrationId })
    return 'done'
  })
}

/** Ends all keys of a machine, from its next call on. */
export async function revokeIntegration(
  actor: Staff | Operator,
  integrationId: string,
): Promise<'done' | 'ended' | 'unknown'> {
  return inTransaction(async (trx) => {
    if (!(await lockIntegration(trx, actor, integrationId))) return 'unknown'
    if (!(await endIntegration(trx, actor, integrationId))) return 'ended'
    await recordAudit(trx, actor, { action: 'integration.revoked', objectId: integrationId })
    return 'done'
  })
}

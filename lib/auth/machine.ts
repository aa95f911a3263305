import 'server-only'
import type { Integration } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { isInAddressList } from '#lib/address-list.ts'
import { digestOfApiKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { KeyHolder } from '#lib/data/integrations.ts'
import { findKeyHolder, noteKeyUse } from '#lib/data/integrations.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { log } from '#lib/log.ts'
import { clientAddress } from '#lib/peer-address.ts'
import type { ProblemCode, ProblemDetails } from '#lib/problem.ts'
import { Problem } from '#lib/problem.ts'
import type { Scope } from '#lib/scopes.ts'

/**
 * Which machine of which team calls, and that its key has one of these scopes. Cookies are never looked at. Throws a
 * Problem; each refusal of a key that we know is in the audit log of its team.
 */
export async function requireIntegration(request: Request, wanted: readonly Scope[]): Promise<Integration> {
  const address = clientAddress(request.headers)
  const digest = readKey(request.headers)
  const holder = digest && (await findKeyHolder(digest))
  if (!holder) {
    await throttleRefusals(address)
    log.warn('api.key_refused', { reason: digest ? 'unknown' : 'missing', address })
    throw new Problem(hasKey(request.headers) ? 'key_unknown' : 'key_missing', { headers: CHALLENGE })
  }
  const integration = integrationOf(holder, address)
  const refusal = refusalOf(holder, address, wanted)
  if (refusal) await refuse(integration, refusal, wanted)
  if (holder.useIsUnnoted) await noteKeyUse(digest)
  return integration
}

const CHALLENGE = { 'www-authenticate': 'Bearer realm="Latchkey"' }

function hasKey(headers: Headers): boolean {
  return headers.has('authorization')
}

function readKey(headers: Headers): Buffer | null {
  const [, key] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
  return key ? digestOfApiKey(key) : null
}

function integrationOf({ id, teamId, scopes, profiles, connections }: KeyHolder, address: string | null): Integration {
  return proven<'integration'>({
    kind: 'integration',
    teamId,
    integrationId: id,
    scopes,
    profiles,
    connections,
    address,
  })
}

function refusalOf(
  { state, scopes, addresses }: KeyHolder,
  address: string | null,
  wanted: readonly Scope[],
): ProblemCode | null {
  if (state === 'revoked') return 'key_revoked'
  if (state !== 'live') return 'key_expired'
  if (addresses && !isInAddressList(address, addresses)) return 'address_not_allowed'
  return wanted.some((scope) => scopes.includes(scope)) ? null : 'scope_missing'
}

async function refuse(integration: Integration, code: ProblemCode, wanted: readonly Scope[]): Promise<never> {
  await throttleRefusals(integration.address)
  await inTransaction((trx) =>
    recordAudit(trx, integration, {
      action: 'integration.refused',
      objectId: integration.integrationId,
      outcome: 'refused',
      details: { code, wanted },
    }),
  )
  throw new Problem(code, detailsOf(code, wanted))
}

function detailsOf(code: ProblemCode, wanted: readonly Scope[]): ProblemDetails {
  if (code === 'scope_missing') return { detail: `This call needs the scope ${wanted.join(' or ')}.`, more: { wanted } }
  return code === 'address_not_allowed' ? {} : { headers: CHALLENGE }
}

const REFUSALS_PER_MINUTE = 60

/** Whoever tries keys, or hammers on with a dead one, is slowed down, and does not fill the audit log. */
async function throttleRefusals(address: string | null): Promise<void> {
  const { allowed, retryAfterSeconds } = await hitLimit({
    bucket: `api:refused:${address ?? 'unknown'}`,
    windowSeconds: 60,
    hitsMax: REFUSALS_PER_MINUTE,
  })
  if (!allowed) throw new Problem('rate_limited', { headers: { 'retry-after': String(retryAfterSeconds) } })
}

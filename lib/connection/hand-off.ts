import 'server-only'
import type { Integration } from '#lib/actor.ts'
import type { ClientKey } from '#lib/crypto/client-key.ts'
import { sealForClient } from '#lib/crypto/client-key.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findConnection } from '#lib/data/connections.ts'
import type { SealedCredential } from '#lib/data/credentials.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { findPublicKey } from '#lib/data/integrations.ts'
import { fakeBaseUrlOf } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import type { ProblemCode } from '#lib/problem.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { Secret } from '#lib/secret.ts'
import { openConnection } from './machine-scope.ts'
import { openForIntegration } from './seal.ts'
import type { Status } from './status.ts'
import { turnOf } from './status.ts'
import { providerOf } from './verify.ts'

/** Why a credential is not given out. */
type Refusal = {
  kind: 'refused'
  code: ProblemCode
  status: Status
  verdict: VerdictCode | null
  turn: string
  frozen?: Freeze
}

export type HandOff =
  /** The text of the answer, credential and all: JSON, or a JWE that only the integration can open. */
  | { kind: 'handed'; answer: Secret; isSealed: boolean }
  | Refusal
  | { kind: 'not_found' }
  /** Asked for as a JWE, and there is no key to seal it to. */
  | { kind: 'no_public_key' }

/**
 * Gives a credential to a machine of the team, which says what for. Its audit row is written first; only a token that
 * is in force, and that was checked at the host it is for, leaves.
 */
export async function handOff(
  integration: Integration,
  { connectionId, purpose, sealed }: { connectionId: string; purpose: string; sealed: boolean },
): Promise<HandOff> {
  const scope = { teamId: integration.teamId, connectionId }
  if (!(await openConnection(integration, connectionId))) return { kind: 'not_found' }
  const connection = await findConnection(db(), scope)
  if (!connection) return { kind: 'not_found' }
  const refusal = refusalOf(connection)
  const credential = refusal ? null : await findCredential(db(), { ...scope, state: 'in_force' })
  if (!credential) return refuse(connection, refusal ?? 'not_connected')
  const key = sealed ? await findPublicKey(db(), integration) : null
  if (sealed && !key) return { kind: 'no_public_key' }
  await requireVerifiedHost(integration, connection, credential, purpose)

  const opened = await openForIntegration(integration, credential, `“${purpose}”`)
  if (!(opened instanceof Secret)) return { ...refuse(connection, 'hand_off_frozen'), frozen: opened }
  const answer = answerOf(connection, credential, opened)
  if (!key) return { kind: 'handed', answer, isSealed: false }
  return { kind: 'handed', answer: new Secret(await sealForClient(answer, key as ClientKey)), isSealed: true }
}

/** Null where the token is in force. */
function refusalOf({ status }: CustomerConnection): ProblemCode | null {
  switch (status) {
    case 'connected':
    case 'connected_limited':
      return null
    case 'draft':
    case 'queued':
    case 'sent':
    case 'undeliverable':
    case 'visited':
    case 'declined':
    case 'expired':
    case 'revoked':
      return 'not_connected'
    case 'needs_customer':
    case 'needs_confirmation':
    case 'needs_manager':
      return 'needs_action'
    case 'waiting_provider':
      return 'waiting_for_provider'
    case 'stopped':
      return 'stopped'
    case 'off_boarding':
      return 'off_boarding'
    case 'closed':
    case 'closed_unproven':
      return 'closed'
  }
}

function refuse({ status, verdictCode }: CustomerConnection, code: ProblemCode): Refusal {
  return { kind: 'refused', code, status, verdict: verdictCode, turn: turnOf(status, verdictCode) }
}

/** The token is bound to one host. When the connection names another one, somebody changed the row: nothing is opened. */
async function requireVerifiedHost(
  integration: Integration,
  connection: CustomerConnection,
  credential: SealedCredential,
  purpose: string,
): Promise<void> {
  const domain = connection.providerCompanyDomain
  if (domain !== null && providerOf(connection).hostOf(domain) === credential.host) return
  const error = new Error('the host of the sealed token is not the one of its connection')
  log.error('credential.open_refused', error, { connectionId: connection.id })
  await inTransaction((trx) =>
    recordAudit(trx, integration, {
      action: 'credential.open_refused',
      objectId: connection.id,
      outcome: 'refused',
      reason: purpose,
      details: { version: credential.version },
    }),
  )
  throw error
}

function answerOf(connection: CustomerConnection, { version }: SealedCredential, apiToken: Secret): Secret {
  const provider = providerOf(connection)
  const { providerCompanyId, providerCompanyDomain: domain, providerCompanyName } = connection
  return new Secret(
    JSON.stringify({
      provider: provider.id,
      version,
      baseUrl: provider.baseUrlOf(domain ?? '', fakeBaseUrlOf(provider.id)),
      headers: provider.headersOf(apiToken),
      startDate: connection.startDate,
      company: { id: providerCompanyId, name: providerCompanyName, domain },
      user: { id: connection.providerUserId, name: connection.providerUserName },
    }),
  )
}

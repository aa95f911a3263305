import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor, Integration } from '#lib/actor.ts'
import { fingerprint } from '#lib/crypto/digest.ts'
import { open, seal } from '#lib/crypto/envelope.ts'
import { isKeyOutage } from '#lib/crypto/key-provider.ts'
import type { ReasonCode } from '#lib/data/audit-events.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { NewCredential, SealedCredential } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { listFreezesOf } from '#lib/data/freezes.ts'
import type { Database } from '#lib/data/schema.ts'
import { log } from '#lib/log.ts'
import type { Secret } from '#lib/secret.ts'

/** Encrypts an API token for one connection and one host. Nothing is stored here; call it before the transaction. */
export async function sealToken(
  actor: Actor,
  { connectionId, host, apiToken }: { connectionId: string; host: string; apiToken: Secret },
): Promise<Pick<NewCredential, 'connectionId' | 'host' | 'sealed' | 'wrappedKey' | 'fingerprint'>> {
  const { sealed, wrappedKey } = await seal(apiToken, credentialContext(actor.teamId, { connectionId, host }))
  return { connectionId, host, sealed, wrappedKey, fingerprint: fingerprint(actor.teamId, apiToken) }
}

/** What an integration said of its own accord; the marks tell it from our own reasons. */
export type Quoted = `“${string}”`

/** Why somebody or something reads a token. */
export type ReadPurpose = Extract<
  ReasonCode,
  | 'check_after_yes'
  | 'check_after_team_yes'
  | 'check_while_waiting'
  | 'regular_check'
  | 'check_of_end'
  | 'check_of_replaced'
>

/**
 * Opens a sealed credential; nothing but this file does. The audit row is written and committed first;
 * when it cannot be written nothing is opened. Throws when the row was moved or changed.
 */
export async function openCredential(
  actor: Exclude<Actor, Integration>,
  credential: SealedCredential,
  purpose: ReadPurpose,
): Promise<Secret> {
  await inTransaction((trx) => noteRead(trx, actor, credential, purpose))
  return openNoted(actor, credential, purpose)
}

/**
 * The same for an integration, unless somebody has stopped hand-off: that is looked at in the transaction that writes
 * the audit row, so that a stop holds from the next read on, on every process.
 */
export async function openForIntegration(
  integration: Integration,
  credential: SealedCredential,
  purpose: Quoted,
): Promise<Secret | Freeze> {
  const { teamId } = integration
  const { connectionId } = credential
  const freeze = await inTransaction(async (trx) => {
    const [found] = await listFreezesOf(trx, { teamId, connectionId })
    if (!found) await noteRead(trx, integration, credential, purpose)
    else
      await recordAudit(trx, integration, {
        action: 'credential.withheld',
        objectId: connectionId,
        outcome: 'refused',
        reason: purpose,
        details: { scope: found.scope },
      })
    return found
  })
  return freeze ?? openNoted(integration, credential, purpose)
}

async function noteRead(
  trx: Kysely<Database>,
  actor: Actor,
  credential: SealedCredential,
  purpose: ReadPurpose | Quoted,
): Promise<void> {
  await recordAudit(trx, actor, {
    action: 'credential.read',
    objectId: credential.connectionId,
    reason: purpose,
    details: { version: credential.version },
  })
}

async function openNoted(actor: Actor, credential: SealedCredential, purpose: ReadPurpose | Quoted): Promise<Secret> {
  try {
    return await open(credential, credentialContext(actor.teamId, credential))
  } catch (error) {
    if (!isKeyOutage(error)) await reportRefusal(actor, credential, { purpose, error })
    throw error
  }
}

/**
 * As `openCredential`, for a batch: one audit row lists the connections. A value that cannot be opened is left out and
 * reported; the others are not held up by it.
 */
export async function openCredentials(
  actor: Actor,
  credentials: readonly SealedCredential[],
  purpose: ReadPurpose,
): Promise<Map<string, Secret>> {
  const [only] = credentials
  const connections = credentials.map(({ connectionId }) => connectionId)
  await recordAudit(db(), actor, {
    action: 'credential.read',
    objectId: credentials.length === 1 && only ? only.connectionId : 'batch',
    reason: purpose,
    details: { connections },
  })
  const opened = await Promise.all(
    credentials.map(async (credential): Promise<[string, Secret] | null> => {
      try {
        return [credential.connectionId, await open(credential, credentialContext(actor.teamId, credential))]
      } catch (error) {
        // Nothing is wrong with the values: the whole batch comes again.
        if (isKeyOutage(error)) throw error
        await reportRefusal(actor, credential, { purpose, error })
        return null
      }
    }),
  )
  return new Map(opened.filter((entry) => entry !== null))
}

/** A row that was moved or changed, or a key that is missing: somebody has to look, and nothing is given out. */
async function reportRefusal(
  actor: Actor,
  { connectionId, version }: SealedCredential,
  { purpose, error }: { purpose: string; error: unknown },
): Promise<void> {
  log.error('credential.open_refused', error, { connectionId })
  await inTransaction((trx) =>
    recordAudit(trx, actor, {
      action: 'credential.open_refused',
      objectId: connectionId,
      outcome: 'refused',
      reason: purpose,
      details: { version },
    }),
  )
}

/** Where a sealed credential belongs; rebuilt from its row each time. */
export function credentialContext(teamId: string, { connectionId, host }: { connectionId: string; host: string }) {
  return { teamId, connectionId, field: 'apiToken', host }
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { cancelCheck, scheduleCheck } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { moveStatus, saveOwner, touchConnection } from '#lib/data/connections.ts'
import { findSameToken, insertCredential, shredCredentials, UNVERIFIED_HOST } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import { getProfile } from '#lib/data/profiles.ts'
import type { Database } from '#lib/data/schema.ts'
import { lockTokensOfTeam } from '#lib/data/shared-fate.ts'
import { insertVerification } from '#lib/data/verifications.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'
import { nextTrySeconds } from './next-try.ts'
import { mayUseOtherCompany } from './other-company.ts'
import { noteRename } from './rename.ts'
import type { OldToken } from './rotate.ts'
import { closeExposure, isReplacing } from './rotate.ts'
import { sealToken } from './seal.ts'
import type { Status } from './status.ts'
import { statusAfter } from './status.ts'
import { providerOf } from './verify.ts'

/** What becomes of the token: kept for use, kept until somebody says yes, left as it is sealed already, or not kept. */
type Keeping = 'in_force' | 'pending' | 'unchanged' | 'nothing'

export type Settlement = {
  connection: CustomerConnection
  code: VerdictCode
  verdict: Verdict | null
  /** The address that was checked. */
  askedDomain: string
  status: Status
  keeping: Keeping
  /** The token in force stays, whatever becomes of the one that is to replace it. */
  goesOn: boolean
  /** What somebody said yes to. */
  accepted: readonly VerdictCode[]
  credential: Awaited<ReturnType<typeof sealToken>> | null
  /** Seconds until our next try; only for a wait. */
  retryAfterSeconds: number | null
}

type Judged = { code: VerdictCode; verdict: Verdict | null }

/** Decides what a verdict does to a connection and seals what is kept. Stores nothing; call it before the transaction. */
export async function prepareSettlement(
  actor: Actor,
  connection: CustomerConnection,
  {
    code,
    verdict,
    apiToken,
    askedDomain,
    accepted = [],
    attempt = 0,
    waited = false,
  }: Judged & {
    apiToken: Secret
    askedDomain: string
    accepted?: readonly VerdictCode[]
    attempt?: number
    /** The token is sealed already, and waits for the provider. */
    waited?: boolean
  },
): Promise<Settlement> {
  const { limitsAllowed } = await getProfile(db(), connection)
  const status =
    code === 'LIMITED_ACCESS' && !limitsAllowed
      ? 'needs_customer'
      : statusAfter(code, { limitsAccepted: accepted.includes(code) })
  const waiting = status === 'waiting_provider'
  const host = waiting ? UNVERIFIED_HOST : hostOf(connection, verdict)
  const retryAfterSeconds = waiting
    ? nextTrySeconds(code, {
        attempt,
        retryAfterSeconds: verdict?.retryAfterSeconds ?? null,
        waitedSeconds: connection.waitedSeconds ?? 0,
        now: new Date(),
      })
    : null
  if (isReplacing(connection) && status !== 'connected' && status !== 'connected_limited') {
    const settlement = { ...notKept(connection, { code, verdict }, { askedDomain, accepted }), retryAfterSeconds }
    if (waiting && waited) return { ...settlement, keeping: 'unchanged' }
    if (!waiting && (code !== 'LIMITED_ACCESS' || status !== 'needs_confirmation')) return settlement
    const credential = await sealToken(actor, { connectionId: connection.id, host, apiToken })
    return { ...settlement, keeping: 'pending', credential }
  }
  const keeping = waiting && waited ? 'unchanged' : keepingOf(connection, { code, status, verdict })
  return {
    connection,
    code,
    verdict,
    askedDomain,
    status,
    keeping,
    goesOn: false,
    accepted,
    credential:
      keeping === 'nothing' || keeping === 'unchanged'
        ? null
        : await sealToken(actor, { connectionId: connection.id, host, apiToken }),
    retryAfterSeconds,
  }
}

function hostOf(connection: CustomerConnection, verdict: Verdict | null): string {
  const domain = verdict?.owner?.companyDomain
  return domain ? providerOf(connection).hostOf(domain) : UNVERIFIED_HOST
}

/** What was meant to replace a working token did not pass: the connection goes on with the one it has. */
function notKept(
  connection: CustomerConnection,
  judged: Judged,
  { askedDomain, accepted }: Pick<Settlement, 'askedDomain' | 'accepted'>,
): Settlement {
  const { status } = connection
  const nothing = { keeping: 'nothing', goesOn: true, credential: null, retryAfterSeconds: null } as const
  return { connection, ...judged, askedDomain, accepted, status, ...nothing }
}

function keepingOf(connection: CustomerConnection, { code, status, verdict }: Judged & { status: Status }): Keeping {
  if (status === 'connected' || status === 'connected_limited' || status === 'waiting_provider') return 'in_force'
  if (verdicts[code].severity === 'confirm' && status !== 'needs_customer') return 'pending'
  if (code === 'COMPANY_MISMATCH' && mayUseOtherCompany(connection, verdict?.owner?.companyDomain ?? null))
    return 'pending'
  return 'nothing'
}

/** Seconds until the next regular look: the profile's interval, or up to a sixth sooner, so that looks spread out. */
export function watchInSeconds({ checkIntervalMinutes }: { checkIntervalMinutes: number }): number {
  return Math.round(checkIntervalMinutes * 60 * (1 - Math.random() / 6))
}

/**
 * Writes a settlement on a locked connection: credential, status, check, audit. Part of the caller's transaction.
 * Answers what was written: it is another one when somebody else connected with the same token meanwhile.
 */
export async function writeSettlement(
  trx: Kysely<Database>,
  actor: Actor,
  prepared: Settlement,
  {
    from,
    version,
    trigger,
    old = 'unknown',
  }: { from: Status; version: number; trigger: 'submit' | 'confirm' | 'retry' | 'staff'; old?: OldToken },
): Promise<Settlement> {
  const settlement = await unlessTakenMeanwhile(trx, actor, prepared)
  const { connection, code, verdict, askedDomain, status, keeping, goesOn, credential } = settlement
  const scope = { teamId: actor.teamId, connectionId: connection.id }
  const waiting = settlement.retryAfterSeconds !== null
  const connected = !goesOn && (status === 'connected' || status === 'connected_limited')

  await insertVerification(trx, actor, {
    connectionId: connection.id,
    trigger,
    verdictCode: code,
    verdict,
    askedDomain,
  })
  // A retry settles a token that is sealed already: refused, it goes; accepted, it is sealed anew under its real host.
  const nextVersion = trigger === 'retry' && !isReplacing(connection) ? version : version + 1
  if (keeping !== 'unchanged') {
    await shredCredentials(trx, { ...scope, states: ['pending'], into: 'shredded' })
    if (keeping === 'in_force' || (trigger === 'retry' && !goesOn))
      await shredCredentials(trx, { ...scope, states: ['in_force'], into: 'replaced' })
  }
  if (credential && (keeping === 'in_force' || keeping === 'pending')) {
    await insertCredential(trx, actor, { ...credential, version: nextVersion, state: keeping })
    await recordAudit(trx, actor, {
      action: keeping === 'in_force' ? 'credential.sealed' : 'credential.pending',
      objectId: connection.id,
      details: { version: nextVersion, host: credential.host },
    })
  }
  if (connected && verdict?.owner) {
    await saveOwner(trx, actor, { connectionId: connection.id, owner: verdict.owner })
    await noteRename(trx, actor, connection, verdict.owner)
  }
  await touchConnection(trx, actor, {
    connectionId: connection.id,
    checked: verdict?.asked ?? false,
    connected,
    waiting,
    version: keeping === 'in_force' ? nextVersion : undefined,
  })
  await moveStatus(trx, actor, {
    connectionId: connection.id,
    from,
    to: status,
    verdictCode: goesOn ? connection.verdictCode : code,
  })
  await recordAudit(trx, actor, {
    action: 'connection.verified',
    objectId: connection.id,
    details: { verdict: code, from, to: status },
  })
  const connectionId = connection.id
  if (waiting)
    await scheduleCheck(trx, actor, {
      connectionId,
      reason: 'waiting',
      inSeconds: settlement.retryAfterSeconds ?? 0,
    })
  // The one in force was not looked at as long as another waited to replace it.
  else if (goesOn && connection.waitedSeconds !== null)
    await scheduleCheck(trx, actor, { connectionId, reason: 'watch', inSeconds: 0 })
  if (goesOn) return settlement
  // Also of a token that was seen and stopped working before its customer brought the new one.
  if (connected && connection.exposedAt) await closeExposure(trx, actor, { connectionId, old })
  if (connected || (!waiting && connection.connectedAt && keeping !== 'in_force')) {
    // A repair that did not succeed leaves the old token, which may come back to life.
    const profile = await getProfile(trx, connection)
    await scheduleCheck(trx, actor, { connectionId, reason: 'watch', inSeconds: watchInSeconds(profile) })
  } else if (!waiting) await cancelCheck(trx, actor, connectionId)
  if (connected) {
    const isRepaired = connection.connectedAt !== null
    await recordConnectionEvent(trx, actor, {
      type: isRepaired ? 'connection.replaced' : 'connection.ready',
      connectionId,
    })
  }
  // Of what the customer has still to mend while they sit at the page, nobody else is told.
  if (status === 'needs_manager' && from !== status)
    await recordConnectionEvent(trx, actor, { type: 'connection.needs_attention', connectionId })
  return settlement
}

/** Two connections may take one token at the same time; the one that is written second waits for the manager like any other. */
async function unlessTakenMeanwhile(trx: Kysely<Database>, actor: Actor, settlement: Settlement): Promise<Settlement> {
  const { connection, credential, status, goesOn, accepted } = settlement
  const takesToken = !goesOn && (status === 'connected' || status === 'connected_limited')
  if (!credential || !takesToken || accepted.includes('ALREADY_CONNECTED')) return settlement
  await lockTokensOfTeam(trx, actor.teamId)
  const { fingerprint } = credential
  const taken = await findSameToken(trx, { teamId: actor.teamId, connectionId: connection.id, fingerprint })
  if (!taken) return settlement
  if (isReplacing(connection))
    return notKept(connection, { code: 'ALREADY_CONNECTED', verdict: settlement.verdict }, settlement)
  return { ...settlement, code: 'ALREADY_CONNECTED', status: 'needs_manager', keeping: 'pending' }
}

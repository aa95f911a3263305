import 'server-only'
import type { Actor, LinkHolder, Staff, Watcher } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, setExposed } from '#lib/data/connections.ts'
import type { SealedCredential } from '#lib/data/credentials.ts'
import { findCredential, UNVERIFIED_HOST } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { Verification } from '#lib/data/verifications.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { whereSealedOpens } from './errand.ts'
import { lockNewestLink, mayResend, reissueIn } from './links.ts'
import { openCredential } from './seal.ts'
import type { Status } from './status.ts'
import { checkLive } from './verify.ts'

export type RotateOutcome = 'done' | 'not_connected' | 'reason_needed' | 'throttled'

/**
 * Somebody may have seen a token: its customer is asked to make a new one, and the old one must be dead before the case
 * is closed. The connection works on meanwhile.
 */
export async function askForNewToken(
  staff: Staff,
  { connectionId, reason }: { connectionId: string; reason: string | null },
): Promise<RotateOutcome> {
  if (!reason) return 'reason_needed'
  const scope = { teamId: staff.teamId, connectionId }
  const { requestId } = await getConnection(db(), scope)
  if (!(await mayResend(requestId)).allowed) return 'throttled'
  return inTransaction(async (trx): Promise<RotateOutcome> => {
    await lockNewestLink(trx, staff, requestId)
    const { status } = await lockConnection(trx, scope)
    if (!isConnected(status)) return 'not_connected'
    await setExposed(trx, staff, { connectionId, exposed: true })
    await recordAudit(trx, staff, { action: 'connection.exposed', objectId: connectionId, reason })
    await recordConnectionEvent(trx, staff, { type: 'connection.needs_attention', connectionId })
    const { name } = await getConnection(trx, scope)
    await reissueIn(trx, staff, {
      requestId,
      deliver: 'mail',
      purpose: 'repair',
      letter: 'rotate',
      connectionId,
      facts: { connection: name },
    })
    return 'done'
  })
}

/** A token that may have been seen is to be replaced while the connection goes on. */
export function isReplacing({ status, exposedAt }: Pick<CustomerConnection, 'status' | 'exposedAt'>): boolean {
  return exposedAt !== null && isConnected(status)
}

/**
 * The connection goes on, yet the token that its customer brought to replace the other waits: for the provider, or for
 * their own yes to its limits.
 */
export function asItsCustomerSees(
  connection: CustomerConnection,
  pending: Pick<SealedCredential, 'host'> | null,
  seen: Pick<Verification, 'verdictCode'> | null,
): CustomerConnection {
  if (!pending || !isReplacing(connection)) return connection
  if (pending.host === UNVERIFIED_HOST)
    return { ...connection, status: 'waiting_provider', verdictCode: seen?.verdictCode ?? null }
  return { ...connection, status: 'needs_confirmation', verdictCode: 'LIMITED_ACCESS' }
}

/** Why the last token that was brought did not replace the one that was seen; null when none was. */
export function whyNotReplaced(
  { exposedAt, verdictCode }: Pick<CustomerConnection, 'exposedAt' | 'verdictCode'>,
  seen: Pick<Verification, 'verdictCode' | 'createdAt'> | null,
): VerdictCode | null {
  if (!exposedAt || !seen || seen.createdAt <= exposedAt || seen.verdictCode === verdictCode) return null
  const { severity } = verdicts[seen.verdictCode]
  return severity === 'ok' || severity === 'wait' ? null : seen.verdictCode
}

function isConnected(status: Status): boolean {
  return status === 'connected' || status === 'connected_limited'
}

/** What Pipedrive said of the token that was seen. */
export type OldToken = 'refused' | 'unknown'
type Replacement = { code: VerdictCode; old: OldToken }

/**
 * Whether the new token may replace the one that was seen. Each user has one token, so a new one of the same user is
 * the proof that the old one was replaced; Pipedrive is asked about the old one all the same. STILL_ALIVE when it works.
 */
export async function judgeReplacement(holder: LinkHolder, code: VerdictCode): Promise<Replacement> {
  if (!ACCEPTED.includes(code)) return { code, old: 'unknown' }
  const { teamId, connectionId } = holder
  return whereSealedOpens({ kind: 'judge_replacement', holder, code }, () =>
    judgeOld(holder, { teamId, connectionId, code }),
  )
}

/** The same for a new token that had to wait for the provider. */
export async function judgeWaited(
  watcher: Watcher,
  judged: { teamId: string; connectionId: string; code: VerdictCode },
): Promise<Replacement> {
  if (!ACCEPTED.includes(judged.code)) return { code: judged.code, old: 'unknown' }
  return judgeOld(watcher, judged)
}

const ACCEPTED: readonly VerdictCode[] = ['OK', 'LIMITED_ACCESS', 'FEATURE_OFF']

async function judgeOld(
  actor: LinkHolder | Watcher,
  { teamId, connectionId, code }: { teamId: string; connectionId: string; code: VerdictCode },
): Promise<Replacement> {
  const connection = await getConnection(db(), { teamId, connectionId })
  const old = await findCredential(db(), { teamId, connectionId, state: 'in_force' })
  if (!old) return { code, old: 'unknown' }
  const apiToken = await openCredential(actor, old, 'check_of_replaced')
  const companyDomain = connection.providerCompanyDomain ?? ''
  const by = actor.kind === 'watcher' ? 'background' : 'person'
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate: null, depth: 'identity', by })
  if (verdict.code === 'TOKEN_REJECTED') return { code, old: 'refused' }
  const isAlive = verdict.owner !== null && verdicts[verdict.code].severity !== 'wait'
  return isAlive ? { code: 'STILL_ALIVE', old: 'unknown' } : { code, old: 'unknown' }
}

/** The new token is in force: the case is closed, with what is known of the old one. */
export async function closeExposure(
  trx: Parameters<typeof lockConnection>[0],
  actor: Actor,
  { connectionId, old }: { connectionId: string; old: OldToken },
): Promise<void> {
  await setExposed(trx, actor, { connectionId, exposed: false })
  await recordAudit(trx, actor, {
    action: 'connection.rotated',
    objectId: connectionId,
    details: { oldToken: old === 'refused' ? 'refused by Pipedrive' : 'replaced; Pipedrive did not say' },
  })
}

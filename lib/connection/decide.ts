import 'server-only'
import type { Kysely } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { fingerprint } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { hastenCheck } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, moveStatus, saveTyped, setExpectedDomain } from '#lib/data/connections.ts'
import { findCredential, shredCredentials } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { findLatestVerification } from '#lib/data/verifications.ts'
import { fieldsOf, isProviderId } from '#lib/providers/fields.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { whereSealedOpens } from './errand.ts'
import { enqueueAfterSettlement, enqueueAskAgain } from './letters.ts'
import { lockNewestLink, reissueIn } from './links.ts'
import { openCredential } from './seal.ts'
import { prepareSettlement, writeSettlement } from './settle.ts'
import { checkLive, compareWithExpected } from './verify.ts'

/** `nothing_pending`: the token that waited was erased, or somebody decided before. */
export type DecideOutcome = 'done' | 'nothing_pending' | 'not_allowed' | 'not_a_company'

/** What only the team can say yes to, and what "no" means: another token, please. */
const DECIDABLE: readonly VerdictCode[] = ['ALREADY_CONNECTED', 'FEATURE_OFF']

/**
 * "Both are wanted", or "Connect without it": the pending token is checked once more, then put in force. Whatever
 * comes out is mailed to the customer, who was told to wait.
 */
export async function acceptPending(staff: Staff, connectionId: string): Promise<DecideOutcome> {
  if (staff.role === 'support') return 'not_allowed'
  return whereSealedOpens({ kind: 'accept_pending', staff, connectionId }, () => accept(staff, connectionId))
}

async function accept(staff: Staff, connectionId: string): Promise<DecideOutcome> {
  const scope = { teamId: staff.teamId, connectionId }
  const connection = await getConnection(db(), scope)
  const pending = await findCredential(db(), { ...scope, state: 'pending' })
  const asked = connection.verdictCode
  const companyDomain = (await findLatestVerification(db(), scope))?.owner?.companyDomain
  if (!pending || !companyDomain || !isDecidable(connection) || !asked) return 'nothing_pending'

  const accepted = [...connection.acceptedCodes, asked]
  const apiToken = await openCredential(staff, pending, 'check_after_team_yes')
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate: connection.startDate })
  const code = await compareWithExpected(connection, verdict, {
    fingerprint: fingerprint(staff.teamId, apiToken),
    accepted,
  })
  const settlement = await prepareSettlement(staff, connection, {
    code,
    verdict,
    apiToken,
    askedDomain: companyDomain,
    accepted,
  })

  return inTransaction(async (trx): Promise<DecideOutcome> => {
    const { status: from, version } = await lockConnection(trx, scope)
    const still = await findCredential(trx, { ...scope, state: 'pending' })
    if (from !== 'needs_manager' || still?.id !== pending.id) return 'nothing_pending'
    await recordDecision(trx, staff, connection, 'accepted')
    await saveTyped(trx, staff, {
      connectionId,
      name: connection.name,
      typedDomain: companyDomain,
      startDate: connection.startDate,
      acceptedCodes: accepted,
    })
    const written = await writeSettlement(trx, staff, settlement, { from, version, trigger: 'staff' })
    await enqueueAfterSettlement(trx, staff, written, { trigger: 'retry' })
    return 'done'
  })
}

/** "Ask for another token": what waited is erased, and the customer reads why. */
export async function refusePending(staff: Staff, connectionId: string): Promise<DecideOutcome> {
  if (staff.role === 'support') return 'not_allowed'
  const scope = { teamId: staff.teamId, connectionId }
  return inTransaction(async (trx): Promise<DecideOutcome> => {
    const { status: from } = await lockConnection(trx, scope)
    const connection = await getConnection(trx, scope)
    const code = connection.verdictCode
    if (!isDecidable(connection) || !code) return 'nothing_pending'
    const seen = await findLatestVerification(trx, scope)
    await recordDecision(trx, staff, connection, 'another_token')
    const shredded = await shredCredentials(trx, { ...scope, states: ['pending'], into: 'shredded' })
    if (shredded > 0) await recordAudit(trx, staff, { action: 'credential.shredded', objectId: connectionId })
    await moveStatus(trx, staff, { connectionId, from, to: 'needs_customer', verdictCode: code })
    await enqueueAskAgain(trx, staff, connection, { code, owner: seen?.owner ?? null })
    return 'done'
  })
}

/** The company that was given is the right one after all: the request names it, and the customer gets a new link. */
export async function changeCompany(
  staff: Staff,
  { connectionId, domain }: { connectionId: string; domain: string },
): Promise<DecideOutcome> {
  if (staff.role === 'support') return 'not_allowed'
  const scope = { teamId: staff.teamId, connectionId }
  return inTransaction(async (trx): Promise<DecideOutcome> => {
    await lockNewestLink(trx, staff, (await getConnection(trx, scope)).requestId)
    const { status: from } = await lockConnection(trx, scope)
    const connection = await getConnection(trx, scope)
    if (from !== 'needs_manager' || connection.verdictCode !== 'WRONG_ACCOUNT' || connection.connectedAt)
      return 'nothing_pending'
    if (!isProviderId(connection.provider)) throw new Error(`unknown provider ${connection.provider}`)
    const { value, error } = fieldsOf(connection.provider).cleanDomain(domain)
    if (error) return 'not_a_company'
    await setExpectedDomain(trx, staff, { connectionId, expectedDomain: value })
    await recordAudit(trx, staff, {
      action: 'connection.company_changed',
      objectId: connectionId,
      details: { from: connection.expectedDomain, to: value },
    })
    await moveStatus(trx, staff, { connectionId, from, to: 'queued', verdictCode: null })
    await reissueIn(trx, staff, { requestId: connection.requestId, deliver: 'mail' })
    return 'done'
  })
}

/** "Run the check again": what waits for its time in the queue is asked at the next turn, rights and all. */
export async function checkNow(
  staff: Staff,
  { connectionId, reason }: { connectionId: string; reason: string | null },
): Promise<'done' | 'not_waiting' | 'reason_needed'> {
  if (staff.role === 'support' && !reason) return 'reason_needed'
  return inTransaction(async (trx) => {
    await lockConnection(trx, { teamId: staff.teamId, connectionId })
    if (!(await hastenCheck(trx, staff, connectionId))) return 'not_waiting'
    await recordAudit(trx, staff, {
      action: 'connection.check_requested',
      objectId: connectionId,
      reason: reason ?? undefined,
    })
    return 'done'
  })
}

function isDecidable({ status, verdictCode }: CustomerConnection): boolean {
  return status === 'needs_manager' && verdictCode !== null && DECIDABLE.includes(verdictCode)
}

async function recordDecision(
  trx: Kysely<Database>,
  staff: Staff,
  { id, verdictCode }: CustomerConnection,
  decision: 'accepted' | 'another_token',
): Promise<void> {
  await recordAudit(trx, staff, {
    action: 'connection.decided',
    objectId: id,
    details: { verdict: verdictCode, decision },
  })
}

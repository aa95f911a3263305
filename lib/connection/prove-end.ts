import 'server-only'
import type { Kysely } from 'kysely'
import type { Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { cancelCheck, holdsLease } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, moveStatus } from '#lib/data/connections.ts'
import { findCredential, shredCredentials } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { endOffBoarding, findOffBoarding, noteProbe } from '#lib/data/off-boardings.ts'
import { findOpenIncident, hasAcceptedSince } from '#lib/data/provider-health.ts'
import type { Database } from '#lib/data/schema.ts'
import { insertVerification } from '#lib/data/verifications.ts'
import { hastenAnother, lookLater } from '#lib/data/watched.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { EndProof } from './end-proof.ts'
import { enqueueClosed } from './letters.ts'
import { nextTrySeconds } from './next-try.ts'
import { PROBE_SECONDS } from './off-board.ts'
import { openCredential } from './seal.ts'
import { checkLive } from './verify.ts'

/** Two refusals must lie this far apart before a token counts as dead. */
const SECOND_PROBE_SECONDS = 65
/** When nobody else of the provider can be asked, the second refusal is proof enough after this. */
const CONTROL_WAIT_SECONDS = 900

/**
 * Asks Pipedrive whether it still accepts a token that is to be dead. Refused twice, a minute apart: the sealed value is
 * destroyed and the proof stays. At the deadline it is destroyed without one, and everybody reads that.
 */
export async function probeEnd(due: DueCheck): Promise<void> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
  const connection = await getConnection(db(), due)
  const [credential, ending] = await Promise.all([
    findCredential(db(), { ...due, state: 'in_force' }),
    findOffBoarding(db(), due),
  ])
  if (connection.status !== 'off_boarding' || !credential || !ending || ending.endedAt) {
    await inTransaction(async (trx) => {
      if (await holdsLease(trx, due)) await cancelCheck(trx, watcher, due.connectionId)
    })
    return
  }
  const apiToken = await openCredential(watcher, credential, 'check_of_end')
  const companyDomain = connection.providerCompanyDomain ?? ''
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate: null, depth: 'identity' })
  await write({ due, watcher, connection, ending, verdict }, await readingOf(connection, ending, verdict))
}

type Probe = {
  due: DueCheck
  watcher: Watcher
  connection: CustomerConnection
  ending: OffBoarding
  verdict: Verdict
}

/** What an answer says: refused for good, refused once, alive, or nothing. */
type Reading = { kind: 'dead' } | { kind: 'refused' | 'alive' | 'unknown'; inSeconds: number }

async function readingOf(
  { id: connectionId, provider, providerCompanyId: companyId }: CustomerConnection,
  { firstRefusedAt, refusedSeconds }: OffBoarding,
  verdict: Verdict,
): Promise<Reading> {
  if (verdict.code !== 'TOKEN_REJECTED') {
    const isAlive = verdict.owner !== null && verdicts[verdict.code].severity !== 'wait'
    return isAlive
      ? { kind: 'alive', inSeconds: PROBE_SECONDS }
      : {
          kind: 'unknown',
          inSeconds: nextTrySeconds(verdict.code, { ...verdict, attempt: 3, waitedSeconds: 0, now: new Date() }),
        }
  }
  const other = { connectionId, provider, companyId }
  if (firstRefusedAt === null || refusedSeconds === null) {
    await hastenAnother(db(), other)
    return { kind: 'refused', inSeconds: SECOND_PROBE_SECONDS }
  }
  if (refusedSeconds < 60) return { kind: 'refused', inSeconds: SECOND_PROBE_SECONDS - refusedSeconds }
  // Where the provider itself is in trouble, its refusals prove nothing about one token.
  if (await findOpenIncident(db(), provider)) return { kind: 'refused', inSeconds: PROBE_SECONDS / 12 }
  if (refusedSeconds >= CONTROL_WAIT_SECONDS || (await hasAcceptedSince(db(), provider, firstRefusedAt)))
    return { kind: 'dead' }
  const hasOther = await hastenAnother(db(), other)
  return hasOther ? { kind: 'refused', inSeconds: SECOND_PROBE_SECONDS } : { kind: 'dead' }
}

async function write(probe: Probe, reading: Reading): Promise<void> {
  const { due, watcher, connection, verdict, ending } = probe
  const connectionId = connection.id
  await inTransaction(async (trx) => {
    const { status } = await lockConnection(trx, due)
    if (status !== 'off_boarding' || !(await holdsLease(trx, due))) return
    const code = codeOf(reading, verdict.code)
    await noteProbe(trx, due, { code, isRefusal: verdict.code === 'TOKEN_REJECTED', isAlive: reading.kind === 'alive' })
    if (reading.kind === 'dead') return end(trx, probe, 'proved')
    if (ending.secondsLeft <= 0) return end(trx, probe, 'unproven')
    if (ending.probeCode !== code)
      await insertVerification(trx, watcher, { connectionId, trigger: 'off_board', verdictCode: code, verdict })
    await moveStatus(trx, watcher, { connectionId, from: status, to: status, verdictCode: code })
    await lookLater(trx, due, { inSeconds: Math.min(reading.inSeconds, ending.secondsLeft + 1), answered: true })
  })
}

function codeOf({ kind }: Reading, code: VerdictCode): VerdictCode {
  return kind === 'alive' ? 'STILL_ALIVE' : kind === 'dead' ? 'PROVEN_DEAD' : code
}

/** Destroys what was sealed and closes the connection, with what is known about the end. */
async function end(trx: Kysely<Database>, probe: Probe, outcome: 'proved' | 'unproven'): Promise<void> {
  const { watcher, connection, verdict } = probe
  const connectionId = connection.id
  const scope = { teamId: watcher.teamId, connectionId }
  const isProved = outcome === 'proved'
  const verdictCode = isProved ? 'PROVEN_DEAD' : null
  await insertVerification(trx, watcher, {
    connectionId,
    trigger: 'off_board',
    verdictCode: verdictCode ?? verdict.code,
    verdict,
  })
  await shredCredentials(trx, { ...scope, states: ['in_force', 'pending'], into: 'shredded' })
  await endOffBoarding(trx, scope, { outcome, proof: proofOf(probe, isProved) })
  const to = isProved ? 'closed' : 'closed_unproven'
  await moveStatus(trx, watcher, { connectionId, from: 'off_boarding', to, verdictCode })
  await cancelCheck(trx, watcher, connectionId)
  await recordAudit(trx, watcher, { action: 'credential.shredded', objectId: connectionId, details: { outcome } })
  await recordAudit(trx, watcher, { action: 'connection.closed', objectId: connectionId, details: { outcome } })
  await recordConnectionEvent(trx, watcher, {
    type: isProved ? 'connection.proved_dead' : 'connection.withdrawn',
    connectionId,
  })
  await enqueueClosed(trx, watcher, connection, { isProved })
}

function proofOf({ connection, ending, verdict }: Probe, isProved: boolean): EndProof {
  const [call] = verdict.calls
  const first = isProved ? ending.firstRefusedAt : null
  const second = first && new Date(first.getTime() + (ending.refusedSeconds ?? 0) * 1000)
  return {
    userName: connection.providerUserName,
    userId: connection.providerUserId,
    companyName: connection.providerCompanyName,
    companyDomain: connection.providerCompanyDomain,
    version: connection.version,
    firstRefusedAt: first?.toISOString() ?? null,
    refusedAt: second?.toISOString() ?? null,
    call: call?.call ?? null,
    httpStatus: call?.status ?? null,
    requestId: call?.requestId ?? null,
  }
}

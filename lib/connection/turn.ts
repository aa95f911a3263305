import 'server-only'
import type { Kysely } from 'kysely'
import type { Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { holdsLease } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, moveStatus, saveOwner } from '#lib/data/connections.ts'
import { resealCredential } from '#lib/data/credentials.ts'
import { inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import type { Database } from '#lib/data/schema.ts'
import { recordStop } from '#lib/data/stops.ts'
import { insertVerification } from '#lib/data/verifications.ts'
import type { Watched } from '#lib/data/watched.ts'
import { lookLater, markConnection } from '#lib/data/watched.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'
import { enqueueWorksAgain, repairFacts, tellOfRights, tellOfStop } from './letters.ts'
import { lockNewestLink, reissueIn } from './links.ts'
import { noteRename } from './rename.ts'
import { sealToken } from './seal.ts'
import type { Status } from './status.ts'
import { providerOf } from './verify.ts'

/** What a turn is written with: everything is locked and the lease is still ours. */
export type Ready = {
  trx: Kysely<Database>
  watcher: Watcher
  connection: CustomerConnection
  one: Watched
  verdict: Verdict
}

/** Writes down a turn that the watcher saw: what was checked, the status, and the audit row. */
async function turn(
  { trx, watcher, connection, verdict }: Ready,
  { to, code }: { to: Status; code: VerdictCode },
): Promise<void> {
  const connectionId = connection.id
  await insertVerification(trx, watcher, { connectionId, trigger: 'watch', verdictCode: code, verdict })
  await moveStatus(trx, watcher, { connectionId, from: connection.status, to, verdictCode: code })
  await recordAudit(trx, watcher, {
    action: 'connection.verified',
    objectId: connectionId,
    details: { verdict: code, from: connection.status, to },
  })
}

/** The token that had stopped is accepted again: its user was made active, or the account was paid. */
export async function restore(
  ready: Ready,
  { to, code }: { to: 'connected' | 'connected_limited'; code: VerdictCode },
): Promise<void> {
  const { trx, watcher, connection } = ready
  await turn(ready, { to, code })
  await recordConnectionEvent(trx, watcher, { type: 'connection.restored', connectionId: connection.id })
  await enqueueWorksAgain(trx, watcher, connection)
}

/** Rights were taken away or given back. The token works: whether that will do is for the manager to decide. */
export async function noteRights(
  ready: Ready,
  { to, code }: { to: 'connected' | 'connected_limited'; code: VerdictCode },
): Promise<void> {
  const { trx, watcher, connection } = ready
  await turn(ready, { to, code })
  const type = to === 'connected' ? 'connection.restored' : 'connection.needs_attention'
  await recordConnectionEvent(trx, watcher, { type, connectionId: connection.id })
  if (to === 'connected_limited') await tellOfRights(trx, watcher, connection, code)
}

/** The same company has another address: the token is sealed for it, and handed out for it, from now on. */
export async function followRename(ready: Ready, { apiToken }: { apiToken: Secret }): Promise<void> {
  const { trx, watcher, connection, one, verdict } = ready
  const { owner } = verdict
  if (!owner?.companyDomain) return
  const host = providerOf(connection).hostOf(owner.companyDomain)
  const sealed = await sealToken(watcher, { connectionId: connection.id, host, apiToken })
  await resealCredential(trx, watcher, { ...sealed, id: one.credential.id })
  await saveOwner(trx, watcher, { connectionId: connection.id, owner })
  await noteRename(trx, watcher, connection, owner)
  await recordConnectionEvent(trx, watcher, { type: 'connection.replaced', connectionId: connection.id })
}

/** What the board says of a connection that stopped: the token itself, or who or what it belongs to. */
function codeOfStop(code: VerdictCode): VerdictCode {
  return code === 'TOKEN_REJECTED' ? 'STOPPED_WORKING' : code
}

/**
 * Refused twice: the connection has stopped. The customer gets one working link with the likely reason, the manager is
 * told, integrations read it as an event. The link is locked first, as everybody does who changes one.
 */
export async function stop(
  { one, due, verdict }: { one: Watched; due: DueCheck; verdict: Verdict },
  { code, watchAgainSeconds }: { code: VerdictCode; watchAgainSeconds: number },
): Promise<void> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: one.teamId })
  const { connectionId, requestId } = one
  await inTransaction(async (trx) => {
    const link = await lockNewestLink(trx, watcher, requestId)
    const { status } = await lockConnection(trx, one)
    if (status !== one.status || !(await holdsLease(trx, due))) return
    const connection = await getConnection(trx, one)
    const refusedAt = one.suspectSince ?? new Date()
    await recordStop(trx, watcher, { connectionId, requestId, workedAt: connection.checkedAt, refusedAt })
    await turn({ trx, watcher, connection, one, verdict }, { to: 'stopped', code: codeOfStop(code) })
    await markConnection(trx, watcher, { connectionId, suspect: false, degraded: false, stopped: true, checked: true })
    await lookLater(trx, due, { inSeconds: watchAgainSeconds, answered: true })
    await recordConnectionEvent(trx, watcher, { type: 'connection.needs_attention', connectionId })
    // A second connection of the same request finds its customer told already: the link serves both.
    const isTold = link?.state === 'live' && link.purpose === 'repair'
    const facts = repairFacts(connection, code)
    if (!isTold)
      await reissueIn(trx, watcher, {
        requestId,
        deliver: 'mail',
        purpose: 'repair',
        letter: 'stopped',
        connectionId,
        facts,
      })
    await tellOfStop(trx, watcher, connection, facts)
  })
}

import 'server-only'
import { proven } from '#lib/actor.ts'
import { fingerprint } from '#lib/crypto/digest.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { holdsLease } from '#lib/data/connection-checks.ts'
import { getConnection, lockConnection } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { enqueueAfterSettlement } from './letters.ts'
import { openCredential } from './seal.ts'
import { prepareSettlement, writeSettlement } from './settle.ts'
import { checkLive, compareWithExpected } from './verify.ts'

/**
 * Asks the provider again for a connection that waits for it. The customer is done: whatever comes out is
 * mailed to them. The lease is looked at inside the transaction, so that a worker that lost it writes nothing.
 */
export async function retryWaiting(due: DueCheck): Promise<void> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
  const connection = await getConnection(db(), due)
  const credential = await findCredential(db(), { ...due, state: 'in_force' })
  if (connection.status !== 'waiting_provider' || !credential) return

  const apiToken = await openCredential(watcher, credential, 'check while waiting for the provider')
  const companyDomain = connection.typedDomain ?? ''
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate: connection.startDate })
  const code = await compareWithExpected(connection, verdict, {
    fingerprint: fingerprint(due.teamId, apiToken),
    accepted: connection.acceptedCode ? [connection.acceptedCode] : [],
  })
  const settlement = await prepareSettlement(watcher, connection, {
    code,
    verdict,
    apiToken,
    accepted: connection.acceptedCode,
    attempt: due.attempt,
  })

  await inTransaction(async (trx) => {
    const { status: from, version } = await lockConnection(trx, due)
    if (from !== 'waiting_provider' || !(await holdsLease(trx, due))) return
    await writeSettlement(trx, watcher, settlement, { from, version, trigger: 'retry' })
    await enqueueAfterSettlement(trx, watcher, settlement, { trigger: 'retry' })
  })
}

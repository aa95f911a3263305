import 'server-only'
import { proven } from '#lib/actor.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { holdCheck } from '#lib/data/connection-checks.ts'
import { getConnection, lockConnection } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import { admitBackgroundChecks, listCompaniesOf } from '#lib/data/provider-pauses.ts'
import { tellOfLongWait } from './letters.ts'
import { mayRunInBackground, SHORT_WINDOW_SECONDS } from './pace.ts'

/**
 * Which of the due checks may run now; the others are given back for later, as if they had not been taken. Only what
 * nobody waits for is held: a check that somebody asked for, and whether a token is dead, count as a person's.
 */
export async function admit(due: readonly DueCheck[]): Promise<DueCheck[]> {
  const isHeld = await listHeld(due.filter(({ reason, urgent }) => reason !== 'off_board' && !urgent))
  await Promise.all(due.map((check) => hold(check, isHeld.get(check.connectionId) ?? 0)))
  return due.filter(({ connectionId }) => !isHeld.has(connectionId))
}

/** Those that have to wait, and for how many seconds. */
async function listHeld(checks: readonly DueCheck[]): Promise<Map<string, number>> {
  if (checks.length === 0) return new Map()
  if (!(await mayRunInBackground(checks.length))) return new Map(checks.map(({ connectionId }) => [connectionId, 1]))
  const companies = await listCompaniesOf(checks.map(({ connectionId }) => connectionId))
  const waits = await admitBackgroundChecks(companies, SHORT_WINDOW_SECONDS)
  return new Map([...waits].filter(([, seconds]) => seconds > 0))
}

/** Up to half as long again, so that those who were held together do not come back together. */
const HELD_JITTER = 0.5

/** The provider is not asked: the check comes again later, and the wait for it is as long as it was. */
export async function hold(due: DueCheck, seconds: number): Promise<void> {
  if (seconds <= 0) return
  await inTransaction(async (trx) => {
    const { status } = await lockConnection(trx, due)
    const isMine = await holdCheck(trx, due, seconds * (1 + Math.random() * HELD_JITTER))
    if (!isMine || status !== 'waiting_provider') return
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
    await tellOfLongWait(trx, watcher, await getConnection(trx, due))
  })
}

import 'server-only'
import { proven } from '#lib/actor.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { holdCheck, holdChecks } from '#lib/data/connection-checks.ts'
import { getConnection, lockConnection } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { listOpenIncidents } from '#lib/data/provider-health.ts'
import { admitBackgroundChecks, listCompaniesOf } from '#lib/data/provider-pauses.ts'
import { tellOfLongWait } from './letters.ts'
import { backgroundChecksOf, probesOf, SHORT_WINDOW_SECONDS } from './pace.ts'

/**
 * Which of the due checks may run now; the others are given back for later, as if they had not been taken. Only what
 * nobody waits for is held: a check that somebody asked for, and whether a token is dead, count as a person's.
 */
export async function admit(due: readonly DueCheck[]): Promise<DueCheck[]> {
  const isHeld = await listHeld(due.filter(({ reason, urgent }) => reason !== 'off_board' && !urgent))
  await hold(due.map((check) => ({ check, seconds: isHeld.get(check.connectionId) ?? 0 })))
  return due.filter(({ connectionId }) => !isHeld.has(connectionId))
}

/** Those that have to wait, and for how many seconds. */
async function listHeld(all: readonly DueCheck[]): Promise<Map<string, number>> {
  if (all.length === 0) return new Map()
  const granted = await backgroundChecksOf(all.length)
  const [checks, late] = [all.slice(0, granted), all.slice(granted)]
  const held = await listHeldByProvider(checks)
  for (const { connectionId } of late) held.set(connectionId, 1)
  return held
}

async function listHeldByProvider(checks: readonly DueCheck[]): Promise<Map<string, number>> {
  if (checks.length === 0) return new Map()
  const companies = await listCompaniesOf(checks.map(({ connectionId }) => connectionId))
  const resting = await listResting(checks, companies)
  const asking = companies.filter(({ connectionId }) => !resting.has(connectionId))
  const waits = await admitBackgroundChecks(asking, SHORT_WINDOW_SECONDS)
  return new Map([...resting, ...[...waits].filter(([, seconds]) => seconds > 0)])
}

/** Longer than the time in which a few looks show that a provider is back, which brings all the others forward. */
const RESTING_SECONDS = 240

/** While a provider is in trouble a few regular looks find out when it is over; the others need not be made. */
async function listResting(
  checks: readonly DueCheck[],
  companies: readonly { connectionId: string; provider: string }[],
): Promise<Map<string, number>> {
  const resting = new Map<string, number>()
  const isWatch = new Set(checks.filter(({ reason }) => reason === 'watch').map(({ connectionId }) => connectionId))
  for (const { provider } of await listOpenIncidents(db())) {
    const watched = companies.filter((one) => one.provider === provider && isWatch.has(one.connectionId))
    if (watched.length === 0) continue
    const probes = await probesOf(provider, watched.length)
    for (const { connectionId } of watched.slice(probes)) resting.set(connectionId, RESTING_SECONDS)
  }
  return resting
}

/** Up to half as long again, so that those who were held together do not come back together. */
const HELD_JITTER = 0.5

/** The provider is not asked: these checks come again later, and the wait for them is as long as it was. */
export async function hold(held: readonly { check: DueCheck; seconds: number }[]): Promise<void> {
  const late = held
    .filter(({ seconds }) => seconds > 0)
    .map(({ check, seconds }) => ({ ...check, seconds: seconds * (1 + Math.random() * HELD_JITTER) }))
  await Promise.all([
    holdChecks(late.filter(({ reason }) => reason !== 'waiting')),
    ...late.filter(({ reason }) => reason === 'waiting').map((check) => holdWaiting(check, check.seconds)),
  ])
}

/** Whoever waits for a whole day is heard of, whether the provider is asked or not. */
async function holdWaiting(due: DueCheck, seconds: number): Promise<void> {
  await inTransaction(async (trx) => {
    const { status } = await lockConnection(trx, due)
    const isMine = await holdCheck(trx, due, seconds)
    if (!isMine || status !== 'waiting_provider') return
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
    await tellOfLongWait(trx, watcher, await getConnection(trx, due))
  })
}

import 'server-only'
import type { Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { fingerprint } from '#lib/crypto/digest.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { cancelCheck, holdsLease, scheduleCheck } from '#lib/data/connection-checks.ts'
import { getConnection, lockConnection } from '#lib/data/connections.ts'
import { findCredential, UNVERIFIED_HOST } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import { getProfile } from '#lib/data/profiles.ts'
import type { Incident, Tally } from '#lib/data/provider-health.ts'
import { addTally, findOpenIncident, hasAcceptedSince, readHealth } from '#lib/data/provider-health.ts'
import type { Passed, Watched } from '#lib/data/watched.ts'
import { hastenAnother, listWatched, lookLater, markConnection, passChecks } from '#lib/data/watched.ts'
import { log } from '#lib/log.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'
import { count } from '#lib/telemetry.ts'
import { hold } from './admit.ts'
import { reviewProvider, TROUBLE_MINUTES } from './incident.ts'
import { enqueueAfterSettlement } from './letters.ts'
import { acceptedBefore } from './limits.ts'
import type { Look } from './look.ts'
import { judgeLook } from './look.ts'
import { nextTrySeconds } from './next-try.ts'
import { isReplacing, judgeWaited } from './rotate.ts'
import { openCredential, openCredentials } from './seal.ts'
import { prepareSettlement, watchInSeconds, writeSettlement } from './settle.ts'
import type { Ready } from './turn.ts'
import { followRename, noteRights, restore, stop } from './turn.ts'
import { checkLive, compareWithExpected } from './verify.ts'

/** Two refusals must lie this far apart before anybody is told that a token is dead. */
export const SECOND_LOOK_SECONDS = 65
/** While a provider is in trouble nobody is judged; we look again after this. */
const PAUSE_SECONDS = 300
/** Rights change seldom, and reading them costs Pipedrive's own budget: once a week, or when somebody asks. */
const FULL_CHECK_DAYS = 7
/** As long as an outage lasts, each of those who wait knocks once in this time; the first one let in ends it for all. */
const NOT_ASKED_SECONDS = 60
/** A token that has been refused for so long is not coming back. */
const STOPPED_WATCH_DAYS = 30
/** So many unanswered looks in a row, and integrations are told that the provider is in trouble. */
const DEGRADED_AFTER = 2
/** When nobody else can be asked, or nobody else is accepted either, the second refusal counts after this. */
const CONTROL_WAIT_SECONDS = 900

/**
 * Looks again at sealed tokens that are due, all at once. What Pipedrive accepted is noted in one statement for the
 * whole batch; only what changed costs a transaction of its own.
 */
export async function lookAgain(due: readonly DueCheck[]): Promise<void> {
  const watched = await listWatched(db(), due)
  const looks = await Promise.all(byTeam(watched).map((team) => lookAtTeam(team, due)))
  await forgetOthers(due, watched)

  const all = looks.flat()
  for (const { verdict } of all) count('checks', { verdict: verdict.code })
  const isAsked = ({ look, verdict }: Looked) => look.kind !== 'unanswered' || verdict.asked
  await hold(
    all.filter((looked) => !isAsked(looked)).map(({ due, look }) => ({ check: due, seconds: notAskedSeconds(look) })),
  )
  for (const provider of new Set(watched.map((one) => one.provider))) {
    const tally = tallyOf(all.filter(({ one }) => one.provider === provider))
    await addTally(provider, tally)
    await reviewProvider(provider, tally)
  }
  const passed = await Promise.all(all.filter(isAsked).map(settleLook))
  await passChecks(passed.filter((one) => one !== null))
}

type Looked = { one: Watched; due: DueCheck; look: Look; verdict: Verdict; isFull: boolean; apiToken: Secret }

function byTeam(watched: readonly Watched[]): Watched[][] {
  return [...Map.groupBy(watched, ({ teamId }) => teamId).values()]
}

/** One audit row says which tokens were read; then each is asked about. */
async function lookAtTeam(team: Watched[], due: readonly DueCheck[]): Promise<Looked[]> {
  const watcher = watcherOf(team[0]?.teamId ?? '')
  const tokens = await openCredentials(
    watcher,
    team.map(({ credential }) => credential),
    'regular_check',
  )
  const checks = new Map(due.map((check) => [check.connectionId, check]))
  const looks = await Promise.all(
    team.map(async (one): Promise<Looked | null> => {
      const check = checks.get(one.connectionId)
      const apiToken = tokens.get(one.connectionId)
      if (!check || !apiToken) return null
      const isFull = check.urgent || one.fullCheckDays === null || one.fullCheckDays >= FULL_CHECK_DAYS
      const { companyDomain, startDate } = one
      const depth = isFull ? 'full' : 'identity'
      const by = check.urgent ? 'person' : 'background'
      const verdict = await checkLive(one, { apiToken, companyDomain, startDate, depth, by })
      return { one, due: check, look: judgeLook(one, verdict), verdict, isFull, apiToken }
    }),
  )
  return looks.filter((looked) => looked !== null)
}

/** Closed, waiting, or without a token by now: nothing is left to look at. */
async function forgetOthers(due: readonly DueCheck[], watched: readonly Watched[]): Promise<void> {
  const kept = new Set(watched.map(({ connectionId }) => connectionId))
  for (const { teamId, connectionId, lease } of due) {
    if (kept.has(connectionId)) continue
    await inTransaction(async (trx) => {
      if (await holdsLease(trx, { connectionId, lease })) await cancelCheck(trx, watcherOf(teamId), connectionId)
    })
  }
}

function tallyOf(looks: readonly Looked[]): Tally {
  const count = (...kinds: Look['kind'][]) => looks.filter(({ look }) => kinds.includes(look.kind)).length
  const refused = looks.filter(({ look, one }) => look.kind === 'refused' && !one.isStopped).length
  const silent = looks.filter(({ look, verdict }) => look.kind === 'unanswered' && verdict.asked && !isLimit(verdict))
  return {
    fine: count('fine', 'working', 'renamed', 'rights'),
    refused,
    unanswered: silent.length,
    companies: silent.map(({ one }) => one.companyId ?? one.companyDomain),
  }
}

/** A spent budget is one company's own: it says nothing about the provider. */
function isLimit({ code }: Verdict): boolean {
  return code === 'RATE_LIMITED' || code === 'DAILY_LIMIT'
}

/** What a look leads to; the look itself when all that is left is to note that it went well. */
async function settleLook(looked: Looked): Promise<Passed | null> {
  try {
    return await settle(looked)
  } catch (error) {
    log.error('watch.failed', error, { connectionId: looked.one.connectionId })
    return null
  }
}

async function settle(looked: Looked): Promise<Passed | null> {
  const { one, due, look, isFull } = looked
  const inSeconds = watchInSeconds(await getProfile(db(), one))
  switch (look.kind) {
    case 'fine':
      if (one.degradedSince || one.suspectSince) await change(looked, inSeconds, () => Promise.resolve())
      return { connectionId: one.connectionId, lease: due.lease, inSeconds, isFull }
    case 'working':
      // A newer token waits for somebody's yes: that decides, not the old one.
      if (one.status === 'needs_confirmation' || one.status === 'needs_manager')
        await lookLater(db(), due, { inSeconds, answered: true })
      else await change(looked, inSeconds, (ready) => restore(ready, { to: look.to, code: look.code }))
      return null
    case 'renamed':
      await change(looked, inSeconds, (ready) => followRename(ready, { apiToken: looked.apiToken }))
      return null
    case 'rights':
      await change(looked, inSeconds, (ready) => noteRights(ready, { to: look.to, code: look.code }))
      return null
    case 'refused':
      await doubt(looked, look.code, inSeconds)
      return null
    case 'unanswered':
      await wait(looked, look.retryAfterSeconds, inSeconds)
      return null
  }
}

/** Runs one change in a transaction, unless another worker or a person was faster. Clears what troubled the watcher. */
async function change(looked: Looked, inSeconds: number, write: (ready: Ready) => Promise<void>): Promise<void> {
  const { one, due, verdict, isFull } = looked
  const watcher = watcherOf(one.teamId)
  await inTransaction(async (trx) => {
    const { status } = await lockConnection(trx, one)
    if (status !== one.status || !(await holdsLease(trx, due))) return
    const connection = await getConnection(trx, one)
    await markConnection(trx, watcher, {
      connectionId: one.connectionId,
      suspect: false,
      degraded: false,
      stopped: false,
      checked: true,
      full: isFull,
    })
    if (one.degradedSince)
      await recordConnectionEvent(trx, watcher, { type: 'connection.restored', connectionId: one.connectionId })
    await write({ trx, watcher, connection, one, verdict })
    await lookLater(trx, due, { inSeconds, answered: true })
  })
}

/**
 * A refusal. The first one is only remembered; a second one, a minute later, stops the connection. In between another
 * connection is looked at: where the provider refuses everybody, its refusals say nothing about one token.
 */
async function doubt(looked: Looked, code: VerdictCode, intervalSeconds: number): Promise<void> {
  const { one, due } = looked
  if (one.isStopped) {
    if (one.stoppedDays < STOPPED_WATCH_DAYS) await lookLater(db(), due, { inSeconds: intervalSeconds, answered: true })
    else await cancelCheck(db(), watcherOf(one.teamId), one.connectionId)
    return
  }
  const next = await secondLook(one, await findOpenIncident(db(), one.provider))
  if (next === 'stop') {
    await stop(looked, { code, watchAgainSeconds: intervalSeconds })
    return
  }
  await inTransaction(async (trx) => {
    if (!(await holdsLease(trx, due))) return
    await markConnection(trx, watcherOf(one.teamId), { connectionId: one.connectionId, suspect: true })
    await lookLater(trx, due, { inSeconds: next, answered: true })
    await hastenAnother(trx, one)
  })
}

async function secondLook(one: Watched, incident: Incident | null): Promise<number | 'stop'> {
  if (one.suspectSince === null || one.suspectSeconds === null) return SECOND_LOOK_SECONDS
  if (one.suspectSeconds < 60) return SECOND_LOOK_SECONDS - one.suspectSeconds
  if (incident) return PAUSE_SECONDS
  if (one.suspectSeconds >= CONTROL_WAIT_SECONDS) return 'stop'
  if (await hasAcceptedSince(db(), one.provider, one.suspectSince)) return 'stop'
  const { suspectCompanies } = await readHealth(one.provider, TROUBLE_MINUTES)
  const isOnlyOne = suspectCompanies <= 1 && !(await hastenAnother(db(), one))
  return isOnlyOne ? 'stop' : SECOND_LOOK_SECONDS
}

function notAskedSeconds(look: Look): number {
  return Math.max(NOT_ASKED_SECONDS, (look.kind === 'unanswered' && look.retryAfterSeconds) || 0)
}

/** No answer that tells anything: the connection stays what it is, and we ask again, sooner at first. */
async function wait(looked: Looked, retryAfterSeconds: number | null, intervalSeconds: number): Promise<void> {
  const { one, due, verdict } = looked
  const { connectionId } = one
  const watcher = watcherOf(one.teamId)
  const attempt = due.attempt - 1
  const next = nextTrySeconds(verdict.code, { attempt, retryAfterSeconds, waitedSeconds: 0, now: new Date() })
  const ours = Math.max(60, next)
  await inTransaction(async (trx) => {
    await lockConnection(trx, one)
    if (!(await holdsLease(trx, due))) return
    if (!one.degradedSince && due.attempt >= DEGRADED_AFTER && !one.isStopped) {
      await markConnection(trx, watcher, { connectionId, degraded: true })
      await recordConnectionEvent(trx, watcher, { type: 'connection.degraded', connectionId })
    }
    await lookLater(trx, due, {
      inSeconds: Math.max(Math.min(ours, intervalSeconds), retryAfterSeconds ?? 0),
      answered: false,
    })
  })
}

function watcherOf(teamId: string): Watcher {
  return proven<'watcher'>({ kind: 'watcher', teamId })
}

/**
 * Asks the provider again for a connection that waits for it. The customer is done: whatever comes out is
 * mailed to them. The lease is looked at inside the transaction, so that a worker that lost it writes nothing.
 */
export async function retryWaiting(due: DueCheck): Promise<void> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
  const connection = await getConnection(db(), due)
  const replaces = isReplacing(connection)
  const state = replaces ? 'pending' : 'in_force'
  const credential = await findCredential(db(), { ...due, state })
  if (replaces && credential?.host !== UNVERIFIED_HOST) return watchOn(due)
  if ((!replaces && connection.status !== 'waiting_provider') || !credential) return

  const apiToken = await openCredential(watcher, credential, 'check_while_waiting')
  const companyDomain = connection.typedDomain ?? ''
  const { startDate } = connection
  const by = due.urgent ? 'person' : 'background'
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate, by })
  if (!verdict.asked)
    return hold([{ check: due, seconds: Math.max(NOT_ASKED_SECONDS, verdict.retryAfterSeconds ?? 0) }])
  const accepted = [...connection.acceptedCodes, ...(replaces ? await acceptedBefore(connection, verdict) : [])]
  const compared = await compareWithExpected(connection, verdict, {
    fingerprint: fingerprint(due.teamId, apiToken),
    accepted,
  })
  const { code, old } = replaces
    ? await judgeWaited(watcher, { ...due, code: compared })
    : { code: compared, old: undefined }
  const settlement = await prepareSettlement(watcher, connection, {
    code,
    verdict,
    apiToken,
    askedDomain: companyDomain,
    accepted,
    attempt: due.attempt,
    waited: true,
  })

  await inTransaction(async (trx) => {
    const { status: from, version } = await lockConnection(trx, due)
    if (from !== connection.status || !(await holdsLease(trx, due))) return
    const still = await findCredential(trx, { ...due, state })
    if (still?.id !== credential.id) return
    const written = await writeSettlement(trx, watcher, settlement, { from, version, trigger: 'retry', old })
    await enqueueAfterSettlement(trx, watcher, written, { trigger: 'retry' })
  })
}

/** The token that waited to replace the one in force is gone: the one in force is looked at again. */
async function watchOn(due: DueCheck): Promise<void> {
  const { connectionId } = due
  await inTransaction(async (trx) => {
    await lockConnection(trx, due)
    if (await holdsLease(trx, due))
      await scheduleCheck(trx, watcherOf(due.teamId), { connectionId, reason: 'watch', inSeconds: 0 })
  })
}

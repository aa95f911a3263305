import 'server-only'
import { admit } from '#lib/connection/admit.ts'
import { forgetUnanswered } from '#lib/connection/confirm.ts'
import { expireLinks } from '#lib/connection/expire.ts'
import { tellFrozen } from '#lib/connection/freeze.ts'
import { probeEnd } from '#lib/connection/prove-end.ts'
import { runRetention } from '#lib/connection/retain.ts'
import { lookAgain, retryWaiting } from '#lib/connection/watch.ts'
import { forgetOldAnswers } from '#lib/data/api-answers.ts'
import { sealAuditChain } from '#lib/data/audit-chain.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { claimDueChecks, postponeCheck } from '#lib/data/connection-checks.ts'
import { forgetOldErrands } from '#lib/data/errands.ts'
import { numberEvents } from '#lib/data/events.ts'
import { newId } from '#lib/data/ids.ts'
import { completeLastChecks } from '#lib/data/last-checks.ts'
import { forgetOldMinutes } from '#lib/data/provider-health.ts'
import { forgetOldPauses } from '#lib/data/provider-pauses.ts'
import { forgetOldLimits } from '#lib/data/rate-limits.ts'
import { forgetOldSignInLinks } from '#lib/data/sign-in-links.ts'
import { forgetOldSessions } from '#lib/data/staff-sessions.ts'
import { forgetOldSubmissions } from '#lib/data/submissions.ts'
import { forgetOldUnfinished } from '#lib/data/unfinished-requests.ts'
import { forgetOldDeliveries } from '#lib/data/webhook-deliveries.ts'
import { forgetEndedSecrets } from '#lib/data/webhook-endpoints.ts'
import { forgetOldWorkers, noteWorker, noteWorkerStopped } from '#lib/data/workers.ts'
import { log } from '#lib/log.ts'
import { servesOthers } from '#lib/role.ts'
import { traced } from '#lib/telemetry.ts'
import { noteCheckpoints } from './audit-checkpoints.ts'
import { runErrands } from './errands.ts'
import { deliverDue } from './outbox.ts'
import { rewrapAll } from './rewrap.ts'
import { deliverDueWebhooks, stopWebhooks } from './webhooks.ts'

const TICK_MS = 1_000
const CHECKS_AT_ONCE = 64
/** While one waits for the provider the next one asks the database, and one slow answer does not hold up everything. */
const LANES = 2
const SIGN_OF_LIFE_MS = 10_000
const ERRAND_TICK_MS = 200
/** Before other work of this loop gets its turn. */
const ROUNDS_MAX = 50
const CHECK_LEASE_SECONDS = 60
const LETTERS_AT_ONCE = 20
const HOUSEKEEPING_MS = 10 * 60_000
const AUDIT_SEAL_MS = 3_000
const DAY_MS = 24 * 60 * 60_000
const AUDIT_CHECKPOINT_MS = 60 * 60_000

/** Starts the background work of this process: waiting checks, mail, the audit chain, housekeeping. */
export function startJobs(): { stop(): Promise<void> } {
  const workerId = newId('wrk')
  const loops = [
    repeat('sign_of_life', SIGN_OF_LIFE_MS, () => noteWorker(workerId)),
    // People wait for these.
    ...(servesOthers() ? [repeat('errands', ERRAND_TICK_MS, runErrands)] : []),
    repeat('checks', TICK_MS, runDueChecks),
    repeat('outbox', TICK_MS, () => deliverDue({ limit: LETTERS_AT_ONCE })),
    repeat('audit', AUDIT_SEAL_MS, sealAuditChain),
    repeat('freezes', TICK_MS, tellFrozen),
    repeat('events', TICK_MS, numberEvents),
    repeat('webhooks', TICK_MS, deliverDueWebhooks),
    repeat('audit_checkpoint', AUDIT_CHECKPOINT_MS, noteCheckpoints),
    repeat('retention', DAY_MS, runRetention),
    repeat('last_checks', DAY_MS, completeLastChecks),
    repeat('housekeeping', HOUSEKEEPING_MS, keepHouse),
  ]
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
      await stopWebhooks()
      await noteWorkerStopped(workerId)
    },
  }
}

/** Runs every live check that is due now; goes on while there are more than it takes at once. */
export async function runDueChecks(): Promise<void> {
  await Promise.all(Array.from({ length: LANES }, runLane))
}

async function runLane(): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const claimed = await claimDueChecks({ limit: CHECKS_AT_ONCE, leaseSeconds: CHECK_LEASE_SECONDS })
    const due = await admit(claimed)
    const waiting = due.filter(({ reason }) => reason === 'waiting')
    const watched = due.filter(({ reason }) => reason === 'watch')
    const ending = due.filter(({ reason }) => reason === 'off_board')
    const labels = { waiting: waiting.length, watched: watched.length, ending: ending.length }
    const work = () => [
      ...waiting.map((check) => orLater([check], () => retryWaiting(check))),
      ...ending.map((check) => orLater([check], () => probeEnd(check))),
      orLater(watched, () => lookAgain(watched)),
    ]
    if (due.length > 0) await traced('checks', labels, () => Promise.all(work()))
    if (claimed.length < CHECKS_AT_ONCE) return
  }
}

/** Work that fails is logged, and its checks come again after a while. */
async function orLater(checks: readonly DueCheck[], work: () => Promise<void>): Promise<void> {
  if (checks.length === 0) return
  try {
    await work()
  } catch (error) {
    log.error('check.failed', error, { connectionId: checks[0]?.connectionId })
    await Promise.all(checks.map((check) => postponeCheck(check, CHECK_LEASE_SECONDS)))
  }
}

async function keepHouse(): Promise<void> {
  await expireLinks()
  await forgetUnanswered()
  await forgetOldLimits()
  await forgetOldPauses()
  await forgetOldSubmissions()
  await forgetOldSignInLinks()
  await forgetOldSessions()
  await forgetOldMinutes()
  await forgetOldUnfinished()
  await rewrapAll()
  await forgetOldAnswers()
  await forgetOldDeliveries()
  await forgetEndedSecrets()
  await forgetOldErrands()
  await forgetOldWorkers()
}

/** Calls `work` again and again, never twice at once; a failure is logged and tried again at the next turn. */
function repeat(name: string, everyMs: number, work: () => Promise<unknown>): { stop(): Promise<void> } {
  let stopped = false
  let wake = () => {}
  const running = (async () => {
    while (!stopped) {
      await work().catch((error: unknown) => log.error('job.failed', error, { job: name }))
      if (!stopped)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
    }
  })()
  return {
    stop: async () => {
      stopped = true
      wake()
      await running
    },
  }
}

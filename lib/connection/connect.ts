import 'server-only'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkHolder } from '#lib/actor.ts'
import { fingerprint, sha256 } from '#lib/crypto/digest.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, saveTyped } from '#lib/data/connections.ts'
import { findLastFingerprint } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { LinkState } from '#lib/data/secure-links.ts'
import { lockLinkForSubmit } from '#lib/data/secure-links.ts'
import type { SubmissionResult } from '#lib/data/submissions.ts'
import { claimSubmission, findSubmissionResult, finishSubmission, releaseSubmission } from '#lib/data/submissions.ts'
import { log } from '#lib/log.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'
import { count } from '#lib/telemetry.ts'
import { enqueueAfterSettlement } from './letters.ts'
import { acceptedBefore } from './limits.ts'
import type { OldToken } from './rotate.ts'
import { isReplacing, judgeReplacement } from './rotate.ts'
import type { Settlement } from './settle.ts'
import { prepareSettlement, writeSettlement } from './settle.ts'
import { isEnding, isSettled } from './status.ts'
import { checkLive, compareWithExpected } from './verify.ts'

export type Submission = {
  connectionName: string
  domain: string
  apiToken: Secret
  startDate: string | null
  /** Made when the form was drawn: a repeated press is answered like the first. */
  submissionKey: string
}

export type ConnectOutcome =
  | ({ kind: 'settled' } & SubmissionResult)
  | { kind: 'link_ended'; state: LinkState }
  | { kind: 'done_before' }
  | { kind: 'throttled'; retryAfterSeconds: number }

/** Takes what the customer handed over: checks it live, seals what is to be kept, and moves the connection. */
export async function connect(holder: LinkHolder, typed: Submission): Promise<ConnectOutcome> {
  const submissionKey = identify(holder, typed)
  const before = await claimOrWait(holder, submissionKey)
  if (before) return { kind: 'settled', ...before }

  const release = () => releaseSubmission(holder, submissionKey)
  const outcome = await run(holder, { ...typed, submissionKey }).catch(async (error: unknown) => {
    // The error says what went wrong; that the key stays taken until its lease ends is the smaller trouble.
    await release().catch(() => {})
    count('submissions', { outcome: 'failed' })
    throw error
  })
  count('submissions', { outcome: outcome.kind === 'settled' ? outcome.verdictCode : outcome.kind })
  if (outcome.kind !== 'settled') await release()
  return outcome
}

async function run(holder: LinkHolder, typed: Submission): Promise<ConnectOutcome> {
  const throttled = await throttle(holder)
  if (throttled) return throttled

  const connection = await getConnection(db(), holder)
  if (takesNoToken(connection)) return { kind: 'done_before' }

  const judged = await judge(connection, typed)
  if (!isReplacing(connection)) return store(holder, connection, typed, { ...judged, accepted: [], old: 'unknown' })
  const accepted = await acceptedBefore(connection, judged.verdict)
  return store(holder, connection, typed, { ...judged, accepted, ...(await judgeReplacement(holder, judged.code)) })
}

function takesNoToken(connection: Pick<CustomerConnection, 'status' | 'exposedAt'>): boolean {
  return isEnding(connection.status) || (isSettled(connection.status) && !isReplacing(connection))
}

/** The same form sent again with other content, as the back button allows, is another submission. */
function identify(holder: LinkHolder, typed: Submission): string {
  const print = fingerprint(holder.teamId, typed.apiToken).toString('hex')
  return sha256(
    JSON.stringify([typed.submissionKey, print, typed.domain, typed.connectionName, typed.startDate]),
  ).toString('hex')
}

const VALIDATIONS_PER_10_MINUTES = 10
const VALIDATIONS_PER_DAY = 40

async function throttle(holder: LinkHolder): Promise<ConnectOutcome | null> {
  const buckets = [
    { bucket: `check:10m:${holder.linkId}`, windowSeconds: 600, hitsMax: VALIDATIONS_PER_10_MINUTES },
    { bucket: `check:1d:${holder.linkId}`, windowSeconds: 86_400, hitsMax: VALIDATIONS_PER_DAY },
  ]
  for (const bucket of buckets) {
    const { allowed, retryAfterSeconds } = await hitLimit(bucket)
    if (!allowed) return { kind: 'throttled', retryAfterSeconds }
  }
  return null
}

const REPEAT_POLL_MS = 250
/** Longer than the lease: when the first press died, the repeated one takes over. */
const REPEAT_WAIT_MS = 22_000

/** Null when the submission is ours to run; else how it ended, waiting for the first press when it still runs. */
async function claimOrWait(holder: LinkHolder, submissionKey: string): Promise<SubmissionResult | null> {
  for (let waited = 0; waited < REPEAT_WAIT_MS; waited += REPEAT_POLL_MS) {
    const claim = await claimSubmission(holder, submissionKey)
    if (claim.kind === 'mine') return null
    if (claim.kind === 'done') return claim.result
    await sleep(REPEAT_POLL_MS)
  }
  throw new Error('a submission neither ended nor let go of its lease')
}

type Judged = { code: VerdictCode; verdict: Verdict | null }

async function judge(connection: CustomerConnection, typed: Submission): Promise<Judged> {
  const print = fingerprint(connection.teamId, typed.apiToken)
  if (connection.connectedAt) {
    const last = await findLastFingerprint(db(), { teamId: connection.teamId, connectionId: connection.id })
    if (last?.equals(print))
      return { code: isReplacing(connection) ? 'STILL_ALIVE' : 'TOKEN_SAME_AS_BEFORE', verdict: null }
  }
  const verdict = await checkLive(connection, {
    apiToken: typed.apiToken,
    companyDomain: typed.domain,
    startDate: typed.startDate,
  })
  const accepted = isReplacing(connection) ? await acceptedBefore(connection, verdict) : []
  return { verdict, code: await compareWithExpected(connection, verdict, { fingerprint: print, accepted }) }
}

/** One transaction: the link is still open, the connection is not settled, everything is written, or nothing. */
async function store(
  holder: LinkHolder,
  connection: CustomerConnection,
  typed: Submission,
  { code, verdict, accepted, old }: Judged & { accepted: readonly VerdictCode[]; old: OldToken },
): Promise<ConnectOutcome> {
  const settlement = await prepareSettlement(holder, connection, {
    code,
    verdict,
    apiToken: typed.apiToken,
    askedDomain: typed.domain,
    accepted,
  })
  try {
    return await inTransaction(async (trx): Promise<ConnectOutcome> => {
      const state = await lockLinkForSubmit(trx, holder)
      if (state !== 'live' && state !== 'grace') return { kind: 'link_ended', state }
      const { status: from, version, exposedAt } = await lockConnection(trx, holder)
      if (takesNoToken({ status: from, exposedAt })) return { kind: 'done_before' }

      await saveTyped(trx, holder, {
        connectionId: connection.id,
        name: typed.connectionName,
        typedDomain: typed.domain,
        startDate: typed.startDate,
        acceptedCodes: accepted,
      })
      const written = await writeSettlement(trx, holder, settlement, { from, version, trigger: 'submit', old })
      await enqueueAfterSettlement(trx, holder, written, { trigger: 'submit' })
      const isNotKept = written.goesOn && written.keeping === 'nothing'
      const result: SubmissionResult = { ...resultOf(written), ...(isNotKept && { notKept: true }) }
      await finishSubmission(trx, holder, typed.submissionKey, result)
      return { kind: 'settled', ...result }
    })
  } catch (error) {
    // The answer to COMMIT may have been lost: what the database kept decides, never a blind second try.
    const kept = await findSubmissionResult(db(), holder.connectionId, typed.submissionKey)
    if (!kept) throw error
    log.warn('submission.commit_answer_lost', { connectionId: holder.connectionId })
    return { kind: 'settled', ...kept }
  }
}

export function resultOf({ code, status, retryAfterSeconds }: Settlement): SubmissionResult {
  return { verdictCode: code, status, retryAfterSeconds }
}

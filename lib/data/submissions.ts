import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { LinkHolder } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'

/** How one press of "Check and connect" ended; what a repeated press is answered with. */
export type SubmissionResult = {
  verdictCode: VerdictCode
  status: Status
  retryAfterSeconds: number | null
  notKept?: boolean
}

/** A submission whose process died is free again after this; longer than the hard stop of a check. */
const LEASE_SECONDS = 20

export type Claim = { kind: 'mine' } | { kind: 'running' } | { kind: 'done'; result: SubmissionResult }

/** Takes a submission key for this request, or says that it runs already, or how it ended. */
export async function claimSubmission(holder: LinkHolder, submissionKey: string): Promise<Claim> {
  const lease = sql<Date>`now() + make_interval(secs => ${LEASE_SECONDS})`
  const taken = await db()
    .insertInto('submissions')
    .values({ connectionId: holder.connectionId, submissionKey, teamId: holder.teamId, leasedUntil: lease })
    .onConflict((conflict) =>
      conflict
        .columns(['connectionId', 'submissionKey'])
        .doUpdateSet({ leasedUntil: lease })
        .where('submissions.result', 'is', null)
        .where('submissions.leasedUntil', '<', sql<Date>`now()`),
    )
    .returning('submissionKey')
    .executeTakeFirst()
  if (taken) return { kind: 'mine' }
  const result = await findSubmissionResult(db(), holder.connectionId, submissionKey)
  return result ? { kind: 'done', result } : { kind: 'running' }
}

/** The end of a submission, if it has one. */
export async function findSubmissionResult(
  trx: Kysely<Database>,
  connectionId: string,
  submissionKey: string,
): Promise<SubmissionResult | null> {
  const row = await trx
    .selectFrom('submissions')
    .select('result')
    .where('connectionId', '=', connectionId)
    .where('submissionKey', '=', submissionKey)
    .executeTakeFirst()
  return (row?.result as SubmissionResult | null | undefined) ?? null
}

/** Writes the end of a submission in the transaction that makes it true. */
export async function finishSubmission(
  trx: Kysely<Database>,
  holder: LinkHolder,
  submissionKey: string,
  result: SubmissionResult,
): Promise<void> {
  await trx
    .updateTable('submissions')
    .set({ result: JSON.stringify(result) })
    .where('connectionId', '=', holder.connectionId)
    .where('submissionKey', '=', submissionKey)
    .execute()
}

/** Gives a submission that came to no end back, so that pressing again does not wait for its lease. */
export async function releaseSubmission(holder: LinkHolder, submissionKey: string): Promise<void> {
  await db()
    .deleteFrom('submissions')
    .where('connectionId', '=', holder.connectionId)
    .where('submissionKey', '=', submissionKey)
    .where('result', 'is', null)
    .execute()
}

/** Forgets submissions older than a day; nobody repeats those. */
export async function forgetOldSubmissions(): Promise<void> {
  await db().deleteFrom('submissions').where('createdAt', '<', sql<Date>`now() - interval '1 day'`).execute()
}

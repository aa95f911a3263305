import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Capability, CapabilityRow, TokenOwner, Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type Verification = {
  verdictCode: VerdictCode
  owner: TokenOwner | null
  report: CapabilityRow[]
  /** The start date that the report was made with; null for everything. */
  since: string | null
  moreThanNeeded: boolean
  createdAt: Date
}

/** Keeps one live check: verdict, evidence and latency, never content of an answer. */
export async function insertVerification(
  trx: Kysely<Database>,
  actor: Actor,
  check: {
    connectionId: string
    trigger: 'submit' | 'confirm' | 'retry' | 'watch' | 'staff' | 'off_board'
    verdictCode: VerdictCode
    verdict: Verdict | null
    askedDomain?: string | null
  },
): Promise<void> {
  const calls = check.verdict?.calls ?? []
  await trx
    .insertInto('verifications')
    .values({
      id: newId('ver'),
      teamId: actor.teamId,
      connectionId: check.connectionId,
      trigger: check.trigger,
      verdictCode: check.verdictCode,
      askedDomain: check.askedDomain ?? null,
      owner: check.verdict?.owner ? JSON.stringify(check.verdict.owner) : null,
      report: JSON.stringify(check.verdict?.report ?? []),
      since: check.verdict?.since ?? null,
      calls: JSON.stringify(calls),
      moreThanNeeded: check.verdict?.moreThanNeeded ?? false,
      surplus: JSON.stringify(check.verdict?.surplus ?? []),
      latencyMs: calls.reduce((sum, call) => sum + call.latencyMs, 0),
    })
    .execute()
}

/** The latest check of a connection. */
export async function findLatestVerification(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<Verification | null> {
  const row = await trx
    .selectFrom('verifications')
    .select(['verdictCode', 'owner', 'report', 'since', 'moreThanNeeded', 'createdAt'])
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/**
 * What is known of the rights of the token in force: the check that put it there was written in the same transaction, and
 * the watcher looks at no other.
 */
export async function findReportInForce(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<CapabilityRow[]> {
  const row = await trx
    .selectFrom('verifications')
    .innerJoin('credentials', 'credentials.connectionId', 'verifications.connectionId')
    .select('report')
    .where('verifications.teamId', '=', teamId)
    .where('verifications.connectionId', '=', connectionId)
    .where('credentials.state', '=', 'in_force')
    .where(sql<boolean>`report <> '[]'::jsonb`)
    .where(
      sql<boolean>`(verifications.created_at = credentials.created_at
        or trigger = 'watch' and verifications.created_at > credentials.created_at)`,
    )
    .orderBy('verifications.createdAt', 'desc')
    .orderBy('verifications.id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.report ?? []
}

/** What the latest check that looked at rights found; later ones may have asked only who the token belongs to. */
export type RightsReport = { report: CapabilityRow[]; moreThanNeeded: boolean; surplus: Capability[]; createdAt: Date }

export async function findLatestReport(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<RightsReport | null> {
  const row = await trx
    .selectFrom('verifications')
    .select(['report', 'moreThanNeeded', 'surplus', 'createdAt'])
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    // As the partial index spells it, so that the engine knows that it fits.
    .where(sql<boolean>`report <> '[]'::jsonb`)
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

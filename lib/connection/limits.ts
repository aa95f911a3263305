import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findReportInForce } from '#lib/data/verifications.ts'
import type { CapabilityRow, Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'

const LIMITS: readonly VerdictCode[] = ['LIMITED_ACCESS', 'FEATURE_OFF']

/**
 * What holds for the token that is to replace the one in force without being asked again: what the team allowed, and the
 * limits that the connection works with already, as long as the new token may do no less.
 */
export async function acceptedBefore(connection: CustomerConnection, verdict: Verdict | null): Promise<VerdictCode[]> {
  const allowed = connection.acceptedCodes.filter((code) => code === 'ALREADY_CONNECTED')
  if (!verdict || connection.status !== 'connected_limited' || !LIMITS.includes(verdict.code)) return allowed
  const known = await findReportInForce(db(), { teamId: connection.teamId, connectionId: connection.id })
  return isWithin(missingIn(verdict.report), missingIn(known)) ? [...allowed, verdict.code] : allowed
}

function missingIn(report: readonly CapabilityRow[]): string[] {
  return report.filter(({ result }) => result === 'no').map(({ capability }) => capability)
}

function isWithin(missing: readonly string[], known: readonly string[]): boolean {
  return missing.length > 0 && missing.every((capability) => known.includes(capability))
}

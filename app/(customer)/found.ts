import type { Found } from '#components/connect/verdict-panel.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { Verification } from '#lib/data/verifications.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { ownerFactsOf } from './owner-details.tsx'
import { reportIn } from './report-table.tsx'

/** The token works, and something about it does not fit: then it helps to read whose it is. */
const NAMES_OWNER: readonly VerdictCode[] = [
  'COMPANY_MISMATCH',
  'WRONG_ACCOUNT',
  'NOT_ADMIN',
  'LIMITED_ACCESS',
  'NO_DEALS_ACCESS',
  'USER_INACTIVE',
]

/** What stands beside a refusal. Only the check that the refusal speaks of counts. */
export function foundIn(connection: CustomerConnection, seen: Verification | null): Found | null {
  const { verdictCode, language } = connection
  if (!seen || seen.verdictCode !== verdictCode || !NAMES_OWNER.includes(verdictCode)) return null
  return {
    owner: ownerFactsOf(connection, seen),
    report: seen.report.length > 0 ? reportIn(language, seen.report) : null,
    isReportOpen: verdictCode === 'LIMITED_ACCESS',
  }
}

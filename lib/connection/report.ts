import 'server-only'
import type { Kysely } from 'kysely'
import type { Integration } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { addCheck, findDueTime, hastenCheck } from '#lib/data/connection-checks.ts'
import { lockConnection } from '#lib/data/connections.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Database } from '#lib/data/schema.ts'
import type { Status } from './status.ts'

/** Statuses in which there is a token that a check can ask about. */
const CHECKABLE: readonly Status[] = ['connected', 'connected_limited', 'waiting_provider']

/**
 * An integration met a refusal of the provider: we ask ourselves, at the next turn. What it saw decides nothing. Null
 * when there is no token to ask about.
 */
export async function reportObserved(
  trx: Kysely<Database>,
  integration: Integration,
  { connectionId, observed }: { connectionId: string; observed: number },
): Promise<{ status: Status; nextCheckAt: Date | null } | null> {
  const { status } = await lockConnection(trx, { teamId: integration.teamId, connectionId })
  if (!CHECKABLE.includes(status)) return null
  const isQueued = await hastenCheck(trx, integration, connectionId)
  // False too while a worker asks just now: its answer will be as good as another one.
  if (!isQueued)
    await addCheck(trx, integration, {
      connectionId,
      reason: status === 'waiting_provider' ? 'waiting' : 'watch',
    })
  await recordAudit(trx, integration, { action: 'connection.reported', objectId: connectionId, details: { observed } })
  return { status, nextCheckAt: await findDueTime(trx, integration, connectionId) }
}

const REPORTS_PER_10_MINUTES = 10

/** An integration that reports in a loop would use up the customer's allowance at the provider. */
export function mayReport(connectionId: string): Promise<{ allowed: boolean; retryAfterSeconds: number }> {
  return hitLimit({ bucket: `report:${connectionId}`, windowSeconds: 600, hitsMax: REPORTS_PER_10_MINUTES })
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { findStatus, setSnooze } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { groupOf } from './status.ts'

export const SNOOZE_DAYS_MAX = 90

/** Which connections changed; the others do not need the team, or are not the team's. */
export type Snoozed = { changed: string[] }

/** Takes connections out of "Needs you" until then, or until something happens to them. */
export async function snooze(
  actor: Actor,
  { connectionIds, until, note }: { connectionIds: string[]; until: Date; note: string | null },
): Promise<Snoozed> {
  const ahead = until.getTime() - Date.now()
  if (!(ahead > 0 && ahead <= SNOOZE_DAYS_MAX * 86_400_000))
    throw new RangeError(`a snooze lasts at most ${SNOOZE_DAYS_MAX} days`)
  return forEach(actor, connectionIds, async (trx, { id, status }) => {
    if (groupOf(status) !== 'needs_you') return false
    await setSnooze(trx, actor, { connectionId: id, until, note })
    await recordAudit(trx, actor, {
      action: 'connection.snoozed',
      objectId: id,
      reason: note ?? undefined,
      details: { until: until.toISOString() },
    })
    return true
  })
}

/** Back into "Needs you" at once. */
export async function unsnooze(actor: Actor, { connectionIds }: { connectionIds: string[] }): Promise<Snoozed> {
  return forEach(actor, connectionIds, async (trx, { id, isSnoozed }) => {
    if (!isSnoozed) return false
    await setSnooze(trx, actor, { connectionId: id, until: null, note: null })
    await recordAudit(trx, actor, { action: 'connection.unsnoozed', objectId: id })
    return true
  })
}

type Found = NonNullable<Awaited<ReturnType<typeof findStatus>>> & { id: string }

/** Always in the order of ids, so that two people who choose the same rows wait for each other and do not deadlock. */
async function forEach(
  actor: Actor,
  connectionIds: string[],
  work: (trx: Kysely<Database>, found: Found) => Promise<boolean>,
): Promise<Snoozed> {
  return inTransaction(async (trx) => {
    const changed: string[] = []
    for (const id of [...new Set(connectionIds)].sort()) {
      const found = await findStatus(trx, { teamId: actor.teamId, connectionId: id })
      if (found && (await work(trx, { ...found, id }))) changed.push(id)
    }
    return { changed }
  })
}

import 'server-only'
import type { Operator } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { purgeEvents } from '#lib/data/events.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import type { Due } from '#lib/data/retention.ts'
import {
  eraseConnection,
  listDue,
  listDueDrafts,
  listTeamRetention,
  purgeFetches,
  purgeFreezes,
  purgeIncidents,
  purgeLooseContacts,
  purgeShredded,
  purgeStops,
  purgeTeamLetters,
  setTeamRetention,
} from '#lib/data/retention.ts'
import { deleteDraft } from './draft.ts'
import { RETENTION_DAYS } from './profiles.ts'

export type RetentionCounts = {
  connections: number
  requests: number
  contacts: number
  letters: number
  verifications: number
  drafts: number
  credentialRows: number
  events: number
  /** Short records that nobody asks for any more: fetches of links, stops, freezes and incidents that are over. */
  records: number
  /** There is more than one run takes on; the next one goes on. */
  more: boolean
}

const CONNECTIONS_PER_RUN = 5_000
const AT_ONCE = 100

/**
 * Lets personal data go whose time is over: of connections that are closed, or were asked for and never given, and
 * that nobody touched for as long as their profile, or the team, keeps records. `dryRun` counts and changes nothing.
 */
export async function runRetention({ dryRun = false } = {}): Promise<RetentionCounts> {
  const counts: RetentionCounts = {
    connections: 0,
    requests: 0,
    contacts: 0,
    letters: 0,
    verifications: 0,
    drafts: 0,
    credentialRows: 0,
    events: 0,
    records: 0,
    more: false,
  }
  for (const { teamId, days: teamDays } of await listTeamRetention(db())) {
    for (const { key, retentionDays } of await listProfiles(db(), { teamId })) {
      const due = { teamId, profile: key, days: Math.min(retentionDays, teamDays ?? RETENTION_DAYS.max) }
      await eraseDue(due, counts, dryRun)
      await deleteDrafts(due, counts, dryRun)
    }
    const days = teamDays ?? RETENTION_DAYS.normal
    counts.events += await purge((trx) => purgeEvents(trx, { dryRun, teamId }), dryRun)
    counts.contacts += await purge((trx) => purgeLooseContacts(trx, { dryRun, teamId, days }), dryRun)
  }
  counts.credentialRows += await purge((trx) => purgeShredded(trx, { dryRun }), dryRun)
  counts.letters += await purge((trx) => purgeTeamLetters(trx, { dryRun }), dryRun)
  for (const purgeOld of [purgeFetches, purgeStops, purgeFreezes, purgeIncidents])
    counts.records += await purge((trx) => purgeOld(trx, { dryRun }), dryRun)
  return counts
}

async function eraseDue(due: Due, counts: RetentionCounts, dryRun: boolean): Promise<void> {
  if (dryRun) {
    const found = await listDue(db(), due, CONNECTIONS_PER_RUN)
    counts.connections += found.length
    counts.requests += new Set(found.map(({ requestId }) => requestId)).size
    return
  }
  while (counts.connections < CONNECTIONS_PER_RUN) {
    const found = await listDue(db(), due, AT_ONCE)
    if (found.length === 0) return
    let erased = 0
    for (const connection of found) erased += await eraseOne(due, connection, counts)
    // Somebody took them up again meanwhile, all of them: the next run looks again.
    if (erased === 0) return
  }
  counts.more = true
}

async function eraseOne(
  due: Due,
  connection: { id: string; requestId: string },
  counts: RetentionCounts,
): Promise<number> {
  return inTransaction(async (trx) => {
    const erased = await eraseConnection(trx, due, connection)
    if (!erased) return null
    await recordAudit(trx, proven<'watcher'>({ kind: 'watcher', teamId: due.teamId }), {
      action: 'retention.erased',
      objectId: connection.id,
      details: { days: due.days, ...erased },
    })
    return erased
  }).then((erased) => {
    if (!erased) return 0
    counts.connections += 1
    counts.requests += erased.request ? 1 : 0
    counts.contacts += erased.contacts
    counts.letters += erased.letters
    counts.verifications += erased.verifications
    return 1
  })
}

async function deleteDrafts(due: Due, counts: RetentionCounts, dryRun: boolean): Promise<void> {
  const requestIds = await listDueDrafts(db(), due, AT_ONCE)
  counts.drafts += requestIds.length
  if (dryRun) return
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: due.teamId })
  for (const requestId of requestIds) await deleteDraft(watcher, requestId)
}

const PURGES_PER_RUN = 100

async function purge(step: (trx: ReturnType<typeof db>) => Promise<number>, dryRun: boolean): Promise<number> {
  let total = 0
  for (let count = 0; count < PURGES_PER_RUN; count++) {
    const removed = await step(db())
    total += removed
    if (removed === 0 || dryRun) break
  }
  return total
}

/** The longest that the team keeps records, whatever a profile says; null leaves it to the profiles. */
export async function limitRetention(operator: Operator, days: number | null): Promise<void> {
  await inTransaction(async (trx) => {
    await setTeamRetention(trx, operator.teamId, days)
    await recordAudit(trx, operator, { action: 'retention.changed', objectId: operator.teamId, details: { days } })
  })
}

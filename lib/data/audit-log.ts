import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Database } from './schema.ts'
import type { Cursor } from './timeline.ts'
import { actorName, isBefore, microsOf } from './timeline.ts'

/** One row of the audit log as people and the export read it. */
export type AuditRow = {
  id: string
  at: Date
  micros: number
  actorKind: string
  actorId: string
  actorName: string | null
  action: string
  objectId: string
  outcome: string
  reason: string | null
  address: string | null
  requestId: string | null
  details: Record<string, unknown>
}

export type AuditFilter = {
  actorId: string | null
  action: string | null
  objectId: string | null
  from: Date | null
  until: Date | null
}

/** One page of the team's audit log, the newest first. */
export async function listAuditRows(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { filter, before, limit }: { filter: AuditFilter; before: Cursor | null; limit: number },
): Promise<AuditRow[]> {
  const { actorId, action, objectId, from, until } = filter
  const rows = await trx
    .selectFrom('auditEvents')
    .leftJoin('staff', (join) =>
      join.onRef('staff.id', '=', 'auditEvents.actorId').onRef('staff.teamId', '=', 'auditEvents.teamId'),
    )
    .leftJoin('integrations', (join) =>
      join.onRef('integrations.id', '=', 'auditEvents.actorId').onRef('integrations.teamId', '=', 'auditEvents.teamId'),
    )
    .select(['auditEvents.id', 'at', 'actorKind', 'actorId', 'action', 'objectId'])
    .select(actorName.as('actorName'))
    .select(['outcome', 'reason', 'address', 'requestId', 'details'])
    .select(microsOf('at').as('micros'))
    .where('auditEvents.teamId', '=', teamId)
    .$if(actorId !== null, (query) => query.where('actorId', '=', actorId ?? ''))
    .$if(action !== null, (query) => query.where('action', '=', action ?? ''))
    .$if(objectId !== null, (query) => query.where('objectId', '=', objectId ?? ''))
    .$if(from !== null, (query) => query.where('at', '>=', from ?? new Date()))
    .$if(until !== null, (query) => query.where('at', '<', until ?? new Date()))
    .$if(before !== null, (query) => query.where(isBefore('at', 'audit_events.id', before)))
    .orderBy('at', 'desc')
    .orderBy('auditEvents.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, micros: Number(row.micros) }))
}

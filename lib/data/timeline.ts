import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { CallRecord, CapabilityRow, TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Database } from './schema.ts'

/** One thing that happened to a connection, from the place where it is recorded. */
export type TimelineEntry = { id: string; at: Date; micros: number } & (
  | {
      kind: 'audit'
      action: string
      actorKind: string
      actorName: string | null
      outcome: string
      reason: string | null
      details: Record<string, unknown>
    }
  | {
      kind: 'check'
      trigger: string
      verdictCode: VerdictCode
      latencyMs: number
      calls: CallRecord[]
      askedDomain: string | null
      owner: TokenOwner | null
      report: CapabilityRow[]
    }
  | {
      kind: 'letter'
      letter: string
      recipientEmail: string
      acceptedAt: Date | null
      failedAt: Date | null
      lastError: string | null
      attempt: number
    }
)

/** Where a page ends: everything after it is older, or as old with a smaller id. */
export type Cursor = { micros: number; id: string }

export const TIMELINE_ROWS = 25

type Scope = { teamId: string; connectionId: string; requestId: string; before: Cursor | null }

/** One page of everything that happened to a connection and its request, the newest first. */
export async function listTimeline(
  trx: Kysely<Database>,
  scope: Scope,
): Promise<{ entries: TimelineEntry[]; next: Cursor | null }> {
  const sources = await Promise.all([listAudit(trx, scope), listChecks(trx, scope), listLetters(trx, scope)])
  const merged = sources.flat().sort((a, b) => b.micros - a.micros || (a.id < b.id ? 1 : -1))
  const entries = merged.slice(0, TIMELINE_ROWS)
  const last = entries.at(-1)
  return { entries, next: merged.length > TIMELINE_ROWS && last ? { micros: last.micros, id: last.id } : null }
}

/** Checks are rows of their own: what the audit log says of them would stand there twice. */
const TOLD_ELSEWHERE = ['connection.verified']

async function listAudit(
  trx: Kysely<Database>,
  { teamId, connectionId, requestId, before }: Scope,
): Promise<TimelineEntry[]> {
  const rows = await trx
    .selectFrom('auditEvents')
    .leftJoin('staff', (join) =>
      join.onRef('staff.id', '=', 'auditEvents.actorId').onRef('staff.teamId', '=', 'auditEvents.teamId'),
    )
    .leftJoin('integrations', (join) =>
      join.onRef('integrations.id', '=', 'auditEvents.actorId').onRef('integrations.teamId', '=', 'auditEvents.teamId'),
    )
    .select(['auditEvents.id', 'at', 'action', 'actorKind', 'outcome', 'reason', 'details'])
    .select(actorName.as('actorName'))
    .select(microsOf('at').as('micros'))
    .where('auditEvents.teamId', '=', teamId)
    .where((where) =>
      where.or([
        where('objectId', 'in', [connectionId, requestId]),
        // A batch of checks is one row that lists its connections.
        where.and([
          where('action', '=', 'credential.read'),
          sql<boolean>`details->'connections' @> ${JSON.stringify([connectionId])}::jsonb`,
        ]),
      ]),
    )
    .where('action', 'not in', TOLD_ELSEWHERE)
    .$if(before !== null, (query) => query.where(isBefore('at', 'audit_events.id', before)))
    .orderBy('at', 'desc')
    .orderBy('auditEvents.id', 'desc')
    .limit(TIMELINE_ROWS + 1)
    .execute()
  return rows.map((row) => ({ ...row, micros: Number(row.micros), kind: 'audit' as const }))
}

async function listChecks(trx: Kysely<Database>, { teamId, connectionId, before }: Scope): Promise<TimelineEntry[]> {
  const rows = await trx
    .selectFrom('verifications')
    .select(['id', 'createdAt as at', 'trigger', 'verdictCode', 'latencyMs', 'calls', 'askedDomain', 'owner', 'report'])
    .select(microsOf('created_at').as('micros'))
    .where('teamId', '=', teamId)
    .where('connectionId', '=', connectionId)
    .$if(before !== null, (query) => query.where(isBefore('created_at', 'id', before)))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(TIMELINE_ROWS + 1)
    .execute()
  return rows.map((row) => ({ ...row, micros: Number(row.micros), kind: 'check' as const }))
}

/** Letters about the request, or about this one of its connections. */
export async function listLetters(
  trx: Kysely<Database>,
  { teamId, connectionId, requestId, before }: Scope,
): Promise<TimelineEntry[]> {
  const rows = await trx
    .selectFrom('outbox')
    .select(['id', 'createdAt as at', 'letter', 'recipientEmail', 'acceptedAt', 'failedAt', 'lastError', 'attempt'])
    .select(microsOf('created_at').as('micros'))
    .where('teamId', '=', teamId)
    .where('requestId', '=', requestId)
    .where((where) => where.or([where('connectionId', 'is', null), where('connectionId', '=', connectionId)]))
    // A reminder that waits for its day has not happened.
    .where((where) => where.or([where('attempt', '>', 0), where('dueAt', '<=', sql<Date>`now()`)]))
    .$if(before !== null, (query) => query.where(isBefore('created_at', 'id', before)))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(TIMELINE_ROWS + 1)
    .execute()
  return rows.map((row) => ({ ...row, micros: Number(row.micros), kind: 'letter' as const }))
}

/** Who it was, where the actor is a member or an integration. */
export const actorName = sql<string | null>`coalesce(staff.name, integrations.name)`

/** The database counts in microseconds, a JavaScript date does not: a cursor made of one would skip rows. */
export function microsOf(column: string) {
  return sql<string>`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint`
}

export function isBefore(at: string, id: string, cursor: Cursor | null) {
  const moment = sql`timestamptz 'epoch' + ${cursor?.micros ?? 0}::bigint * interval '1 microsecond'`
  return sql<boolean>`(${sql.ref(at)}, ${sql.ref(id)}) < (${moment}, ${cursor?.id ?? ''} collate "C")`
}

export type CredentialRead = {
  id: string
  at: Date
  actorKind: string
  actorName: string | null
  reason: string | null
}

const READS_MAX = 50

/** Who or what read the token of a connection, and why; the latest first. */
export async function listCredentialReads(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<CredentialRead[]> {
  return trx
    .selectFrom('auditEvents')
    .leftJoin('staff', (join) =>
      join.onRef('staff.id', '=', 'auditEvents.actorId').onRef('staff.teamId', '=', 'auditEvents.teamId'),
    )
    .leftJoin('integrations', (join) =>
      join.onRef('integrations.id', '=', 'auditEvents.actorId').onRef('integrations.teamId', '=', 'auditEvents.teamId'),
    )
    .select(['auditEvents.id', 'at', 'actorKind', 'reason'])
    .select(actorName.as('actorName'))
    .where('auditEvents.teamId', '=', teamId)
    .where('action', '=', 'credential.read')
    .where((where) =>
      where.or([
        where('objectId', '=', connectionId),
        sql<boolean>`details->'connections' @> ${JSON.stringify([connectionId])}::jsonb`,
      ]),
    )
    .orderBy('at', 'desc')
    .orderBy('auditEvents.id', 'desc')
    .limit(READS_MAX)
    .execute()
}

/** When somebody or something of one kind last read the token of a connection; null for never. */
export async function findLastRead(
  trx: Kysely<Database>,
  { teamId, connectionId, actorKind }: { teamId: string; connectionId: string; actorKind: 'integration' | 'watcher' },
): Promise<Date | null> {
  const row = await trx
    .selectFrom('auditEvents')
    .select('at')
    .where('teamId', '=', teamId)
    .where('objectId', '=', connectionId)
    .where('action', '=', 'credential.read')
    .where('actorKind', '=', actorKind)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.at ?? null
}

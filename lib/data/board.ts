import 'server-only'
import type { Expression, ExpressionBuilder, RawBuilder, SelectQueryBuilder, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { BoardCursor, BoardSort, BoardView } from '#lib/board-view.ts'
import type { Status } from '#lib/connection/status.ts'
import { mixedStatuses, statuses, statusesOf, statusesOfTurn, supportVerdicts } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { fold, searchHolds, WORD_LETTERS_MIN } from './board-copies.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'

export type BoardRow = {
  id: string
  requestId: string
  name: string
  provider: string
  profile: string
  status: Status
  verdictCode: VerdictCode | null
  customerName: string
  checkedAt: Date | null
  linkExpiresAt: Date | null
  snoozedUntil: Date | null
  snoozeNote: string | null
  ownerName: string | null
  reference: string
  contactEmail: string
  teamName: string
  /** When a check is due; null when none waits. */
  nextCheckAt: Date | null
  /** Hand-off is stopped for it or for its customer. */
  isFrozen: boolean
}

export type BoardPage = { rows: BoardRow[]; previous: BoardCursor | null; next: BoardCursor | null }

export const BOARD_ROWS_MAX = 50

/** One page of the board. Its cost depends on the page, not on the number of connections: see migration 0003. */
export async function listBoardPage(actor: Actor, view: BoardView, rowsMax = BOARD_ROWS_MAX): Promise<BoardPage> {
  const wanted = statusesIn(view)
  if (wanted?.length === 0) return { rows: [], previous: null, next: null }
  const isBack = view.from?.side === 'before'
  const found = await db()
    .selectFrom(pickRows(actor, view, wanted, rowsMax + 1).as('picked'))
    .innerJoin('connections', 'connections.id', 'picked.id')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .innerJoin('teams', 'teams.id', 'connections.teamId')
    .leftJoin('staff', 'staff.id', 'connections.ownerId')
    .leftJoin('connectionChecks', 'connectionChecks.connectionId', 'connections.id')
    .leftJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select(rowColumns)
    .select(cursorKey(view.sort).as('key'))
    .orderBy('picked.sortKey', towards(view))
    .orderBy('picked.id', towards(view))
    .execute()
  const hasMore = found.length > rowsMax
  const page = found.slice(0, rowsMax)
  if (isBack) page.reverse()
  const hasNext = isBack || hasMore
  const hasPrevious = isBack ? hasMore : view.from !== null
  return {
    rows: page.map(({ key: _key, ...row }) => row),
    previous: hasPrevious ? cursorOf(page.at(0)) : null,
    next: hasNext ? cursorOf(page.at(-1)) : null,
  }
}

/** The chosen rows of the team, in the order of their names; ids of others find nothing. */
export async function listBoardRows({ teamId }: Actor, connectionIds: string[]): Promise<BoardRow[]> {
  if (connectionIds.length === 0) return []
  return db()
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .innerJoin('teams', 'teams.id', 'connections.teamId')
    .leftJoin('staff', 'staff.id', 'connections.ownerId')
    .leftJoin('connectionChecks', 'connectionChecks.connectionId', 'connections.id')
    .leftJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select(rowColumns)
    .where('connections.teamId', '=', teamId)
    .where('connections.id', 'in', connectionIds.slice(0, BOARD_ROWS_MAX))
    .orderBy('sortName')
    .orderBy('connections.id')
    .execute()
}

/** How many connections of the team stand where, without counting them. */
export async function listStatusCounts({ teamId }: Actor): Promise<{ status: Status; n: number }[]> {
  return db()
    .selectFrom('statusCounts')
    .select(['status', 'n'])
    .where('teamId', '=', teamId)
    .where('n', '>', 0)
    .execute()
}

/** Beyond this the number is not worth its cost. */
export const SNOOZED_COUNT_MAX = 1000

/** How many of the team's connections are snoozed now. They all would need the team. */
export async function countSnoozed({ teamId }: Actor): Promise<number> {
  const some = db()
    .selectFrom('connections')
    .select('id')
    .where('teamId', '=', teamId)
    .where('snoozedUntil', '>', sql<Date>`now()`)
    .limit(SNOOZED_COUNT_MAX)
  const { n } = await db()
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Of each status in which it can be support's turn: how many of the team's are, up to a bound. */
export async function countSupportsTurn({ teamId }: Actor): Promise<{ status: Status; n: number }[]> {
  const count = async (status: Status) => {
    const some = db()
      .selectFrom('connections')
      .select('id')
      .where('teamId', '=', teamId)
      .where('status', '=', status)
      .where('verdictCode', 'in', supportVerdicts)
      .limit(SNOOZED_COUNT_MAX)
    const { n } = await db()
      .selectFrom(some.as('some'))
      .select(({ fn }) => fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow()
    return { status, n: Number(n) }
  }
  return Promise.all(mixedStatuses.map(count))
}

const rowColumns = [
  'connections.id',
  'connections.requestId',
  'connections.name',
  'connections.provider',
  'connections.profile',
  'connections.status',
  'connections.verdictCode',
  'connections.customerName',
  'lastChecks.checkedAt',
  'connections.linkExpiresAt',
  'connections.snoozedUntil',
  'connections.snoozeNote',
  'staff.name as ownerName',
  'requests.reference',
  'contacts.email as contactEmail',
  'teams.name as teamName',
  'connectionChecks.dueAt as nextCheckAt',
  sql<boolean>`exists (select 1 from freezes where freezes.team_id = connections.team_id and ended_at is null
    and object_id in (connections.id, connections.customer_id))`.as('isFrozen'),
] as const

/** Word for word what migrations 0003 and 0022 have indexed. */
const sortKeys: Record<BoardSort, RawBuilder<unknown>> = {
  changed: sql`connections.updated_at`,
  customer: sql`connections.sort_name`,
  checked: sql`coalesce(last_checks.checked_at, '-infinity'::timestamptz)`,
  link_end: sql`coalesce(connections.link_expires_at, '-infinity'::timestamptz)`,
}

/** The table that holds the order: team, status and sort key are read from one index. */
function placeOf({ sort }: BoardView): RawBuilder<unknown> {
  return sql.table(sort === 'checked' ? 'lastChecks' : 'connections')
}

/** The ids of a page and one more. Several statuses are each read in order and merged: no index can sort over them. */
function pickRows(
  actor: Actor,
  view: BoardView,
  wanted: Status[] | null,
  limit: number,
): SelectQueryBuilder<never, never, { id: string; sortKey: unknown }> {
  // What is support's turn is little, and found by its verdict: see migration 0007.
  const isMerged = wanted && wanted.length > 1 && !view.text && view.turn !== 'support'
  const status = sql`${placeOf(view)}.status`
  const standing = wanted ? sql<SqlBool>`${status} in (${sql.join(wanted)})` : null
  if (!isMerged) return pick(actor, view, standing, limit)
  const list = sql<{ status: string }>`(values ${sql.join(wanted.map((status) => sql`(${status})`))})`
  return db()
    .selectFrom(list.as<'wanted'>(sql`wanted(status)`))
    .innerJoinLateral(pick(actor, view, sql<SqlBool>`${status} = wanted.status`, limit).as('one'), (join) =>
      join.onTrue(),
    )
    .select(['one.id', 'one.sortKey'])
    .orderBy('one.sortKey', towards(view))
    .orderBy('one.id', towards(view))
    .limit(limit) as never
}

function pick({ teamId }: Actor, view: BoardView, standing: Expression<SqlBool> | null, limit: number) {
  const connections = db().selectFrom('connections')
  const ordered =
    view.sort === 'checked'
      ? (connections.innerJoin('lastChecks', 'lastChecks.connectionId', 'connections.id') as typeof connections)
      : connections
  let query = ordered
    .select('connections.id')
    .select(sortKeys[view.sort].as('sortKey'))
    .where(sql`${placeOf(view)}.team_id`, '=', teamId)
    .where((where) => where.and(filtersOf(view, where)))
  if (standing) query = query.where(standing)
  if (view.from) query = query.where(beyond(view, view.from.row))
  return query
    .orderBy(sortKeys[view.sort], towards(view))
    .orderBy('connections.id', towards(view))
    .limit(limit) as never as SelectQueryBuilder<never, never, { id: string; sortKey: unknown }>
}

/** Null for all. */
function statusesIn({ group, turn, status }: BoardView): Status[] | null {
  const sets = [
    status && [status],
    group && group !== 'snoozed' ? statusesOf(group) : null,
    turn && statusesOfTurn(turn),
  ].filter((set) => set !== null)
  return sets.length > 0 ? statuses.filter((known) => sets.every((set) => set.includes(known))) : null
}

/** In some statuses the verdict says whose turn it is. */
function turnFilter(turn: BoardView['turn'], where: ExpressionBuilder<Database, 'connections'>) {
  if (turn === 'support') return [where('connections.verdictCode', 'in', supportVerdicts)]
  if (turn !== 'manager' && turn !== 'nobody') return []
  return [
    where.or([
      where('connections.status', 'not in', mixedStatuses),
      where('connections.verdictCode', 'is', null),
      where('connections.verdictCode', 'not in', supportVerdicts),
    ]),
  ]
}

function filtersOf(view: BoardView, where: ExpressionBuilder<Database, 'connections'>): Expression<SqlBool>[] {
  const filters: Expression<SqlBool>[] = wordsOf(view.text).map(searchHolds)
  const start = startOf(view.text)
  if (start) filters.push(where.between('connections.sortName', start, `${start}\u{10ffff}`))
  if (view.owner === 'nobody') filters.push(where('connections.ownerId', 'is', null))
  else if (view.owner) filters.push(where('connections.ownerId', '=', view.owner))
  if (view.provider) filters.push(where('connections.provider', '=', view.provider))
  if (view.group === 'snoozed') filters.push(where('snoozedUntil', '>', sql<Date>`now()`))
  // What is snoozed needs nobody before its day.
  if (view.group === 'needs_you' || (view.turn === 'manager' && view.group !== 'snoozed'))
    filters.push(where.or([where('snoozedUntil', 'is', null), where('snoozedUntil', '<=', sql<Date>`now()`)]))
  return [...filters, ...turnFilter(view.turn, where)]
}

const WORDS_MAX = 5

/** Too few letters for the index of words find customers whose name begins with them. */
function startOf(text: string): string | null {
  const folded = fold(text)
  return folded && [...folded].length < WORD_LETTERS_MIN ? folded : null
}

function wordsOf(text: string): string[] {
  if (startOf(text)) return []
  return fold(text).split(' ').filter(Boolean).slice(0, WORDS_MAX)
}

function towards({ direction, from }: BoardView): 'asc' | 'desc' {
  if (from?.side !== 'before') return direction
  return direction === 'asc' ? 'desc' : 'asc'
}

function beyond(view: BoardView, { id, key }: BoardCursor): RawBuilder<SqlBool> {
  const compare = towards(view) === 'asc' ? sql`>` : sql`<`
  return sql`(${sortKeys[view.sort]}, connections.id) ${compare} (${keyValue(view.sort, key)}, ${id})`
}

/** Microseconds, because a Date would round them away and a row at the edge of a page would be shown twice or never. */
function cursorKey(sort: BoardSort): RawBuilder<string> {
  const key = sortKeys[sort]
  if (sort === 'customer') return sql`${key}`
  return sql`case when ${key} = '-infinity'::timestamptz then 'never'
    else (extract(epoch from ${key}) * 1000000)::bigint::text end`
}

function keyValue(sort: BoardSort, key: string): RawBuilder<unknown> {
  if (sort === 'customer') return sql`${key}::text`
  if (key === 'never') return sql`'-infinity'::timestamptz`
  return sql`('epoch'::timestamptz + ${key}::double precision * interval '1 microsecond')`
}

function cursorOf(row: { id: string; key: string } | undefined): BoardCursor | null {
  return row ? { id: row.id, key: row.key } : null
}

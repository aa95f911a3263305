import type { Group, Status } from './connection/status.ts'
import { groupOf, groups, statuses } from './connection/status.ts'
import { type ProviderId, providerIds } from './providers/fields.ts'

/** What the board shows: everything that stands in its address, and nothing else. */
export type BoardView = {
  group: Group | 'snoozed' | null
  /** Only what is theirs to do next. */
  turn: BoardTurn | null
  /** Everything at a glance, in sections by whose turn it is, instead of one list. */
  by: 'turn' | null
  status: Status | null
  /** A member's id, or `nobody`. */
  owner: string | null
  provider: ProviderId | null
  text: string
  sort: BoardSort
  direction: Direction
  /** The page that follows this row, or comes before it. */
  from: { side: 'after' | 'before'; row: BoardCursor } | null
}

/** Whose turn it is, as the board tells it apart: the customer's Pipedrive admin is reached through the customer. */
export const boardTurns = ['manager', 'customer', 'support', 'nobody'] as const
export type BoardTurn = (typeof boardTurns)[number]

export const boardSorts = ['changed', 'customer', 'checked', 'link_end'] as const
export type BoardSort = (typeof boardSorts)[number]
export type Direction = 'asc' | 'desc'

/** A row's place in the order. `key` is a name, or a time in microseconds; `never` for a time that is not. */
export type BoardCursor = { id: string; key: string }

/** What comes first when somebody sorts by it: the latest change, the longest unchecked, the link that ends next. */
export const firstDirection: Record<BoardSort, Direction> = {
  changed: 'desc',
  customer: 'asc',
  checked: 'asc',
  link_end: 'asc',
}

export const BOARD_TEXT_MAX = 100

type Given = Record<string, string | string[] | undefined>

/** Reads an address. Whatever is unknown in it is left out: an old bookmark shows more, never an error. */
export function readBoardView(given: Given): BoardView {
  const one = (name: string) => [given[name]].flat()[0] ?? ''
  const status = statuses.find((known) => known === one('status')) ?? null
  const group = [...groups, 'snoozed' as const].find((known) => known === one('group')) ?? null
  const by = one('by') === 'turn' ? ('turn' as const) : null
  const turn = boardTurns.find((known) => known === one('turn')) ?? null
  const sort = boardSorts.find((known) => known === one('sort')) ?? 'changed'
  return {
    // A status of another pile was chosen later than the pile: nothing can be in both. Sections show all piles.
    group: by || (status && group !== 'snoozed' && group !== groupOf(status)) ? null : group,
    turn: by ? null : turn,
    by,
    status: by ? null : status,
    owner: /^(stf_[0-9a-z]{26}|nobody)$/.test(one('owner')) ? one('owner') : null,
    provider: providerIds.find((known) => known === one('provider')) ?? null,
    text: oneLine(one('q')).slice(0, BOARD_TEXT_MAX),
    sort,
    direction: (['asc', 'desc'] as const).find((known) => known === one('dir')) ?? firstDirection[sort],
    from: by ? null : (readFrom('after', one('after'), sort) ?? readFrom('before', one('before'), sort)),
  }
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
}

function readFrom(side: 'after' | 'before', typed: string, sort: BoardSort): BoardView['from'] {
  const [, id, key] = /^(con_[0-9a-z]{26})\.(\P{Cc}{1,2000})$/u.exec(typed) ?? []
  if (!id || !key) return null
  if (sort !== 'customer' && !/^(never|\d{1,16})$/.test(key)) return null
  return { side, row: { id, key } }
}

/** The address of a view. The usual order and empty filters are left out. */
export function boardAddress(view: BoardView, path = '/connections'): string {
  const { group, turn, by, status, owner, provider, text, sort, direction, from } = view
  const parts = new URLSearchParams()
  const filters = { by, group, turn, status, owner, provider, q: text }
  for (const [name, value] of Object.entries(filters)) if (value) parts.set(name, value)
  if (sort !== 'changed') parts.set('sort', sort)
  if (direction !== firstDirection[sort]) parts.set('dir', direction)
  if (from) parts.set(from.side, `${from.row.id}.${from.row.key}`)
  return parts.size > 0 ? `${path}?${parts}` : path
}

/** Whether the view hides anything. */
export function isFiltered({ group, turn, status, owner, provider, text }: BoardView): boolean {
  return [group, turn, status, owner, provider, text].some(Boolean)
}

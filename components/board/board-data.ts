import type { ShownNotice } from '#components/team/notices.tsx'

/** What the board draws, in the reader's words already: the browser carries no messages and decides nothing. */
export type BoardData = {
  rows: ShownRow[]
  /** The same rows in sections by whose turn it is, each with the way to all of them. */
  sections: BoardSection[] | null
  counters: { name: string; label: string; n: string; address: string; isOpen: boolean }[]
  previous: string | null
  next: string | null
  notices: ShownNotice[]
}

export type BoardSection = {
  name: string
  title: string
  all: { address: string; label: string } | null
  rows: ShownRow[]
}

export type ShownRow = {
  id: string
  customer: string
  name: string
  provider: string
  profile: string
  status: string
  verdict: string | null
  badge: string
  snoozed: string | null
  /** That hand-off is stopped for this one. */
  frozen: string | null
  turn: string
  title: string | null
  /** When we ask the provider again, for a row that waits for it. */
  nextTry: string | null
  checked: ShownTime | null
  linkEnds: ShownTime | null
  owner: string | null
}

/** The exact time, and how far away it was when the page was made. */
export type ShownTime = { at: string; exact: string; relative: string }

/** How many rows are other than those on the screen: new, gone or changed. A row that only moved, and time that only passed, do not count. */
export function countChanges(shown: ShownRow[], latest: ShownRow[]): number {
  const before = new Map(shown.map((row) => [row.id, contentOf(row)]))
  const after = new Set(latest.map(({ id }) => id))
  const changed = latest.filter((row) => before.get(row.id) !== contentOf(row)).length
  const gone = shown.filter(({ id }) => !after.has(id)).length
  // A row that enters a full page pushes another one off it: that is one change, not two.
  const pushed = latest.filter(({ id }) => !before.has(id)).length
  return changed + Math.max(0, gone - pushed)
}

function contentOf({ checked, linkEnds, nextTry: _nextTry, ...row }: ShownRow): string {
  return JSON.stringify([row, checked?.at, linkEnds?.at])
}

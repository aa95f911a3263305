import type { BoardData, BoardSection, ShownRow, ShownTime } from '#components/board/board-data.ts'
import type { Staff } from '#lib/actor.ts'
import type { BoardTurn, BoardView } from '#lib/board-view.ts'
import { boardAddress, boardTurns, isFiltered } from '#lib/board-view.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import type { Group } from '#lib/connection/status.ts'
import { groupOf, groups, statusesOfTurn, turnOf } from '#lib/connection/status.ts'
import type { BoardRow } from '#lib/data/board.ts'
import { countSnoozed, countSupportsTurn, listBoardPage, listStatusCounts } from '#lib/data/board.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { formatDate, formatDateTime, formatRelative } from '#lib/format.ts'
import type { ProviderId } from '#lib/providers/fields.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { loadNotices } from '../notices.ts'

/** One view of the board as it is drawn: for the page, and for the page that asks again. */
export async function loadBoard(staff: Staff, view: BoardView, language: Language): Promise<BoardData> {
  const [page, counts, snoozed, profiles, notices] = await Promise.all([
    view.by ? null : listBoardPage(staff, view),
    listStatusCounts(staff),
    countSnoozed(staff),
    listProfiles(db(), staff),
    loadNotices(staff, language),
  ])
  const profileNames = new Map(profiles.map((profile) => [profile.key, nameOf(profile, language)]))
  const sums = sumUp(counts, snoozed)
  const t = words(language)
  const number = new Intl.NumberFormat(language)
  const names = [...groups, ...(snoozed > 0 || view.group === 'snoozed' ? (['snoozed'] as const) : [])]
  const sections = view.by && (await loadSections(staff, view, { counts, snoozed, language, profileNames }))
  return {
    rows: sections?.flatMap(({ rows }) => rows) ?? page?.rows.map((row) => show(row, language, profileNames)) ?? [],
    sections,
    counters: names.map((name) => ({
      name,
      label: t(`board.group.${name}`),
      n: number.format(sums[name]),
      address: boardAddress({
        ...view,
        by: null,
        turn: null,
        group: view.group === name ? null : name,
        status: null,
        from: null,
      }),
      isOpen: view.group === name,
    })),
    previous: page?.previous ? boardAddress({ ...view, from: { side: 'before', row: page.previous } }) : null,
    next: page?.next ? boardAddress({ ...view, from: { side: 'after', row: page.next } }) : null,
    notices,
  }
}

type Counts = Awaited<ReturnType<typeof listStatusCounts>>

/** How many rows of a section stand on the page; the others are a press away. */
const SECTION_ROWS = 8

/** The first rows of each turn, and how many there are. Filtered ones are not counted: that would cost a look at each. */
async function loadSections(
  staff: Staff,
  view: BoardView,
  {
    counts,
    snoozed,
    language,
    profileNames,
  }: { counts: Counts; snoozed: number; language: Language; profileNames: Map<string, string> },
): Promise<BoardSection[]> {
  const t = words(language)
  const sums = isFiltered(view) ? null : sumTurns(counts, await countSupportsTurn(staff), snoozed)
  return Promise.all(
    boardTurns.map(async (turn) => {
      const ofTurn: BoardView = { ...view, by: null, turn }
      const { rows, next } = await listBoardPage(staff, ofTurn, SECTION_ROWS)
      const number = new Intl.NumberFormat(language)
      // What is snoozed is the account manager's, and stands in none of the sections.
      const hidden = turn === 'manager' ? snoozed : 0
      const label = sums
        ? t(hidden > 0 ? 'board.turns.allButSnoozed' : 'board.turns.all', {
            count: number.format(Math.max(sums[turn], rows.length)),
            snoozed: number.format(hidden),
          })
        : t('board.turns.more')
      return {
        name: turn,
        title: t(`board.turns.${turn}`),
        all: next || (sums && rows.length > 0) ? { address: boardAddress(ofTurn), label } : null,
        rows: rows.map((row) => show(row, language, profileNames)),
      }
    }),
  )
}

function sumTurns(counts: Counts, supports: Counts, snoozed: number): Record<BoardTurn, number> {
  const sums = { manager: -snoozed, customer: 0, support: 0, nobody: 0 }
  for (const turn of boardTurns)
    for (const status of turn === 'support' ? [] : statusesOfTurn(turn))
      sums[turn] += counts.find((one) => one.status === status)?.n ?? 0
  for (const { status, n } of supports) {
    sums.support += n
    sums[status === 'needs_manager' ? 'manager' : 'nobody'] -= n
  }
  return sums
}

function sumUp(counts: Counts, snoozed: number): Record<Group | 'snoozed', number> {
  const sums = { needs_you: 0, waiting: 0, connected: 0, stopped: 0, snoozed }
  for (const { status, n } of counts) sums[groupOf(status)] += n
  return { ...sums, needs_you: Math.max(0, sums.needs_you - snoozed) }
}

function show(row: BoardRow, language: Language, profileNames: Map<string, string>): ShownRow {
  const t = words(language)
  return {
    id: row.id,
    customer: row.customerName,
    name: row.name,
    provider: fieldsOf(row.provider as ProviderId).name,
    profile: profileNames.get(row.profile) ?? row.profile,
    status: row.status,
    verdict: row.verdictCode,
    badge: t(`board.status.${row.status}`),
    snoozed: snoozeOf(row, language),
    frozen: row.isFrozen ? t('freeze.badge') : null,
    turn: t(`board.turn.${turnOf(row.status, row.verdictCode)}`),
    title: titleOf(row, language),
    nextTry: nextTryOf(row, language),
    checked: timeOf(row.checkedAt, language),
    linkEnds: timeOf(row.linkExpiresAt, language),
    owner: row.ownerName,
  }
}

/** What the last check found, unless it found nothing to tell. */
function titleOf({ verdictCode, teamName, ownerName, checkedAt }: BoardRow, language: Language): string | null {
  if (!verdictCode || verdicts[verdictCode].severity === 'ok') return null
  const date = formatDate(checkedAt ?? new Date(), language)
  return words(language)(`verdicts.${verdictCode}.title`, { team: teamName, contact: ownerName ?? teamName, date })
}

function nextTryOf({ status, nextCheckAt }: BoardRow, language: Language): string | null {
  if (status !== 'waiting_provider' || !nextCheckAt) return null
  const t = words(language)
  const now = new Date()
  if (nextCheckAt <= now) return t('board.tryingNow')
  const [relative, exact] = [formatRelative(nextCheckAt, language, now), formatDateTime(nextCheckAt, language)]
  return t('board.nextTry', { relative, exact })
}

function snoozeOf({ snoozedUntil, snoozeNote }: BoardRow, language: Language): string | null {
  if (!snoozedUntil || snoozedUntil <= new Date()) return null
  const date = formatDate(snoozedUntil, language)
  const t = words(language)
  return snoozeNote ? t('board.snoozedNote', { date, note: snoozeNote }) : t('board.snoozedUntil', { date })
}

function timeOf(date: Date | null, language: Language): ShownTime | null {
  if (!date) return null
  return {
    at: date.toISOString(),
    exact: formatDateTime(date, language),
    relative: formatRelative(date, language, new Date()),
  }
}

import type { Route } from 'next'
import Link from 'next/link'
import { BoardProvider } from '#components/board/board-provider.tsx'
import { LiveBoard } from '#components/board/live-board.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import type { BoardSort, BoardView } from '#lib/board-view.ts'
import { boardAddress, firstDirection, isFiltered, readBoardView } from '#lib/board-view.ts'
import { bulkWorks, mayDo } from '#lib/connection/bulk.ts'
import { BOARD_ROWS_MAX } from '#lib/data/board.ts'
import { db } from '#lib/data/database.ts'
import { listMembers } from '#lib/data/staff.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import { section } from '../sections.ts'
import { BoardFilters, BoardLayouts } from './board-filters.tsx'
import { loadBoard } from './load-board.ts'
import { SentNotice } from './sent-notice.tsx'
import './board.css'

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> }

/**
 * Where the team's connections stand. There is no `loading.tsx` on purpose: a page behind Suspense shows its rows only
 * to those who run scripts. The rows on the screen stay until the next ones are here.
 */
export default async function ConnectionsPage({ searchParams }: Props) {
  const staff = await requireStaff(...section.connections.roles)
  const asked = await searchParams
  const view = readBoardView(asked)
  const language = await pageLanguage()
  const [board, members] = await Promise.all([loadBoard(staff, view, language), listMembers(db(), staff)])
  const t = words(language)
  const mayRequest = staff.role !== 'support'
  const address = boardAddress(view)
  return (
    <>
      <title>{`${t('board.title')} · ${t('fault.product')}`}</title>
      <div className="board-head">
        <h1 className="console-title">{t('board.title')}</h1>
        {mayRequest && (
          <Link className="button-primary" prefetch={false} href={'/connections/new' as Route}>
            {t('board.newRequest')}
          </Link>
        )}
      </div>
      <SentNotice staff={staff} reference={typeof asked.sent === 'string' ? asked.sent : undefined} />
      <BoardProvider>
        <LiveBoard
          first={board}
          search={address.slice('/connections'.length)}
          madeAt={Date.now()}
          language={language}
          words={liveWords(t)}
          columns={columnsOf(view, t)}
          filters={<BoardFilters view={view} members={members} t={t} />}
          layouts={<BoardLayouts view={view} t={t} />}
          instead={<Empty view={view} mayRequest={mayRequest} t={t} />}
          works={bulkWorks
            .filter((work) => mayDo(staff.role, work))
            .map((name) => ({ name, label: t(`board.do.${name}`) }))}
          back={address}
          tableWords={tableWords(view, t)}
        />
      </BoardProvider>
    </>
  )
}

type T = ReturnType<typeof words>

/** Each sort link turns the order round when it is the present one, and starts at the first page. */
function columnsOf(view: BoardView, t: T): Parameters<typeof LiveBoard>[0]['columns'] {
  const names = ['customer', 'provider', 'status', 'turn', 'checked', 'link_end', 'owner'] as const
  return names.map((name) => ({ name, label: t(`board.column.${name}`), sort: sortOf(view, name, t) }))
}

const sortable: readonly string[] = ['customer', 'checked', 'link_end'] satisfies BoardSort[]

function sortOf(view: BoardView, name: string, t: T) {
  if (!sortable.includes(name)) return undefined
  const sort = name as BoardSort
  const isOpen = view.sort === sort
  const turned = view.direction === 'asc' ? 'desc' : 'asc'
  return {
    address: boardAddress({ ...view, sort, direction: isOpen ? turned : firstDirection[sort], from: null }),
    label: t('board.sortBy', { column: t(`board.column.${name}`) }),
    order: isOpen ? (view.direction === 'asc' ? ('ascending' as const) : ('descending' as const)) : undefined,
  }
}

function liveWords(t: T) {
  const apart = t('board.live.stale', { time: '|' }).split('|')
  return {
    groups: t('board.groups'),
    show: t('board.live.show'),
    changed: upTo(BOARD_ROWS_MAX, (count) => t('board.live.changed', { count })),
    stale: [apart[0] ?? '', apart[1] ?? ''] as [string, string],
    signedOut: t('board.live.signedOut'),
    signIn: t('board.live.signIn'),
    pages: t('board.pages'),
    previous: t('board.previous'),
    next: t('board.next'),
  }
}

function tableWords({ by, sort, direction }: BoardView, t: T) {
  const choose = t('board.choose', { name: '|' }).split('|')
  return {
    caption: t(by ? 'board.captionByTurn' : 'board.caption', { order: t(`board.order.${sort}.${direction}`) }),
    work: t('board.work'),
    chooseColumn: t('board.column.choose'),
    chooseAll: t('board.chooseAll'),
    chosen: upTo(BOARD_ROWS_MAX, (count) => t('board.chosen', { count })),
    choose: [choose[0] ?? '', choose[1] ?? ''] as [string, string],
    never: t('board.never'),
    noLink: t('board.noLink'),
    noOwner: t('board.noOwner'),
    nobodysRow: t('board.turns.none'),
  }
}

const upTo = (max: number, say: (count: number) => string) => Array.from({ length: max + 1 }, (_, count) => say(count))

function Empty({ view, mayRequest, t }: { view: BoardView; mayRequest: boolean; t: T }) {
  if (isFiltered(view))
    return (
      <Instead title={t('board.nothing.title')} text={t('board.nothing.text')}>
        <Link className="button-secondary" prefetch={false} href="/connections">
          {t('board.filter.clear')}
        </Link>
      </Instead>
    )
  if (view.from)
    return (
      <Instead title={t('board.endOfList.title')} text={t('board.endOfList.text')}>
        <Link className="button-secondary" prefetch={false} href={boardAddress({ ...view, from: null }) as Route}>
          {t('board.endOfList.first')}
        </Link>
      </Instead>
    )
  return (
    <Instead title={t('board.empty.title')} text={t(mayRequest ? 'board.empty.text' : 'board.empty.textSupport')}>
      {mayRequest && (
        <Link className="button-primary" prefetch={false} href={'/connections/new' as Route}>
          {t('board.newRequest')}
        </Link>
      )}
    </Instead>
  )
}

function Instead({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <div className="card board-instead">
      <h2 className="font-semibold text-lg">{title}</h2>
      <p className="text-muted">{text}</p>
      {children}
    </div>
  )
}

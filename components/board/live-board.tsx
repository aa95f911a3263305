'use client'

import { useQuery } from '@tanstack/react-query'
import type { Route } from 'next'
import Link from 'next/link'
import { type ReactNode, useEffect, useState } from 'react'
import { Notices } from '#components/team/notices.tsx'
import { formatTime } from '#lib/format.ts'
import type { BoardData } from './board-data.ts'
import { countChanges } from './board-data.ts'
import { BoardTable, type Column } from './board-table.tsx'

const REFRESH_MS = 15_000

export type LiveWords = {
  groups: string
  show: string
  /** For 0 to 50 rows: the browser has no plural rules of its own. */
  changed: string[]
  stale: [before: string, after: string]
  signedOut: string
  signIn: string
  pages: string
  previous: string
  next: string
}

class SignedOut extends Error {}

async function fetchBoard(search: string): Promise<BoardData> {
  const answer = await fetch(`/api/board${search}`, { cache: 'no-store' })
  if (answer.status === 401 || answer.status === 403) throw new SignedOut()
  if (!answer.ok) throw new Error(`the board answered ${answer.status}`)
  return answer.json()
}

/**
 * The board, kept up to date while it is on the screen. Counters change at once; rows wait for [Show], so that nothing
 * moves away from under a pointer. Without JavaScript it is the page as the server drew it.
 */
export function LiveBoard({
  first,
  search,
  madeAt,
  language,
  words,
  columns,
  filters,
  layouts,
  instead,
  ...table
}: {
  first: BoardData
  /** The view, as the page's address says it. */
  search: string
  madeAt: number
  language: 'en' | 'de'
  words: LiveWords
  columns: Column[]
  filters: ReactNode
  layouts: ReactNode
  /** What stands in the place of a table without rows. */
  instead: ReactNode
} & Omit<Parameters<typeof BoardTable>[0], 'rows' | 'sections' | 'columns'>) {
  const { data, error, dataUpdatedAt } = useQuery({
    queryKey: ['board', search, madeAt],
    queryFn: () => fetchBoard(search),
    initialData: first,
    initialDataUpdatedAt: madeAt,
    staleTime: REFRESH_MS,
    refetchInterval: REFRESH_MS,
    retry: false,
    // Without a network too: then it fails, and the page says how old it is.
    networkMode: 'always',
  })
  const [shown, setShown] = useShown(first)
  const changes = Math.min(countChanges(shown.rows, data.rows), words.changed.length - 1)
  return (
    <>
      <Notices notices={data.notices} />
      <nav aria-label={words.groups}>
        <ul className="counters">
          {data.counters.map(({ name, label, n, address, isOpen }) => (
            <li key={name}>
              <Link className="counter" prefetch={false} href={address as Route} aria-current={isOpen || undefined}>
                <span className="counter-label">{label}</span> <span className="counter-number">{n}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {filters}
      <div className="board-news">
        {layouts}
        <div role="status">
          {changes > 0 && <span>{words.changed[changes]}</span>}
          {error && !(error instanceof SignedOut) && (
            <span className="text-muted">{words.stale.join(formatTime(new Date(dataUpdatedAt), language))}</span>
          )}
          {error instanceof SignedOut && (
            <span>
              {words.signedOut}{' '}
              <a className="link" href={`/sign-in?next=${encodeURIComponent(`/connections${search}`)}`}>
                {words.signIn}
              </a>
            </span>
          )}
        </div>
        {changes > 0 && (
          <button type="button" className="button-secondary" onClick={() => setShown(data)}>
            {words.show}
          </button>
        )}
      </div>
      {shown.rows.length > 0 ? (
        <BoardTable rows={shown.rows} sections={shown.sections} columns={columns} {...table} />
      ) : (
        instead
      )}
      <nav className="board-pages" aria-label={words.pages}>
        {(['previous', 'next'] as const).map((side) => {
          const address = shown[side]
          return (
            address && (
              <Link key={side} className="button-secondary" prefetch={false} href={address as Route}>
                {words[side]}
              </Link>
            )
          )
        })}
      </nav>
    </>
  )
}

/** What stands on the screen: another page's rows at once, changed rows when they are asked for. */
function useShown(first: BoardData) {
  const [shown, setShown] = useState({ first, data: first })
  useEffect(() => setShown({ first, data: first }), [first])
  const data = shown.first === first ? shown.data : first
  return [data, (latest: BoardData) => setShown({ first, data: latest })] as const
}

'use client'

import type { Route } from 'next'
import Link from 'next/link'
import { useEffect, useRef, useState } from 'react'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { BoardSection, ShownRow, ShownTime } from './board-data.ts'

export type Column = {
  name: 'customer' | 'provider' | 'status' | 'turn' | 'checked' | 'link_end' | 'owner'
  label: string
  /** Where the same list is sorted by this column. */
  sort?: { address: string; label: string; order?: 'ascending' | 'descending' }
}

export type TableWords = {
  caption: string
  work: string
  chooseColumn: string
  chooseAll: string
  /** For 0 to 50 rows. */
  chosen: string[]
  choose: [before: string, after: string]
  never: string
  noLink: string
  noOwner: string
  nobodysRow: string
}

/** The rows, and what can be done with the ones that are ticked. A plain form: it works without JavaScript. */
export function BoardTable({
  rows,
  sections,
  columns,
  works,
  back,
  tableWords: words,
}: {
  rows: ShownRow[]
  /** The same rows, by whose turn it is. */
  sections: BoardSection[] | null
  columns: Column[]
  works: { name: string; label: string }[]
  back: string
  tableWords: TableWords
}) {
  const form = useRef<HTMLFormElement>(null)
  const [count, setCount] = useState(0)
  const boxes = () => [...(form.current?.querySelectorAll<HTMLInputElement>('input[name=id]') ?? [])]
  const recount = () => setCount(boxes().filter(({ checked }) => checked).length)
  const chooseAll = (checked: boolean) => {
    for (const box of boxes()) box.checked = checked
    recount()
  }
  return (
    <form ref={form} action="/connections/bulk" method="get" onChange={recount}>
      <input type="hidden" name="back" value={back} />
      <fieldset className="board-works">
        <legend className="sr-only">{words.work}</legend>
        <p className="text-muted" aria-live="polite">
          {words.chosen[Math.min(count, words.chosen.length - 1)]}
        </p>
        {works.map(({ name, label }) => (
          <button key={name} type="submit" name="do" value={name} className="button-secondary">
            {label}
          </button>
        ))}
      </fieldset>
      <table className="rows board">
        <caption>{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">{words.chooseColumn}</span>
              <ChooseAll label={words.chooseAll} isAll={count === rows.length} onChoose={chooseAll} />
            </th>
            {columns.map(({ name, label, sort }) => (
              <th key={name} scope="col" aria-sort={sort?.order}>
                {sort ? (
                  <Link className="sort" prefetch={false} href={sort.address as Route} aria-label={sort.label}>
                    {label}
                  </Link>
                ) : (
                  label
                )}
              </th>
            ))}
          </tr>
        </thead>
        {sections ? (
          sections.map((section) => (
            <tbody key={section.name}>
              <SectionHead section={section} width={columns.length + 1} nothing={words.nobodysRow} />
              {section.rows.map((row) => (
                <Row key={row.id} row={row} columns={columns} words={words} />
              ))}
            </tbody>
          ))
        ) : (
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} columns={columns} words={words} />
            ))}
          </tbody>
        )}
      </table>
    </form>
  )
}

function SectionHead({ section, width, nothing }: { section: BoardSection; width: number; nothing: string }) {
  const { title, all, rows } = section
  return (
    <tr className="board-section">
      <th scope="rowgroup" colSpan={width}>
        <div className="board-section-head">
          <h2>{title}</h2>
          {all && (
            <Link className="link" prefetch={false} href={all.address as Route} aria-label={`${title}: ${all.label}`}>
              {all.label}
            </Link>
          )}
          {rows.length === 0 && <p className="text-muted">{nothing}</p>}
        </div>
      </th>
    </tr>
  )
}

/** Only where JavaScript runs: without it the box would do nothing. */
function ChooseAll({ label, isAll, onChoose }: { label: string; isAll: boolean; onChoose(all: boolean): void }) {
  const [isAlive, setAlive] = useState(false)
  useEffect(() => setAlive(true), [])
  if (!isAlive) return null
  return (
    <label className="choose">
      <input type="checkbox" aria-label={label} checked={isAll} onChange={({ target }) => onChoose(target.checked)} />
    </label>
  )
}

function Row({ row, columns, words }: { row: ShownRow; columns: Column[]; words: TableWords }) {
  const label = (name: Column['name']) => columns.find((column) => column.name === name)?.label
  return (
    <tr>
      <td>
        <label className="choose">
          <input type="checkbox" name="id" value={row.id} aria-label={words.choose.join(row.name)} />
        </label>
      </td>
      <th scope="row">
        <Link className="link" prefetch={false} href={`/connections/${row.id}` as Route}>
          <bdi>{row.customer}</bdi>
        </Link>
        <bdi className="sub">{row.name}</bdi>
      </th>
      <td data-label={label('provider')}>
        {row.provider} <span className="sub">{row.profile}</span>
      </td>
      <td className="board-status">
        <StatusBadge status={row.status} verdict={row.verdict}>
          {row.badge}
        </StatusBadge>
        {row.frozen && <span className="badge badge-warn board-frozen">{row.frozen}</span>}
        {row.snoozed && (
          <span className="sub">
            <bdi>{row.snoozed}</bdi>
          </span>
        )}
      </td>
      <td data-label={label('turn')}>
        {row.turn} {row.title && <span className="sub">{row.title}</span>}
        {row.nextTry && <span className="sub">{row.nextTry}</span>}
      </td>
      <td data-label={label('checked')}>
        <Time time={row.checked} none={words.never} />
      </td>
      <td data-label={label('link_end')}>
        <Time time={row.linkEnds} none={words.noLink} />
      </td>
      <td data-label={label('owner')}>
        <bdi>{row.owner ?? words.noOwner}</bdi>
      </td>
    </tr>
  )
}

function Time({ time, none }: { time: ShownTime | null; none: string }) {
  if (!time) return <span className="board-none">{none}</span>
  return (
    <>
      <span className="board-relative">{time.relative} </span>
      <time className="sub" dateTime={time.at}>
        {time.exact}
      </time>
    </>
  )
}

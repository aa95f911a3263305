'use client'

import type { Route } from 'next'
import Link from 'next/link'
import { type ReactNode, useActionState, useEffect, useRef } from 'react'
import { TextField } from '#components/ui/text-field.tsx'
import type { BulkState } from './actions.ts'

type Row = { id: string; customer: string; name: string; text: string }
type Limits = {
  linkDays: number
  linkDaysMax: number
  reason: number
  firstDay: string
  lastDay: string
  aWeek: string
}

const fresh: BulkState = { typed: {}, problem: null, done: null }

/** The plan, what the work needs to know, and the button; afterwards the results in its place. */
export function BulkForm({
  lead,
  action,
  work,
  back,
  will,
  willNot,
  members,
  limits,
  words,
}: {
  /** What the button will do; gone with it. */
  lead: ReactNode
  action: (before: BulkState, form: FormData) => Promise<BulkState>
  work: string
  back: string
  will: Row[]
  willNot: Row[]
  members: { id: string; name: string }[]
  limits: Limits
  words: Record<string, string>
}) {
  const [state, formAction, isSending] = useActionState(action, fresh)
  const cancel = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (work === 'revoke') cancel.current?.focus()
  }, [work])
  if (state.done) return <Results done={state.done} back={back} words={words} />
  return (
    <form key={JSON.stringify(state)} action={formAction}>
      {lead}
      <input type="hidden" name="do" value={work} />
      {will.map(({ id }) => (
        <input key={id} type="hidden" name="id" value={id} />
      ))}
      <Rows title={words.will ?? ''} rows={will} />
      {will.length > 0 && <Fields work={work} state={state} members={members} limits={limits} words={words} />}
      <div className="bulk-actions">
        {will.length > 0 && (
          <button
            type="submit"
            className={work === 'revoke' ? 'button-secondary button-danger' : 'button-primary'}
            aria-disabled={isSending || undefined}
          >
            {words.confirm}
          </button>
        )}
        <Link ref={cancel} className="button-secondary" prefetch={false} href={back as Route}>
          {words.cancel}
        </Link>
      </div>
      <Rows title={words.willNot ?? ''} rows={willNot} />
    </form>
  )
}

function Rows({ title, rows }: { title: string; rows: Row[] }) {
  if (rows.length === 0) return null
  return (
    <section className="mt-4">
      <h2 className="font-semibold text-lg">{title}</h2>
      <ul className="bulk-rows">
        {rows.map(({ id, customer, name, text }) => (
          <li key={id}>
            <span>
              <bdi className="font-semibold">{customer}</bdi> <bdi className="text-muted">{name}</bdi>
            </span>
            <bdi>{text}</bdi>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Fields({
  work,
  state: { typed, problem },
  members,
  limits,
  words,
}: {
  work: string
  state: BulkState
  members: { id: string; name: string }[]
  limits: Limits
  words: Record<string, string>
}) {
  const errorOf = (field: string) => (problem?.field === field ? problem.text : undefined)
  const reason = (
    <TextField
      label={words.reason ?? ''}
      hint={words.reasonHint}
      name="reason"
      maxLength={limits.reason}
      required={work === 'revoke'}
      defaultValue={typed.reason}
      error={errorOf('reason')}
      autoComplete="off"
    />
  )
  switch (work) {
    case 'assign':
      return (
        <div className="field mt-6 max-w-md">
          <label htmlFor="field-staffId" className="field-label">
            {words.owner}
          </label>
          {errorOf('staffId') && (
            <p id="field-staffId-error" className="field-error">
              {errorOf('staffId')}
            </p>
          )}
          <select
            id="field-staffId"
            name="staffId"
            required
            className="field-input"
            defaultValue={typed.staffId ?? ''}
            aria-describedby={errorOf('staffId') && 'field-staffId-error'}
          >
            <option value="" />
            {members.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )
    case 'snooze':
      return (
        <div className="mt-6 max-w-md">
          <TextField
            label={words.until ?? ''}
            hint={words.untilHint}
            name="until"
            type="date"
            required
            min={limits.firstDay}
            max={limits.lastDay}
            defaultValue={typed.until ?? limits.aWeek}
            error={errorOf('until')}
          />
          <TextField
            label={words.note ?? ''}
            name="note"
            maxLength={limits.reason}
            defaultValue={typed.note}
            error={errorOf('note')}
            autoComplete="off"
          />
        </div>
      )
    case 'extend':
      return (
        <div className="mt-6 max-w-md">
          <TextField
            label={words.days ?? ''}
            hint={words.daysHint}
            name="days"
            type="number"
            inputMode="numeric"
            required
            min={1}
            max={limits.linkDaysMax}
            defaultValue={typed.days ?? limits.linkDays}
            error={errorOf('days')}
          />
          {reason}
        </div>
      )
    case 'revoke':
      return <div className="mt-6 max-w-md">{reason}</div>
    default:
      return null
  }
}

/** What became of each row. The heading takes the focus: the page has changed under the button. */
function Results({
  done,
  back,
  words,
}: {
  done: NonNullable<BulkState['done']>
  back: string
  words: Record<string, string>
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <div>
      <h2 ref={heading} tabIndex={-1} className="font-semibold text-lg">
        {done.title}
      </h2>
      <ul className="bulk-rows">
        {done.rows.map(({ id, customer, name, text, isDone }) => (
          <li key={id} data-done={isDone}>
            <span>
              <bdi className="font-semibold">{customer}</bdi> <bdi className="text-muted">{name}</bdi>
            </span>
            <span>{text}</span>
          </li>
        ))}
      </ul>
      <div className="bulk-actions">
        <Link className="button-primary" prefetch={false} href={back as Route}>
          {words.back}
        </Link>
      </div>
    </div>
  )
}

'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { TextField } from '#components/ui/text-field.tsx'

export type FoundRow = {
  id: string
  title: string
  about: string
  status: string
  statusWords: string
  verdictCode: string | null
  /** Where the case opens, and where it opens with the step to send again. */
  href: string
  sendHref: string | null
}

/** `typed` is empty for a secure link: what was pasted goes nowhere but to its digest. */
export type LookUpState = { typed: string; told: string | null; rows: FoundRow[]; more: string | null }

export const nothingLookedUp: LookUpState = { typed: '', told: null, rows: [], more: null }

/** One box for whatever a customer can say or paste. Sent by POST, so that it stays out of every address. */
export function LookUpBox({
  action,
  words,
}: {
  action: (before: LookUpState, form: FormData) => Promise<LookUpState>
  words: { title: string; hint: string; find: string; open: string; sendAgain: string }
}) {
  const [state, find] = useActionState(action, nothingLookedUp)
  return (
    <search className="block space-y-4">
      <form action={find} className="look-up">
        <TextField
          key={state.typed}
          name="text"
          label={words.title}
          hint={words.hint}
          defaultValue={state.typed}
          autoComplete="off"
          spellCheck={false}
          maxLength={500}
        />
        <Button type="submit">{words.find}</Button>
      </form>
      <p role="status" className={state.told ? '' : 'sr-only'}>
        {state.told}
      </p>
      {state.rows.length > 0 && (
        <ul className="found">
          {state.rows.map((row) => (
            <li key={row.id} className="found-row">
              <div>
                <a className="link font-semibold" href={row.href}>
                  <bdi>{row.title}</bdi>
                </a>
                <p className="text-muted text-sm">
                  <bdi>{row.about}</bdi>
                </p>
              </div>
              <StatusBadge status={row.status} verdict={row.verdictCode}>
                {row.statusWords}
              </StatusBadge>
              {row.sendHref && (
                <a className="button-secondary" href={row.sendHref}>
                  {words.sendAgain} <span className="sr-only">{row.title}</span>
                </a>
              )}
            </li>
          ))}
        </ul>
      )}
      {state.more && <p className="text-muted text-sm">{state.more}</p>}
    </search>
  )
}

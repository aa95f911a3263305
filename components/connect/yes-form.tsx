'use client'

import type { ReactNode } from 'react'
import { Button } from '#components/ui/button.tsx'
import { useKeptAction } from './use-kept-action.ts'

/** We could not carry the yes out; the log says why under this reference. */
export type Unfinished = { reference: string }

/** The customer's yes in one press. Where it leads nowhere the question stays, and the answer says what to do. */
export function YesForm({
  action,
  label,
  children,
  words,
}: {
  action: (before: Unfinished | null, form: FormData) => Promise<Unfinished | null>
  label: ReactNode
  /** What else may be done, below the button. */
  children?: ReactNode
  /** They come with the page, because the database may be what failed. */
  words: Record<string, string>
}) {
  const { state, formAction, send, pending, noAnswer } = useKeptAction<Unfinished | null>(action, null)
  return (
    <form
      action={formAction}
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (!pending) send(new FormData(event.currentTarget))
      }}
    >
      <Button
        type="submit"
        aria-disabled={pending || undefined}
        // Without scripts the page comes anew, and its answer stands at the end of it.
        autoFocus={state !== null}
      >
        {pending ? words.checking : label}
      </Button>
      {children}
      <div role="status">
        {noAnswer && <p className="text-error">{words[noAnswer]}</p>}
        {state && !noAnswer && !pending && (
          <div className="notice notice-warn">
            <p className="notice-title">{words.unfinishedTitle}</p>
            <p>{words.unfinished?.replace('{reference}', state.reference)}</p>
          </div>
        )}
      </div>
    </form>
  )
}

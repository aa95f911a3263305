'use client'

import type { ReactNode } from 'react'
import type { QrCode } from '#lib/qr-code.ts'
import { useKeptAction } from './use-kept-action.ts'

export type ButtonAnswer = { text: string; code?: QrCode }

/** One button whose answer comes in its place, on the same page, so that nothing typed elsewhere is lost. */
export function AnsweredButton({
  action,
  label,
  children,
  words,
}: {
  action: (before: ButtonAnswer | null, form: FormData) => Promise<ButtonAnswer | null>
  label: string
  /** What the button is for, beside it. */
  children?: ReactNode
  words: { unanswered: string; updated: string; codeLabel?: string }
}) {
  const { state, formAction, send, pending, noAnswer } = useKeptAction<ButtonAnswer | null>(action, null)
  return (
    <div>
      {!state && (
        <form
          action={formAction}
          className="flex flex-wrap items-center gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            if (!pending) send(new FormData(event.currentTarget))
          }}
        >
          {children}
          <button type="submit" className="button-secondary" aria-disabled={pending || undefined}>
            {label}
          </button>
        </form>
      )}
      <div role="status" className="space-y-3">
        {noAnswer && <p className="mt-2 text-error">{words[noAnswer]}</p>}
        {state && <p>{state.text}</p>}
        {state?.code && <CodeForCamera code={state.code} label={words.codeLabel ?? ''} />}
      </div>
    </div>
  )
}

/** Dark on light in every colour scheme: cameras read nothing else reliably. */
function CodeForCamera({ code: { size, path }, label }: { code: QrCode; label: string }) {
  return (
    <svg className="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

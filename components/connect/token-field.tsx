'use client'

import { useEffect, useId, useState } from 'react'
import type { UseFormRegisterReturn } from 'react-hook-form'
import type { FormWords } from './credential-form.tsx'

type Cleaned = { value: string; removed: readonly string[]; error?: string; hint?: string; looksLike?: string }

/** The one place where a token is typed. Masked, never filled in by us, never kept by a password manager. */
export function TokenField({
  words,
  error,
  pending,
  clean,
  registration,
  onCleaned,
  pasteAgain,
  removedByServer,
}: {
  words: FormWords
  error: string | undefined
  pending: boolean
  clean: (typed: string) => Cleaned
  registration: UseFormRegisterReturn<'apiToken'>
  onCleaned: (value: string) => void
  /** The page was drawn again without JavaScript: what was pasted is gone. */
  pasteAgain: boolean
  /** What the server took away around the token of the last try; without JavaScript nobody else could say so. */
  removedByServer: string | null
}) {
  const id = useId()
  const [hydrated, setHydrated] = useState(false)
  const [shown, setShown] = useState(false)
  const [note, setNote] = useState('')
  useEffect(() => setHydrated(true), [])
  useEffect(() => {
    if (pending) setShown(false)
  }, [pending])

  const describedBy = [`${id}-hint`, error ? `${id}-error` : '', `${id}-note`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor="field-apiToken" className="field-label">
        {words.tokenLabel}
      </label>
      <p id={`${id}-hint`} className="field-hint">
        {words.tokenHint}
      </p>
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
      <div className="flex gap-2">
        <input
          {...registration}
          id="field-apiToken"
          type={shown && !pending ? 'text' : 'password'}
          className="field-input font-mono"
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          inputMode="text"
          data-1p-ignore=""
          data-lpignore="true"
          data-bwignore=""
          data-form-type="other"
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy}
          onBlur={(event) => {
            void registration.onBlur(event)
            const cleaned = clean(event.target.value)
            if (!cleaned.error && cleaned.removed.length > 0) onCleaned(cleaned.value)
            setNote(noteOf(cleaned, words))
          }}
        />
        {hydrated && (
          <button
            type="button"
            className="button-secondary shrink-0"
            aria-controls="field-apiToken"
            aria-label={shown ? words.hideToken : words.showToken}
            onClick={() => setShown(!shown)}
          >
            {shown ? words.hide : words.show}
          </button>
        )}
      </div>
      <p id={`${id}-note`} className="field-note" aria-live="polite">
        {note ||
          [wordOfRemoval(removedByServer, words), pasteAgain && !hydrated && words.pasteAgain]
            .filter(Boolean)
            .join(' ')}
      </p>
      <span className="sr-only" aria-live="polite">
        {hydrated && (shown ? words.shown : '')}
      </span>
    </div>
  )
}

function noteOf({ value, removed, error, hint, looksLike }: Cleaned, words: FormWords): string {
  if (value === '' && !looksLike) return ''
  if (error) return looksLike ? (words[`kind_${looksLike}`] ?? '') : ''
  const removal = wordOfRemoval(removed[0], words)
  const doubt = hint ? (words[`hint_${hint}`] ?? '').replace('{length}', String(value.length)) : ''
  return [removal, doubt].filter(Boolean).join(' ')
}

/** Three of the ways to unwrap a token share one sentence. */
function wordOfRemoval(removed: string | null | undefined, words: FormWords): string {
  return removed ? (words[`removed_${removed}`] ?? words.removed_wrapping ?? '') : ''
}

'use client'

import { useEffect, useState } from 'react'

/** Shows a text and copies it in one press. Without JavaScript the text stands there to be selected. */
export function CopyButton({
  text,
  textLanguage,
  label,
  copied,
}: {
  text: string
  /** Where the text is in another language than the page. */
  textLanguage?: string
  label: string
  copied: string
}) {
  const [ready, setReady] = useState(false)
  const [done, setDone] = useState(false)
  useEffect(() => setReady(true), [])
  return (
    <div className="mt-3 space-y-2">
      <blockquote
        lang={textLanguage}
        className="whitespace-pre-line rounded-lg border border-edge bg-bg p-3 text-sm [overflow-wrap:anywhere]"
      >
        {text}
      </blockquote>
      {ready && (
        <button
          type="button"
          className="button-secondary"
          onClick={() => void navigator.clipboard.writeText(text).then(() => setDone(true))}
        >
          {done ? copied : label}
        </button>
      )}
      <span className="sr-only" aria-live="polite">
        {done ? copied : ''}
      </span>
    </div>
  )
}

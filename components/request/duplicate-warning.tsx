'use client'

import type { Route } from 'next'
import Link from 'next/link'
import { useEffect, useRef } from 'react'
import type { RequestState } from '../../app/(team)/connections/new/actions.ts'

/** Somebody was asked already: says what is open, leads there, and sends all the same if that is meant. */
export function DuplicateWarning({
  duplicates,
  attempt,
  words,
}: {
  duplicates: RequestState['duplicates']
  attempt: string
  words: Record<string, string>
}) {
  const box = useRef<HTMLDivElement>(null)
  const isShown = duplicates.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new attempt moves the focus again.
  useEffect(() => {
    if (isShown) box.current?.focus()
  }, [isShown, attempt])
  if (!isShown) return null
  return (
    <div ref={box} role="alert" tabIndex={-1} className="notice notice-warn mb-6" aria-labelledby="duplicate-heading">
      <h2 id="duplicate-heading" className="notice-title">
        {words.duplicateTitle}
      </h2>
      <p>{words.duplicateText}</p>
      <ul className="list-disc ps-5">
        {duplicates.map(({ connectionId, text }) => (
          <li key={connectionId}>
            <Link className="link" prefetch={false} href={`/connections/${connectionId}` as Route}>
              <bdi>{text}</bdi>
            </Link>
          </li>
        ))}
      </ul>
      <button type="submit" name="intent" value="sendAnyway" className="button-secondary mt-3">
        {words.sendAnyway}
      </button>
    </div>
  )
}

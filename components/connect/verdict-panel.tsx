'use client'

import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { CopyButton } from '#components/ui/copy-button.tsx'
import type { Explanation } from '#lib/connection/explain.ts'

/** Why the token could not be taken: title, cause, numbered steps, who can do it. Takes the focus when it appears. */
export function VerdictPanel({
  badge,
  explanation,
  words,
  reference,
  hint,
  children,
}: {
  badge: ReactNode
  explanation: Explanation
  words: Record<string, string>
  reference?: string | null
  hint?: string | null
  children?: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new explanation moves the focus again.
  useEffect(() => heading.current?.focus(), [explanation, reference])
  return (
    <section className="notice notice-warn" aria-labelledby="verdict-heading">
      {badge}
      <h2 id="verdict-heading" ref={heading} tabIndex={-1} className="notice-title">
        {explanation.title}
      </h2>
      <p>{explanation.cause}</p>
      {hint && <p>{hint}</p>}
      {explanation.steps.length > 0 && (
        <>
          <h3 className="mt-3 font-semibold">{words.whatToDo}</h3>
          <ol className="list-decimal ps-5">
            {explanation.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </>
      )}
      {children}
      {explanation.who && (
        <p className="mt-3">
          <span className="font-semibold">{words.who}: </span>
          {explanation.who}
        </p>
      )}
      {explanation.copyForAdmin && (
        <CopyButton text={explanation.copyForAdmin} label={words.copyForAdmin ?? ''} copied={words.copied ?? ''} />
      )}
      {reference && <p className="mt-3">{words.reference?.replace('{reference}', reference)}</p>}
    </section>
  )
}

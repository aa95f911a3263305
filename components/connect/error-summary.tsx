'use client'

import { useEffect, useRef } from 'react'

/** What is wrong with the form, first in main, with a link to each field in exactly the field's words. */
export function ErrorSummary({
  heading,
  errors,
  attempt,
}: {
  heading: string
  errors: { name: string; text: string }[]
  attempt: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const hasErrors = errors.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new attempt moves the focus again.
  useEffect(() => {
    if (hasErrors) box.current?.focus()
  }, [hasErrors, attempt])
  if (!hasErrors) return null
  return (
    <div ref={box} role="alert" tabIndex={-1} className="notice notice-error" aria-labelledby="error-summary-heading">
      <h2 id="error-summary-heading" className="notice-title">
        {heading}
      </h2>
      <ul className="list-disc ps-5">
        {errors.map(({ name, text }) => (
          <li key={name}>
            <a href={`#field-${name}`} className="text-error underline">
              {text}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

'use client'

import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import type { Explanation } from '#lib/connection/explain.ts'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import { AdminText } from './admin-text.tsx'
import { OwnerCard } from './owner-card.tsx'
import type { Report } from './permission-report.tsx'
import { PermissionReport } from './permission-report.tsx'

/** What the check found out about the token that it could not take. */
export type Found = {
  owner: { title: string; facts: { label: string; value: string; strong?: boolean }[] } | null
  report: Report | null
  /** The report is the answer, not only background to it. */
  isReportOpen: boolean
}

/** Why the token could not be taken: title, cause, numbered steps, who can do it. Takes the focus when it appears. */
export function VerdictPanel({
  badge,
  explanation,
  words,
  reference,
  hint,
  found,
  children,
}: {
  badge: ReactNode
  explanation: Explanation
  words: Record<string, string>
  reference?: string | null
  hint?: string | null
  found?: Found | null
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
      {found?.owner && (
        <div className="my-3 max-w-xl">
          <OwnerCard {...found.owner} level={3} />
        </div>
      )}
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
        <AdminText
          text={explanation.copyForAdmin}
          mail={explanation.mailForAdmin}
          words={{ copy: words.copyForAdmin ?? '', copied: words.copied ?? '', mail: words.mailForAdmin ?? '' }}
        />
      )}
      {found?.report && (
        <div className="mt-4">
          <Disclosure title={words.reportTitle} open={found.isReportOpen}>
            <PermissionReport {...found.report} />
          </Disclosure>
        </div>
      )}
      {reference && <p className="mt-3">{words.reference?.replace('{reference}', reference)}</p>}
    </section>
  )
}

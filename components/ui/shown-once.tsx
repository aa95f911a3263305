import { type ReactNode, useEffect, useRef } from 'react'
import { CopyButton } from './copy-button.tsx'

/** A secret that was made a moment ago: to be copied now, since it is never shown again. Takes the focus. */
export function ShownOnce({
  title,
  lead,
  secret,
  words,
  children,
}: {
  title: string
  lead: string
  secret: string
  words: { copy: string; copied: string }
  children: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <div className="max-w-prose space-y-4">
      <h1 ref={heading} tabIndex={-1} className="console-title">
        {title}
      </h1>
      <p role="status">{lead}</p>
      <CopyButton text={secret} label={words.copy} copied={words.copied} />
      {children}
    </div>
  )
}

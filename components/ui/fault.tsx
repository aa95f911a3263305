'use client'

import de from '#messages/fault.de.json' with { type: 'json' }
import en from '#messages/fault.en.json' with { type: 'json' }
import { ShellPage } from './shell-page.tsx'

/**
 * A page that broke: whose fault it is, what to do, and the reference that the log has too. Never the cause.
 * Every page loads this before anything breaks, in both languages, so its words have files of their own.
 */
export function Fault({ error, retry }: { error: unknown; retry: () => void }) {
  const language = typeof document === 'undefined' ? 'en' : document.documentElement.lang
  const words = language.startsWith('de') ? de : en
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : null
  return (
    <ShellPage product={words.product} title={words.title} lead={words.text}>
      <p>{words.steps}</p>
      {digest && (
        <p>
          {words.reference} <code>{digest}</code>
        </p>
      )}
      <button type="button" className="button-primary" onClick={retry}>
        {words.retry}
      </button>
    </ShellPage>
  )
}

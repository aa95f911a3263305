'use client'

import de from '#messages/shell.de.json' with { type: 'json' }
import en from '#messages/shell.en.json' with { type: 'json' }
import { ShellPage } from './shell-page.tsx'

/** A page that broke: whose fault it is, what to do, and the reference that the log has too. Never the cause. */
export function Fault({ error, retry }: { error: unknown; retry: () => void }) {
  const language = typeof document === 'undefined' ? 'en' : document.documentElement.lang
  const { product, error: words } = language.startsWith('de') ? de : en
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : null
  return (
    <ShellPage product={product} title={words.title} lead={words.text}>
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

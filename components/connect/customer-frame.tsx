import type { ReactNode } from 'react'

/** Everything around a customer's page: who asks, help in one place, and how to tell whether it is real. */
export function CustomerFrame({
  language,
  teamName,
  words,
  narrow = false,
  children,
}: {
  language: string
  teamName: string | null
  /** One column of text: everything on the page starts at one line. */
  narrow?: boolean
  words: { help: string; handledBy: string; notSure?: string; reference?: string }
  children: ReactNode
}) {
  return (
    <div
      lang={language}
      className={`mx-auto flex min-h-dvh ${narrow ? 'max-w-4xl' : 'max-w-6xl'} flex-col px-4 sm:px-6`}
    >
      <header className="flex items-center justify-between gap-4 border-line border-b py-4 print:py-2">
        <p className="font-semibold text-lg">
          <bdi>{teamName ?? 'Latchkey'}</bdi>
        </p>
        <nav className="print:hidden">
          <a href="/help" className="link">
            {words.help}
          </a>
        </nav>
      </header>
      <main id="main" className="flex-1 pt-8 pb-16 sm:pt-10">
        {children}
      </main>
      <footer className="space-y-2 border-line border-t py-6 text-muted text-sm">
        {words.notSure && <p>{words.notSure}</p>}
        <p className="flex flex-wrap gap-x-4 gap-y-1">
          <span>{words.handledBy}</span>
          {words.reference && <span>{words.reference}</span>}
        </p>
      </footer>
    </div>
  )
}

import type { ReactNode } from 'react'

export type FrameBrand = {
  logoPath: string | null
  accent: string | null
  supportEmail: string | null
  supportPhone: string | null
}

/** Everything around a customer's page: who asks, help in one place, and how to tell whether it is real. */
export function CustomerFrame({
  language,
  teamName,
  brand = null,
  helpPath = '/help',
  words,
  narrow = false,
  children,
}: {
  language: string
  teamName: string | null
  /** One column of text: everything on the page starts at one line. */
  narrow?: boolean
  /** How the team looks and is reached; null where no team is known. */
  brand?: FrameBrand | null
  /** The help of whoever asks. */
  helpPath?: string
  words: { help: string; handledBy: string; notSure?: string; reference?: string; support?: string }
  children: ReactNode
}) {
  return (
    <div
      lang={language}
      className={`brand mx-auto flex min-h-dvh ${narrow ? 'max-w-4xl' : 'max-w-6xl'} flex-col px-4 sm:px-6`}
    >
      {brand?.accent && <link rel="stylesheet" href={`/brand-colour/${brand.accent.slice(1)}`} precedence="brand" />}
      <header className="flex items-center justify-between gap-4 border-line border-b py-4 print:py-2">
        <p className="font-semibold text-lg">
          {brand?.logoPath ? (
            <img className="team-logo" src={brand.logoPath} alt={teamName ?? ''} />
          ) : (
            <bdi>{teamName ?? 'Latchkey'}</bdi>
          )}
        </p>
        <nav className="print:hidden">
          <a href={helpPath} className="link">
            {words.help}
          </a>
        </nav>
      </header>
      <main id="main" className="flex-1 pt-8 pb-16 sm:pt-10">
        {children}
      </main>
      <footer className="space-y-2 border-line border-t py-6 text-muted text-sm">
        {words.notSure && <p>{words.notSure}</p>}
        {brand && words.support && <SupportContact brand={brand} label={words.support} />}
        <p className="flex flex-wrap gap-x-4 gap-y-1">
          <span>{words.handledBy}</span>
          {words.reference && <span>{words.reference}</span>}
        </p>
      </footer>
    </div>
  )
}

/** The same place on every page, so that nobody has to look for it. */
function SupportContact({ brand, label }: { brand: FrameBrand; label: string }) {
  const { supportEmail, supportPhone } = brand
  if (!supportEmail && !supportPhone) return null
  return (
    <p className="flex flex-wrap gap-x-3">
      <span>{label}</span>
      {supportEmail && (
        <a className="link" href={`mailto:${supportEmail}`}>
          {supportEmail}
        </a>
      )}
      {supportPhone && (
        <a className="link" href={`tel:${supportPhone.replace(/[^+\d]/g, '')}`}>
          {supportPhone}
        </a>
      )}
    </p>
  )
}

import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { THEME_COOKIE, themeOf } from '#lib/theme.ts'
import { words } from '#lib/words.ts'
import { pageLanguage, pageWords } from './page-words.ts'
import './globals.css'

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' }

/** No title: each page names its own, with the state it is in. */
export async function generateMetadata(): Promise<Metadata> {
  const t = await pageWords()
  return {
    description: t('shell.description'),
    // Numbers in a reference or a date are no telephone numbers.
    formatDetection: { telephone: false, email: false, address: false },
  }
}

/** The frame of every page. It waits for the request, so that no page is static: a static one has no nonce and no scripts. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  await connection()
  const language = await pageLanguage()
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <html lang={language} data-theme={theme === 'system' ? undefined : theme}>
      <body>
        <a href="#main" className="skip-link">
          {words(language)('shell.skip')}
        </a>
        {children}
      </body>
    </html>
  )
}

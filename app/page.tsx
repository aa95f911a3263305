import type { Metadata } from 'next'
import { ShellPage } from '#components/ui/shell-page.tsx'
import { usualProvider } from '#lib/providers/fields.ts'
import { pageWords } from './page-words.ts'

export async function generateMetadata(): Promise<Metadata> {
  const t = await pageWords()
  return { title: `${t('shell.home.title')} · ${t('fault.product')}` }
}

/** The front door: most people are here by mistake and need their e-mail. */
export default async function HomePage() {
  const t = await pageWords()
  return (
    <ShellPage product={t('fault.product')} title={t('shell.home.title')} lead={t('shell.home.lead')}>
      <section aria-labelledby="lost" className="rounded-lg border border-edge bg-panel p-5">
        <h2 id="lost" className="font-semibold">
          {t('shell.home.lostTitle')}
        </h2>
        <p>{t('shell.home.lost')}</p>
      </section>
      <section aria-labelledby="safe">
        <h2 id="safe" className="font-semibold text-lg">
          {t('shell.home.safeTitle')}
        </h2>
        <ol className="mt-2 list-decimal space-y-1 ps-5">
          <li>{t('shell.home.safe1')}</li>
          <li>{t('shell.home.safe2')}</li>
          <li>{t('shell.home.safe3')}</li>
        </ol>
      </section>
      <nav className="flex flex-wrap gap-x-6 gap-y-2">
        <a href={`/guides/${usualProvider}`} className="link">
          {t('shell.home.guide')}
        </a>
        <a href="/help" className="link">
          {t('shell.home.help')}
        </a>
        <a href="/sign-in" className="link">
          {t('shell.home.signIn')}
        </a>
      </nav>
    </ShellPage>
  )
}

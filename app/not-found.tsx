import type { Metadata } from 'next'
import { ShellPage } from '#components/ui/shell-page.tsx'
import { pageWords } from './page-words.ts'

export async function generateMetadata(): Promise<Metadata> {
  const t = await pageWords()
  return { title: `${t('shell.notFound.title')} · ${t('fault.product')}` }
}

export default async function NotFound() {
  const t = await pageWords()
  return (
    <ShellPage product={t('fault.product')} title={t('shell.notFound.title')} lead={t('shell.notFound.text')}>
      <a href="/" className="link">
        {t('shell.notFound.home')}
      </a>
    </ShellPage>
  )
}

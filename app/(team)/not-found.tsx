import Link from 'next/link'
import { CONSOLE_HOME } from '#lib/next-path.ts'
import { pageWords } from '../page-words.ts'

/** An address of the console that leads to nothing, inside the console's frame. */
export default async function NotFoundPage() {
  const t = await pageWords()
  return (
    <div className="max-w-2xl space-y-4">
      <title>{`${t('shell.notFound.title')} · ${t('fault.product')}`}</title>
      <h1 className="font-semibold text-2xl">{t('shell.notFound.title')}</h1>
      <p className="text-lg text-muted">{t('shell.notFound.text')}</p>
      <Link className="link" prefetch={false} href={CONSOLE_HOME}>
        {t('team.forbidden.back')}
      </Link>
    </div>
  )
}

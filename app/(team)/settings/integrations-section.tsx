import type { Route } from 'next'
import Link from 'next/link'
import { pageWords } from '../../page-words.ts'

/** Where the team's own systems come in. */
export async function IntegrationsSection() {
  const t = await pageWords()
  return (
    <section aria-labelledby="integrations" className="mt-10 space-y-4">
      <div>
        <h2 id="integrations" className="font-semibold text-lg">
          {t('keys.section.title')}
        </h2>
        <p className="max-w-prose text-muted">{t('keys.section.lead')}</p>
      </div>
      <p className="flex flex-wrap gap-3">
        <Link className="button-secondary" prefetch={false} href={'/settings/keys' as Route}>
          {t('keys.section.keys')}
        </Link>
        <Link className="button-secondary" prefetch={false} href={'/settings/webhooks' as Route}>
          {t('webhooks.title')}
        </Link>
        <a className="button-secondary" href="/docs/api">
          {t('keys.section.docs')}
        </a>
      </p>
    </section>
  )
}

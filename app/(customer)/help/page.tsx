import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { env } from '#lib/env.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'

const topics = ['stored', 'read', 'check', 'long', 'stop', 'real'] as const

/** C11: what is stored, who can read it, for how long, and how to stop it. */
export default async function HelpPage() {
  const language = await pageLanguage()
  const t = words(language)
  return (
    <CustomerFrame
      language={language}
      teamName={null}
      narrow
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <title>{t('pages.help.title')}</title>
      <div className="max-w-prose space-y-8">
        <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.help.title')}</h1>
        <p className="text-lg">{t('pages.help.lead')}</p>
        {topics.map((topic) => (
          <section key={topic} aria-labelledby={topic}>
            <h2 id={topic} className="mb-1 font-semibold text-lg">
              {t(`pages.help.${topic}Title`)}
            </h2>
            <p>{t(`pages.help.${topic}`)}</p>
          </section>
        ))}
        <p>
          <a className="link" href="/guides/pipedrive">
            {t('pages.help.guide')}
          </a>
        </p>
      </div>
    </CustomerFrame>
  )
}

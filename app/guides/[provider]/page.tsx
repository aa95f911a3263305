import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { env } from '#lib/env.ts'
import { fieldsOf, isProviderId } from '#lib/providers/fields.ts'
import { pageLanguage, pageWords } from '../../page-words.ts'
import { guideOf } from '../../provider-guide.ts'

type Props = { params: Promise<{ provider: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { provider } = await params
  if (!isProviderId(provider)) return {}
  const { t } = await guideOf(provider, await pageLanguage())
  return { title: t('title'), description: t('lead') }
}

/** The guide alone, at an address that stays: to read before, to print, to send to a colleague. */
export default async function GuidePage({ params }: Props) {
  const { provider } = await params
  if (!isProviderId(provider)) notFound()
  const language = await pageLanguage()
  const t = await pageWords()
  const { guide, t: guideWords } = await guideOf(provider, language)
  const headingOf = (step: string) => guideWords(guide.headingOf(step, { rotate: false }))
  return (
    <CustomerFrame
      language={language}
      teamName={null}
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <h1 className="font-bold text-2xl sm:text-3xl">{guideWords('title')}</h1>
      <p className="mt-3 text-lg">{guideWords('lead')}</p>
      <div className="guide-alone">
        <ol className="guide-rows">
          {guide.steps.map((step, index) => (
            <li key={step} className="border-line border-t pt-8">
              <section aria-labelledby={`step-${step}`} className="guide-row-text">
                <p className="step-of">{t('pages.connect.stepOf', { number: index + 1, total: guide.steps.length })}</p>
                <h2 id={`step-${step}`} className="step-heading">
                  {headingOf(step)}
                </h2>
                <guide.Step
                  step={step}
                  t={guideWords}
                  team={t('fault.product')}
                  alone
                  needsAdmin={false}
                  adminReason=""
                  apiPageLink={
                    <a
                      className="button-secondary"
                      href={fieldsOf(provider).tokenPageOf(null)}
                      target="_blank"
                      rel="noreferrer"
                    >
                      {guideWords('openApiPage')}
                    </a>
                  }
                />
              </section>
            </li>
          ))}
        </ol>
        <nav className="guide-contents" aria-labelledby="contents">
          <p id="contents" className="font-semibold">
            {guideWords('contents')}
          </p>
          <ol>
            {guide.steps.map((step, index) => (
              <li key={step}>
                <a className="link" href={`#step-${step}`}>
                  {index + 1}. {headingOf(step)}
                </a>
              </li>
            ))}
          </ol>
        </nav>
      </div>
    </CustomerFrame>
  )
}

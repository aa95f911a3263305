import type { Metadata } from 'next'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { env } from '#lib/env.ts'
import { guideSteps } from '#lib/providers/pipedrive/guide/steps.tsx'
import { GuideBody } from '../../(customer)/connect/[connectionId]/guide-body.tsx'
import { pageLanguage, pageWords } from '../../page-words.ts'

export async function generateMetadata(): Promise<Metadata> {
  const t = await pageWords()
  return { title: t('pipedrive.title'), description: t('pipedrive.lead') }
}

/** The guide alone, at an address that stays: to read before, to print, to send to a colleague. */
export default async function PipedriveGuidePage() {
  const language = await pageLanguage()
  const t = await pageWords()
  return (
    <CustomerFrame
      language={language}
      teamName={null}
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <h1 className="font-bold text-2xl sm:text-3xl">{t('pipedrive.title')}</h1>
      <p className="mt-3 text-lg">{t('pipedrive.lead')}</p>
      <div className="guide-alone">
        <ol className="guide-rows">
          {guideSteps.map((step, index) => (
            <li key={step} className="border-line border-t pt-8">
              <section aria-labelledby={`step-${step}`} className="guide-row-text">
                <p className="step-of">{t('pages.connect.stepOf', { number: index + 1, total: guideSteps.length })}</p>
                <h2 id={`step-${step}`} className="step-heading">
                  {t(`pipedrive.steps.${step}.heading`)}
                </h2>
                <GuideBody
                  step={step}
                  language={language}
                  team={t('fault.product')}
                  alone
                  needsAdmin={false}
                  adminReason=""
                  apiPageLink={
                    <a
                      className="button-secondary"
                      href="https://app.pipedrive.com/settings/api"
                      target="_blank"
                      rel="noreferrer"
                    >
                      {t('pipedrive.openApiPage')}
                    </a>
                  }
                />
              </section>
            </li>
          ))}
        </ol>
        <nav className="guide-contents" aria-labelledby="contents">
          <p id="contents" className="font-semibold">
            {t('pipedrive.contents')}
          </p>
          <ol>
            {guideSteps.map((step, index) => (
              <li key={step}>
                <a className="link" href={`#step-${step}`}>
                  {index + 1}. {t(`pipedrive.steps.${step}.heading`)}
                </a>
              </li>
            ))}
          </ol>
        </nav>
      </div>
    </CustomerFrame>
  )
}

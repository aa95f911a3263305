import type { ReactNode } from 'react'
import { RefreshWhileWaiting } from '#components/connect/refresh-while-waiting.tsx'
import { Button } from '#components/ui/button.tsx'
import { Moment } from '#components/ui/moment.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { explain } from '#lib/connection/explain.ts'
import type { OwnFate } from '#lib/connection/shared-fate.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { formatDateTime, maskEmail } from '#lib/format.ts'
import type { ProviderId } from '#lib/providers/fields.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { words } from '#lib/words.ts'
import { FateNotice } from '../../fate-notice.tsx'
import { Frame } from '../../frame.tsx'
import { checkEndAction } from './actions.ts'

/** The way to a dead token: what stops, what to do in Pipedrive, and what Pipedrive says to our question. */
export function Closing({
  connection,
  ending,
  fate,
  isThrottled,
}: {
  connection: CustomerConnection
  ending: OffBoarding
  fate: OwnFate
  isThrottled: boolean
}) {
  const t = words(connection.language)
  const names = {
    team: connection.teamName,
    project: connection.project,
    user: connection.providerUserName ?? t('end.closing.somebody'),
    company: connection.providerCompanyName ?? connection.customerName,
    deadline: formatDateTime(ending.deadline, connection.language),
  }
  const apiPage = fieldsOf(connection.provider as ProviderId).tokenPageOf(connection.providerCompanyDomain)
  const standing = standingOf(ending)
  return (
    <Frame connection={connection} title={t('end.closing.title', names)} narrow>
      {standing !== 'open' && standing !== 'alive' && (
        <>
          <RefreshWhileWaiting />
          <noscript>
            <meta httpEquiv="refresh" content="15" />
          </noscript>
        </>
      )}
      <div className="space-y-8">
        <div className="space-y-4">
          <StatusBadge status="off_boarding" verdict={ending.probeCode}>
            {t('pages.status.off_boarding')}
          </StatusBadge>
          <h1 className="font-bold text-2xl sm:text-3xl">{t('end.closing.title', names)}</h1>
          <p className="max-w-prose text-lg">
            {t(ending.askedBy === 'link_holder' ? 'end.closing.leadOwn' : 'end.closing.lead', names)}
          </p>
          {ending.reason && (
            <p className="max-w-prose text-muted">{t('end.closing.reason', { reason: ending.reason })}</p>
          )}
        </div>
        <div aria-live="polite">
          <Answer connection={connection} ending={ending} standing={isThrottled ? 'throttled' : standing} />
        </div>
        <ol className="space-y-8">
          <Step number={1} title={t('end.closing.step1')}>
            <p>{t('end.closing.stops', names)}</p>
            <p className="notice notice-warn">{t('end.closing.others', names)}</p>
            <FateNotice fate={fate} connection={connection} moment="closing" />
          </Step>
          <Step number={2} title={t('end.closing.step2')}>
            <div className="grid gap-4 sm:grid-cols-2">
              <div className="card space-y-2">
                <h3 className="font-semibold">{t('end.closing.deactivateTitle')}</h3>
                <p>{t('end.closing.deactivate', names)}</p>
              </div>
              <div className="card space-y-2">
                <h3 className="font-semibold">{t('end.closing.regenerateTitle')}</h3>
                <p>{t('end.closing.regenerate', names)}</p>
                <p>
                  <a className="button-secondary" href={apiPage} target="_blank" rel="noopener">
                    {t('pages.form.openApiPage')}
                  </a>
                </p>
              </div>
            </div>
          </Step>
          <Step number={3} title={t('end.closing.step3')}>
            <form action={checkEndAction.bind(null, connection.id)} className="space-y-4">
              <fieldset className="field">
                <legend className="field-label">{t('end.closing.way')}</legend>
                {(['deactivate', 'regenerate'] as const).map((way) => (
                  <label key={way} className="choice">
                    <input type="radio" name="way" value={way} defaultChecked={ending.way === way} />
                    <span>{t(`end.closing.${way}Title`)}</span>
                  </label>
                ))}
              </fieldset>
              <Button type="submit">{t('end.closing.button')}</Button>
              <p className="text-muted text-sm">{t('end.closing.promise')}</p>
            </form>
          </Step>
        </ol>
      </div>
    </Frame>
  )
}

type Standing = 'open' | 'asking' | 'refused' | 'alive' | 'unknown'

/** What the page says about the last question to Pipedrive. */
function standingOf({ pressedAt, probedAt, probeCode, firstRefusedAt }: OffBoarding): Standing {
  if (firstRefusedAt) return 'refused'
  if (pressedAt && (!probedAt || probedAt < pressedAt)) return 'asking'
  if (!pressedAt || !probeCode) return 'open'
  return verdicts[probeCode].severity === 'wait' ? 'unknown' : 'alive'
}

function Answer({
  connection,
  ending,
  standing,
}: {
  connection: CustomerConnection
  ending: OffBoarding
  standing: Standing | 'throttled'
}) {
  const t = words(connection.language)
  const email = maskEmail(connection.contactEmail)
  switch (standing) {
    case 'open':
      return null
    case 'alive': {
      const { title, cause, steps } = explain(
        'STILL_ALIVE',
        { ...connection, checkedAt: ending.probedAt },
        {
          owner: null,
        },
      )
      return (
        <div className="notice notice-warn">
          <p className="notice-title">{title}</p>
          <p>{cause}</p>
          <ol className="mt-2 list-decimal ps-5">
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      )
    }
    case 'refused':
      return (
        <div className="notice notice-info">
          <p className="notice-title">{t('end.closing.refusedTitle')}</p>
          <p>{t('end.closing.refused', { email })}</p>
          {ending.firstRefusedAt && (
            <p className="mt-1 text-sm">
              <Moment at={ending.firstRefusedAt.toISOString()} language={connection.language} />
            </p>
          )}
        </div>
      )
    case 'asking':
    case 'unknown':
    case 'throttled':
      return (
        <div className="notice notice-info">
          <p className="notice-title">{t(`end.closing.${standing}Title`)}</p>
          <p>{t(`end.closing.${standing}`, { email })}</p>
        </div>
      )
  }
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li>
      <section aria-labelledby={`step-${number}`} className="space-y-3">
        <h2 id={`step-${number}`} className="font-bold text-xl">
          {number}. {title}
        </h2>
        {children}
      </section>
    </li>
  )
}

import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { RefreshWhileWaiting } from '#components/connect/refresh-while-waiting.tsx'
import { againPath, isFresh, requireStaff } from '#lib/auth/session.ts'
import { db } from '#lib/data/database.ts'
import { DELIVERIES_SHOWN, listDeliveries } from '#lib/data/webhook-deliveries.ts'
import type { EndpointSummary } from '#lib/data/webhook-endpoints.ts'
import { findEndpoint } from '#lib/data/webhook-endpoints.ts'
import { formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../page-words.ts'
import { section } from '../../../sections.ts'
import { profileChoices } from '../../profile-choices.ts'
import { enableWebhookAction, replayAllAction, testWebhookAction } from '../actions.ts'
import { stateWords } from '../state-words.ts'
import { DeliveryLog } from './delivery-log.tsx'
import { WebhookDialog } from './webhook-dialog.tsx'

const good = ['changed', 'tested', 'replayed', 'replayedAll', 'disabled', 'enabled'] as const
const idle = ['already', 'off', 'unwanted', 'busy'] as const
const REFRESH_SECONDS = 10

type Search = { do?: string; said?: string; before?: string }

/** One webhook: what it is told, how every message fared, and all that can be done about it. */
export default async function WebhookPage({
  params,
  searchParams,
}: {
  params: Promise<{ endpointId: string }>
  searchParams: Promise<Search>
}) {
  const staff = await requireStaff(...section.settings.roles)
  const { endpointId } = await params
  const endpoint = await findEndpoint(db(), staff, endpointId)
  if (!endpoint) notFound()
  const { do: doing, said, before: asked } = await searchParams
  const before = typeof asked === 'string' && /^whd_\w{26}$/.test(asked) ? asked : null
  const [deliveries, canChange, language] = await Promise.all([
    listDeliveries(db(), staff, { endpointId, before }),
    isFresh(),
    pageLanguage(),
  ])
  const t = words(language)
  const profiles = endpoint.profiles ? await profileChoices(staff, language) : []
  const told = [...good, ...idle].find((known) => known === said)
  const isGood = good.some((known) => known === told)
  const isMoving = deliveries.some(({ state, dueAt }) => state === 'waiting' && (dueAt?.getTime() ?? 0) < Date.now())
  const older = deliveries.length === DELIVERIES_SHOWN ? deliveries.at(-1)?.id : undefined
  const base = `/settings/webhooks/${endpoint.id}`
  return (
    <>
      <title>{`${endpoint.name} · ${t('webhooks.title')} · ${t('fault.product')}`}</title>
      {isMoving && <RefreshWhileWaiting />}
      {isMoving && (
        <noscript>
          <meta httpEquiv="refresh" content={String(REFRESH_SECONDS)} />
        </noscript>
      )}
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings/webhooks' as Route}>
          {t('webhooks.backToList')}
        </Link>
      </p>
      {canChange && <WebhookDialog asked={doing} endpoint={endpoint} language={language} />}
      <h1 className="console-title">
        <bdi>{endpoint.name}</bdi>
      </h1>
      {told && (
        <p role="status" className={`notice ${isGood ? 'notice-ok' : 'notice-info'}`}>
          <span>{t(`webhooks.said.${told}`)}</span>
        </p>
      )}
      {!canChange && (
        <div className="card mb-6 flex flex-wrap items-center justify-between gap-3">
          <p>{t('webhooks.fresh')}</p>
          <Link className="button-secondary" prefetch={false} href={await againPath()}>
            {t('webhooks.confirm')}
          </Link>
        </div>
      )}
      <Facts />
      {canChange && <Steps endpoint={endpoint} />}
      <section aria-labelledby="deliveries" className="mt-10 space-y-4">
        <div>
          <h2 id="deliveries" className="font-semibold text-lg">
            {t('webhooks.log.title')}
          </h2>
          <p className="max-w-prose text-muted">{t('webhooks.log.lead')}</p>
        </div>
        <DeliveryLog
          deliveries={deliveries}
          canReplay={canChange && !endpoint.disabledAt}
          endpointId={endpoint.id}
          language={language}
        />
        <p className="flex flex-wrap gap-4">
          {before && (
            <a className="link" href={base}>
              {t('webhooks.log.newest')}
            </a>
          )}
          {older && (
            <a className="link" href={`${base}?before=${older}`}>
              {t('webhooks.log.older')}
            </a>
          )}
        </p>
      </section>
    </>
  )

  function Facts() {
    const {
      url,
      eventTypes,
      profiles: limit,
      createdAt,
      earlierSecretUntil,
      disabledAt,
      waiting,
    } = endpoint as EndpointSummary
    const secret = earlierSecretUntil
      ? t('webhooks.one.secretTwo', { date: formatDateTime(earlierSecretUntil, language) })
      : t('webhooks.one.secretOne')
    const facts = [
      ['address', url],
      ['events', eventTypes?.join(', ') ?? t('webhooks.all')],
      ['profiles', limit ? namesOf(limit).join(', ') : t('webhooks.allProfiles')],
      ['state', stateWords(endpoint as EndpointSummary, language)],
      ['secret', secret],
      ['made', formatDateTime(createdAt, language)],
    ]
    return (
      <>
        <dl className="card facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`webhooks.one.${name}`)}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
        {disabledAt && waiting > 0 && <p className="mt-4">{t('webhooks.one.held', { count: waiting })}</p>}
      </>
    )
  }

  function namesOf(keys: string[]): string[] {
    return keys.map((key) => profiles.find(({ value }) => value === key)?.label ?? key)
  }

  function Steps({ endpoint: { id, disabledAt, failed } }: { endpoint: EndpointSummary }) {
    return (
      <div className="mt-6 flex flex-wrap gap-3">
        <StepForm action={testWebhookAction} label={t('webhooks.one.test')} />
        {disabledAt && <StepForm action={enableWebhookAction} label={t('webhooks.one.enable')} />}
        {!disabledAt && failed > 0 && <StepForm action={replayAllAction} label={t('webhooks.one.replayFailed')} />}
        <Link className="button-secondary" prefetch={false} href={`${base}/change` as Route}>
          {t('webhooks.one.change')}
        </Link>
        <StepLink doing="roll" />
        {!disabledAt && <StepLink doing="disable" />}
        <StepLink doing="delete" />
      </div>
    )

    function StepForm({ action, label }: { action: (form: FormData) => Promise<void>; label: string }) {
      return (
        <form action={action}>
          <input type="hidden" name="endpointId" value={id} />
          <button type="submit" className="button-secondary">
            {label}
          </button>
        </form>
      )
    }

    function StepLink({ doing }: { doing: 'roll' | 'disable' | 'delete' }) {
      const look = doing === 'roll' ? '' : 'button-danger'
      return (
        <Link className={`button-secondary ${look}`} prefetch={false} href={`${base}?do=${doing}` as Route}>
          {t(`webhooks.one.${doing}`)}
        </Link>
      )
    }
  }
}

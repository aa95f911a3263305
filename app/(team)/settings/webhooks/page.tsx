import type { Route } from 'next'
import Link from 'next/link'
import { againPath, isFresh, requireStaff } from '#lib/auth/session.ts'
import { db } from '#lib/data/database.ts'
import { listEndpoints } from '#lib/data/webhook-endpoints.ts'
import { formatDateTime, formatRelative } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { section } from '../../sections.ts'
import { eventWords, stateWords } from './state-words.ts'

const sayings = ['deleted', 'unknown'] as const
const columns = ['name', 'events', 'state', 'delivered', 'waiting'] as const

/** The team's systems that are told of events: where, of what, and whether they hear us. */
export default async function WebhooksPage({ searchParams }: { searchParams: Promise<{ said?: string }> }) {
  const staff = await requireStaff(...section.settings.roles)
  const [endpoints, canChange, language] = await Promise.all([listEndpoints(db(), staff), isFresh(), pageLanguage()])
  const { said } = await searchParams
  const t = words(language)
  const told = sayings.find((known) => known === said)
  const now = new Date()
  return (
    <>
      <title>{`${t('webhooks.title')} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings' as Route}>
          {t('webhooks.back')}
        </Link>
      </p>
      <div className="console-head">
        <div className="max-w-prose">
          <h1 className="console-title">{t('webhooks.title')}</h1>
          <p className="text-muted">{t('webhooks.lead')}</p>
        </div>
        {canChange && (
          <Link className="button-primary" prefetch={false} href={'/settings/webhooks/new' as Route}>
            {t('webhooks.new')}
          </Link>
        )}
      </div>
      {told && (
        <p role="status" className={`notice ${told === 'deleted' ? 'notice-ok' : 'notice-info'}`}>
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
      {endpoints.length === 0 ? (
        <p className="card">{t('webhooks.empty')}</p>
      ) : (
        <table className="rows">
          <caption>{t('webhooks.caption')}</caption>
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {t(`webhooks.columns.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {endpoints.map((endpoint) => (
              <tr key={endpoint.id} className={endpoint.disabledAt ? 'text-muted' : undefined}>
                <th scope="row">
                  <Link className="link" prefetch={false} href={`/settings/webhooks/${endpoint.id}` as Route}>
                    <bdi>{endpoint.name}</bdi>
                  </Link>
                  <span className="block break-all font-normal text-muted text-sm">{endpoint.url}</span>
                </th>
                <td data-label={t('webhooks.columns.events')}>{eventWords(endpoint, language)}</td>
                <td data-label={t('webhooks.columns.state')}>{stateWords(endpoint, language)}</td>
                <td data-label={t('webhooks.columns.delivered')}>
                  {endpoint.lastDeliveredAt ? (
                    <time
                      dateTime={endpoint.lastDeliveredAt.toISOString()}
                      title={formatDateTime(endpoint.lastDeliveredAt, language)}
                    >
                      {formatRelative(endpoint.lastDeliveredAt, language, now)}
                    </time>
                  ) : (
                    t('webhooks.never')
                  )}
                </td>
                <td data-label={t('webhooks.columns.waiting')}>{endpoint.waiting}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

import type { ShownAttempt, ShownDelivery } from '#lib/data/webhook-deliveries.ts'
import { formatDateTime, formatRelative } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { replayAction } from '../actions.ts'

const columns = ['message', 'state', 'tries'] as const

/** Every message of one page: what it said, how each try ended and how long it took, and a way to send it again. */
export function DeliveryLog({
  deliveries,
  canReplay,
  endpointId,
  language,
}: {
  deliveries: ShownDelivery[]
  canReplay: boolean
  endpointId: string
  language: Language
}) {
  const t = words(language)
  const now = new Date()
  if (deliveries.length === 0) return <p className="card">{t('webhooks.log.empty')}</p>
  return (
    <table className="rows">
      <caption className="sr-only">{t('webhooks.log.title')}</caption>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {t(`webhooks.log.${name}`)}
            </th>
          ))}
          {canReplay && <td />}
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.id} data-message={delivery.messageId}>
            <th scope="row">
              {delivery.type === 'test' ? t('webhooks.log.test') : <code>{delivery.type}</code>}
              <span className="block break-all font-normal text-muted text-sm">{delivery.messageId}</span>
              {delivery.connectionId && (
                <a className="link block break-all font-normal text-sm" href={`/connections/${delivery.connectionId}`}>
                  {delivery.connectionId}
                </a>
              )}
            </th>
            <td data-label={t('webhooks.log.state')}>{stateOf(delivery)}</td>
            <td data-label={t('webhooks.log.tries')}>
              {delivery.attempts.length === 0 && t('webhooks.log.none')}
              <ul>
                {delivery.attempts.map((attempt) => (
                  <li key={attempt.id}>{attemptLine(attempt)}</li>
                ))}
              </ul>
            </td>
            {canReplay && (
              <td>
                {delivery.type !== 'test' && (
                  <form action={replayAction}>
                    <input type="hidden" name="endpointId" value={endpointId} />
                    <input type="hidden" name="deliveryId" value={delivery.id} />
                    <button type="submit" className="button-secondary">
                      {t('webhooks.log.again')}
                      <span className="sr-only"> {delivery.messageId}</span>
                    </button>
                  </form>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )

  function stateOf({ state, dueAt }: ShownDelivery): string {
    if (state !== 'waiting') return t(`webhooks.log.${state}`)
    if (!dueAt || dueAt <= now) return t('webhooks.log.now')
    return t('webhooks.log.waiting', { when: formatRelative(dueAt, language, now) })
  }

  function attemptLine({ at, status, problem, reason, durationMs }: ShownAttempt): string {
    const values = { status: status ?? '', reason: reason ?? '' }
    const ended = problem ? t(`webhooks.attempts.${problem}`, values) : t('webhooks.log.status', values)
    const took =
      durationMs < 1_000
        ? t('webhooks.log.took', { ms: durationMs })
        : t('webhooks.log.seconds', { seconds: Math.round(durationMs / 1_000) })
    return [formatDateTime(at, language), ended, took].join(' · ')
  }
}

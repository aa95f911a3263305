import type { Route } from 'next'
import Link from 'next/link'
import type { IntegrationSummary } from '#lib/data/integrations.ts'
import { formatDate, formatDateTime, formatRelative } from '#lib/format.ts'
import { type Language, words } from '#lib/words.ts'

/** One system: what its key may do, where it is kept from, when it was last seen, and behind "Change" what can be done. */
export function KeyRow({
  integration,
  canChange,
  language,
}: {
  integration: IntegrationSummary
  canChange: boolean
  language: Language
}) {
  const t = words(language)
  const { id, name, state, scopes, lastUsedAt, earlierKeyUntil, earlierKeyUsedAt } = integration
  const now = new Date()
  const isLive = state === 'live'
  return (
    <tr className={isLive ? undefined : 'text-muted'}>
      <th scope="row">
        <bdi>{name}</bdi>
        {earlierKeyUntil && isLive && <span className="block font-normal text-muted text-sm">{earlier()}</span>}
      </th>
      <td data-label={t('keys.columns.may')}>{scopes.map((scope) => t(`keys.scopes.${scope}.label`)).join(', ')}</td>
      <td data-label={t('keys.columns.limits')}>
        {limits().map((line) => (
          <span key={line} className="block">
            {line}
          </span>
        ))}
      </td>
      <td data-label={t('keys.columns.used')}>
        {lastUsedAt ? (
          <time dateTime={lastUsedAt.toISOString()} title={formatDateTime(lastUsedAt, language)}>
            {formatRelative(lastUsedAt, language, now)}
          </time>
        ) : (
          t('keys.never')
        )}
      </td>
      <td data-label={t('keys.columns.ends')}>{ends()}</td>
      {canChange && (
        <td>
          {isLive && (
            // Closed again once a step behind it has changed something.
            <details key={String(earlierKeyUntil)} className="row-menu">
              <summary>
                {t('keys.change')} <span className="sr-only">{name}</span>
              </summary>
              <div className="row-menu-body">
                <Step doing="rotate" label={t('keys.rotate')} />
                {earlierKeyUntil && <Step doing="end" label={t('keys.endEarlier')} />}
                <Step doing="revoke" label={t('keys.revoke')} />
              </div>
            </details>
          )}
        </td>
      )}
    </tr>
  )

  function Step({ doing, label }: { doing: string; label: string }) {
    return (
      <p>
        <Link
          prefetch={false}
          className={`button-secondary w-full ${doing === 'rotate' ? '' : 'button-danger'}`}
          href={`/settings/keys?do=${doing}&id=${id}` as Route}
        >
          {label}
          <span className="sr-only"> {name}</span>
        </Link>
      </p>
    )
  }

  function earlier(): string {
    const date = earlierKeyUntil ? formatDateTime(earlierKeyUntil, language) : ''
    return earlierKeyUsedAt
      ? t('keys.earlier', { date, used: formatRelative(earlierKeyUsedAt, language, now) })
      : t('keys.earlierNever', { date })
  }

  function limits(): string[] {
    const { profiles, connections, addresses, sealsToKey } = integration
    const lines = [
      profiles && t('keys.limits.profiles', { list: profiles.join(', ') }),
      connections && t('keys.limits.connections', { count: connections.length }),
      addresses && t('keys.limits.addresses', { list: addresses.join(', ') }),
    ].filter((line) => line !== null)
    return [...(lines.length > 0 ? lines : [t('keys.limits.none')]), ...(sealsToKey ? [t('keys.sealed')] : [])]
  }

  function ends(): string {
    const { expiresAt, revokedAt } = integration
    if (revokedAt) return t('keys.revoked', { date: formatDate(revokedAt, language) })
    return t(isLive ? 'keys.ends' : 'keys.expired', { date: formatDate(expiresAt, language) })
  }
}

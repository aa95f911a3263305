import type { FrameBrand } from '#components/connect/customer-frame.tsx'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { Button } from '#components/ui/button.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { db } from '#lib/data/database.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { SecureLink } from '#lib/data/secure-links.ts'
import { env } from '#lib/env.ts'
import { formatDateTime, maskEmail } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../page-words.ts'
import { findBrand } from './request-frame.tsx'

type Kind = keyof typeof shown

const shown = {
  live: { status: 'unknown', verdict: null },
  grace: { status: 'expired', verdict: 'LINK_EXPIRED' },
  expired: { status: 'expired', verdict: 'LINK_EXPIRED' },
  revoked: { status: 'revoked', verdict: 'LINK_REVOKED' },
  replaced: { status: 'replaced', verdict: 'LINK_REPLACED' },
  declined: { status: 'declined', verdict: null },
  handed_over: { status: 'replaced', verdict: null },
  unknown: { status: 'unknown', verdict: 'LINK_UNKNOWN' },
  no_cookie: { status: 'unknown', verdict: null },
  throttled: { status: 'unknown', verdict: 'LINK_THROTTLED' },
} as const satisfies Record<SecureLink['state'] | 'unknown' | 'no_cookie' | 'throttled', object>

/** Every way a link can open nothing. */
export const endedKinds = Object.keys(shown) as Kind[]

/**
 * A link that opens nothing: which kind it is, and what to do. Shows nothing of the customer's but the team's
 * name, the contact person and a masked mailbox.
 */
export async function EndedPage({
  kind,
  link,
  askAction,
  asked = false,
  retryMinutes = 1,
}: {
  kind: Kind
  link: SecureLink | null
  /** "Send me a new link"; given where the visitor holds the link's key. */
  askAction?: () => Promise<void>
  asked?: boolean
  retryMinutes?: number
}) {
  const brand = link && (await findBrand(link.teamId))
  const request = link && (await findRequest(db(), { teamId: link.teamId, request: link.requestId }))
  const language = request?.language ?? (await pageLanguage())
  return (
    <EndedView
      kind={kind}
      link={link}
      request={request}
      brand={brand}
      language={language}
      askAction={askAction}
      asked={asked}
      retryMinutes={retryMinutes}
    />
  )
}

/** What is drawn of it. */
export function EndedView({
  kind,
  link,
  request,
  brand,
  language,
  askAction,
  asked = false,
  retryMinutes = 1,
}: {
  kind: Kind
  link: Pick<SecureLink, 'requestId' | 'endedAt' | 'expiresAt'> | null
  request: Pick<RequestParties, 'teamName' | 'ownerName' | 'contactEmail'> | null
  brand: FrameBrand | null
  language: Language
  askAction?: () => Promise<void>
  asked?: boolean
  retryMinutes?: number
}) {
  const t = words(language)
  const date = link ? formatDateTime(link.endedAt ?? link.expiresAt, language) : ''
  const team = request?.teamName ?? ''
  const { status, verdict } = shown[kind]
  const { title, text } = sentences()

  function sentences(): { title: string; text: string } {
    switch (kind) {
      case 'expired':
      case 'grace':
        return { title: t('pages.ended.expiredTitle'), text: t('pages.ended.expired', { date }) }
      case 'revoked':
        return { title: t('pages.ended.revokedTitle'), text: t('pages.ended.revoked', { team, date }) }
      case 'replaced':
        return { title: t('pages.ended.replacedTitle'), text: t('pages.ended.replaced', { date }) }
      case 'declined':
        return { title: t('pages.ended.declinedTitle'), text: t('pages.ended.declined', { date }) }
      case 'handed_over':
        return { title: t('pages.ended.handedOverTitle'), text: t('pages.ended.handedOver', { date }) }
      case 'no_cookie':
      case 'live':
        return { title: t('pages.ended.noCookieTitle'), text: t('pages.ended.noCookie') }
      case 'throttled':
        return { title: t('pages.ended.throttledTitle'), text: t('pages.ended.throttled', { minutes: retryMinutes }) }
      case 'unknown':
        return { title: t('pages.ended.unknownTitle'), text: t('pages.ended.unknown') }
    }
  }

  return (
    <CustomerFrame
      language={language}
      teamName={request?.teamName ?? null}
      brand={brand}
      helpPath={link ? `/help?request=${link.requestId}` : undefined}
      narrow
      words={{
        help: t('pages.frame.help'),
        support: request ? t('pages.frame.support', { team }) : undefined,
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <title>{title}</title>
      <div className="space-y-6">
        <StatusBadge status={status} verdict={verdict}>
          {t(`pages.status.${status}`)}
        </StatusBadge>
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        <p className="text-lg">{text}</p>
        {status === 'expired' && asked && (
          <p role="status" className="notice notice-info">
            {t('pages.ended.expiredAnswer', { email: maskEmail(request?.contactEmail ?? '') })}
          </p>
        )}
        {status === 'expired' && askAction && !asked && (
          <form action={askAction}>
            <Button type="submit">{t('pages.ended.expiredAsk')}</Button>
          </form>
        )}
        {request && (
          <p className="text-muted">
            {request.ownerName
              ? t('pages.ended.contact', { contact: request.ownerName, team })
              : t('pages.ended.contactTeam', { team })}
          </p>
        )}
      </div>
    </CustomerFrame>
  )
}

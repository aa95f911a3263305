import type { EndpointSummary } from '#lib/data/webhook-endpoints.ts'
import { formatDate, formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** Whether an endpoint is on, since when not, and whether anything gets through. */
export function stateWords({ disabledAt, disabledReason, failingSince }: EndpointSummary, language: Language): string {
  const t = words(language)
  if (disabledAt) {
    const key = disabledReason === 'by_hand' ? 'by_hand' : `off_${disabledReason}`
    return t(`webhooks.state.${key}`, { date: formatDate(disabledAt, language) })
  }
  if (failingSince) return t('webhooks.state.failing', { date: formatDateTime(failingSince, language) })
  return t('webhooks.state.on')
}

export function eventWords({ eventTypes, profiles }: EndpointSummary, language: Language): string {
  const t = words(language)
  const kinds = eventTypes ? t('webhooks.some', { count: eventTypes.length }) : t('webhooks.all')
  return profiles ? [kinds, t('webhooks.ofProfiles', { count: profiles.length })].join(' · ') : kinds
}

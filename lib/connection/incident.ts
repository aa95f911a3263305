import 'server-only'
import type { ProviderHealth } from '#lib/data/provider-health.ts'
import { endIncident, openIncident, readHealth } from '#lib/data/provider-health.ts'
import { log } from '#lib/log.ts'

/** So many companies at once are no coincidence. */
const COMPANIES_AT_ONCE = 5

/** What the last minutes say about a provider as a whole. */
export function trouble({ fine, unanswered, suspectCompanies }: ProviderHealth): 'refusing' | 'unanswered' | null {
  if (suspectCompanies >= COMPANIES_AT_ONCE && suspectCompanies > fine) return 'refusing'
  if (unanswered >= COMPANIES_AT_ONCE && unanswered > fine) return 'unanswered'
  return null
}

/** Opens or ends the incident of a provider. Whoever opens it tells the operator, once; verdicts rest meanwhile. */
export async function reviewProvider(provider: string): Promise<void> {
  const health = await readHealth(provider)
  const kind = trouble(health)
  if (kind) {
    if (await openIncident(provider, kind))
      log.error('provider.incident', new Error('many companies at once; verdicts rest'), { provider, reason: kind })
  } else if (health.fine > 0 && (await endIncident(provider))) {
    log.info('provider.incident_over', { provider })
  }
}

import 'server-only'
import { proven } from '#lib/actor.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Incident, ProviderHealth, Tally } from '#lib/data/provider-health.ts'
import { endIncident, findOpenIncident, openIncident, readHealth } from '#lib/data/provider-health.ts'
import { hastenUnanswered, listTeamsOf } from '#lib/data/watched.ts'
import { formatDateTime } from '#lib/format.ts'
import { log } from '#lib/log.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { tellAdmins } from './team-notices.ts'
import { providerOf } from './verify.ts'

/** So many companies at once are no coincidence. */
const COMPANIES_AT_ONCE = 5

/** What happened before is no news; a quiet night has few looks. */
export const TROUBLE_MINUTES = 10
/** That it is over shows sooner: one that comes back goes on and is told to nobody again. */
const RECOVERY_MINUTES = 3
/** All who got no answer are looked at again within this time. */
const CATCH_UP_SECONDS = 300

/** What the last minutes say about a provider as a whole. */
export function trouble(health: ProviderHealth): 'refusing' | 'unanswered' | null {
  const { fine, unanswered, silentCompanies, suspectCompanies } = health
  if (suspectCompanies >= COMPANIES_AT_ONCE && suspectCompanies > fine) return 'refusing'
  if (silentCompanies >= COMPANIES_AT_ONCE && unanswered > fine) return 'unanswered'
  return null
}

/**
 * Opens or ends the incident of a provider, after a batch of looks. Whoever opens it tells the admins, once; verdicts rest
 * meanwhile.
 */
export async function reviewProvider(provider: string, batch: Tally): Promise<void> {
  const open = await findOpenIncident(db(), provider)
  // Where all went well, nothing can have begun.
  if (!open && batch.refused + batch.unanswered === 0) return
  const health = await readHealth(provider, open ? RECOVERY_MINUTES : TROUBLE_MINUTES)
  const kind = trouble(health)
  if (kind && !open) await begin(provider, kind)
  else if (open && !kind && health.fine > health.unanswered) await end(provider)
}

async function begin(provider: string, kind: Incident['kind']): Promise<void> {
  const incident = await inTransaction(async (trx) => {
    const opened = await openIncident(trx, provider, kind)
    if (!opened?.isNew) return opened
    for (const teamId of await listTeamsOf(trx, provider)) {
      const watcher = proven<'watcher'>({ kind: 'watcher', teamId })
      const factsIn = (language: Language) => ({ ...incidentFacts(opened, language), page: '/connections' })
      await tellAdmins(trx, watcher, 'outage_notice', factsIn)
    }
    return opened
  })
  if (incident)
    log.error('provider.incident', new Error('many companies at once; verdicts rest'), { provider, reason: kind })
}

async function end(provider: string): Promise<void> {
  const isMine = await inTransaction(async (trx) => {
    const hasEnded = await endIncident(trx, provider)
    if (hasEnded) await hastenUnanswered(trx, provider, CATCH_UP_SECONDS)
    return hasEnded
  })
  if (isMine) log.info('provider.incident_over', { provider })
}

/** Which provider is in trouble, since when, and how it shows. */
export function incidentFacts(
  { provider, kind, startedAt }: Incident,
  language: Language,
): { what: string; date: string; reason: string } {
  return {
    what: providerOf({ provider }).name,
    date: formatDateTime(startedAt, language),
    reason: words(language)(`team.outage.reason.${kind}`),
  }
}

import type { ShownNotice } from '#components/team/notices.tsx'
import type { Staff } from '#lib/actor.ts'
import { freezeFacts, mayThaw } from '#lib/connection/freeze.ts'
import { incidentFacts } from '#lib/connection/incident.ts'
import { db } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { findFreezeAt } from '#lib/data/freezes.ts'
import type { Incident } from '#lib/data/provider-health.ts'
import { listOpenIncidents } from '#lib/data/provider-health.ts'
import { listFailedEndpoints } from '#lib/data/webhook-endpoints.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** What everybody of the team has to know before anything else. */
export async function loadNotices(staff: Staff, language: Language): Promise<ShownNotice[]> {
  const [frozen, incidents, failed] = await Promise.all([
    findFreezeAt(db(), { teamId: staff.teamId, objectId: staff.teamId }),
    listOpenIncidents(db()),
    // Only an admin can do something about a webhook.
    staff.role === 'admin' ? listFailedEndpoints(db(), staff) : [],
  ])
  return [
    ...(frozen ? [freezeNotice(frozen, staff, language)] : []),
    ...incidents.map((incident) => outageNotice(incident, language)),
    ...failed.map((endpoint) => webhookNotice(endpoint, language)),
  ]
}

/** That a webhook was switched off because nothing got through. */
function webhookNotice({ id, name }: { id: string; name: string }, language: Language): ShownNotice {
  const t = words(language)
  return {
    id,
    tone: 'warn',
    title: t('webhooks.notice.title', { name }),
    lines: [t('webhooks.notice.text')],
    link: { label: t('webhooks.notice.link'), address: `/settings/webhooks/${id}` },
  }
}

/** That a provider is in trouble: nothing is to be done, and nothing that is seen meanwhile is a customer's fault. */
function outageNotice(incident: Incident, language: Language): ShownNotice {
  const t = words(language)
  const facts = incidentFacts(incident, language)
  return {
    id: incident.id,
    tone: 'warn',
    title: t('team.outage.title', facts),
    lines: [t('team.outage.since', facts), t('team.outage.text')],
    link: null,
  }
}

/** That hand-off is stopped: since when, by whom, why, and who lets it go on. */
export function freezeNotice(freeze: Freeze, staff: Staff, language: Language): ShownNotice {
  const t = words(language)
  const facts = freezeFacts(freeze, language)
  return {
    id: freeze.id,
    tone: 'error',
    title: t('freeze.notice.title', facts),
    lines: [t('freeze.notice.since', facts), t(mayThaw(staff) ? 'freeze.notice.text' : 'freeze.notice.textOthers')],
    link: mayThaw(staff) ? { label: t('freeze.notice.link'), address: '/settings#hand-off' } : null,
  }
}

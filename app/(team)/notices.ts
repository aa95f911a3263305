import type { ShownNotice } from '#components/team/notices.tsx'
import type { Staff } from '#lib/actor.ts'
import { freezeFacts, mayThaw } from '#lib/connection/freeze.ts'
import { db } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { findFreezeAt } from '#lib/data/freezes.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** What everybody of the team has to know before anything else. */
export async function loadNotices(staff: Staff, language: Language): Promise<ShownNotice[]> {
  const frozen = await findFreezeAt(db(), { teamId: staff.teamId, objectId: staff.teamId })
  return frozen ? [freezeNotice(frozen, staff, language)] : []
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

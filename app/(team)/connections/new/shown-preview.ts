import 'server-only'
import type { Staff } from '#lib/actor.ts'
import type { Preview } from '#lib/connection/preview.ts'
import { previewRequest } from '#lib/connection/preview.ts'
import { LINK_DAYS_MAX } from '#lib/connection/request-schema.ts'
import { typedContactName } from '#lib/connection/typed-name.ts'
import { db } from '#lib/data/database.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import { guideOf } from '../../../provider-guide.ts'
import type { Typed } from './typed.ts'

/** What the form shows beside itself: mail and page as the customer would get them. `kept`: what was typed is safe. */
export type ShownPreview = Preview & { to: string; steps: string[]; kept?: boolean }

export async function showPreview(staff: Staff, typed: Typed): Promise<ShownPreview> {
  const language = typed.language === 'de' ? 'de' : 'en'
  const [first] = typed.connections
  const customer = typed.customer.trim()
  const days = Number(typed.expiresInDays)
  const preview = await previewRequest(staff, {
    customer,
    contactName: typedContactName(typed.contactName, { customer, contact_email: typed.contactEmail.trim() }),
    ownerEmail: typed.owner,
    language,
    project: typed.project.trim(),
    note: typed.note.trim(),
    profile: first?.profile ?? '',
    days:
      Number.isInteger(days) && days >= 1 && days <= LINK_DAYS_MAX
        ? days
        : (await getTeamSettings(db(), staff.teamId)).linkDays,
  })
  const { guide, t } = await guideOf(usualProvider, language)
  return {
    ...preview,
    to: typed.contactEmail.trim(),
    steps: guide.steps.map((step) => t(guide.headingOf(step, { rotate: preview.rotate }))),
  }
}

import 'server-only'
import type { Actor } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { findProfile } from '#lib/data/profiles.ts'
import { findAsker } from '#lib/data/requests.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { type Introduced, introduce } from './introduce.ts'
import { nameOf } from './profile-words.ts'
import type { Profile } from './profiles.ts'
import { builtInProfiles } from './profiles.ts'
import type { ShownLetter } from './shown-letter.ts'
import { showLetter } from './shown-letter.ts'

/** What was typed so far. Nothing of it needs to be right. */
export type Unfinished = {
  customer: string
  contactName: string
  ownerEmail: string
  language: Language
  project: string
  note: string
  profile: string
  days: number
}

export type Preview = {
  language: Language
  mail: ShownLetter
  page: Introduced
  /** The guide's steps follow this. */
  rotate: boolean
  startDate: Profile['startDate']
}

/** A link and a reference as they will look, where the real ones do not exist yet. */
const LINK_KEY = '•'.repeat(12)
const REFERENCE = 'ABC-123'
const DAY_MS = 86_400_000

/** The mail and the beginning of the page that the customer would get, written by what writes the real ones. */
export async function previewRequest(actor: Actor, typed: Unfinished): Promise<Preview> {
  const profile =
    (await findProfile(db(), { teamId: actor.teamId, profile: typed.profile })) ?? builtInProfiles['read-only-sync']
  const { language } = typed
  const t = words(language)
  const [asker, team] = await Promise.all([
    findAsker(db(), actor, typed.ownerEmail),
    getTeamSettings(db(), actor.teamId),
  ])
  const customer = typed.customer || t('requests.preview.customer')
  const project = typed.project || nameOf(profile, language)
  const now = new Date()
  const mail = showLetter(
    'secure_link',
    {
      name: typed.contactName || customer,
      team: asker.teamName,
      contact: asker.ownerName,
      customer,
      project,
      reference: REFERENCE,
      origin: env().portalOrigin,
      link: `${env().portalOrigin}/l/${LINK_KEY}`,
      linkEnds: formatDateTime(new Date(now.getTime() + typed.days * DAY_MS), language),
    },
    { language, team },
  )
  const page = introduce(
    {
      language,
      customerName: customer,
      teamName: asker.teamName,
      ownerName: asker.ownerName,
      project,
      note: typed.note || null,
      requestedAt: now,
      connectedAt: null,
      checkedAt: null,
    },
    profile,
  )
  return { language, mail, page, rotate: profile.mode === 'rotate', startDate: profile.startDate }
}

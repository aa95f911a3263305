import type { Choice } from '#components/ui/ticks.tsx'
import type { Staff } from '#lib/actor.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import type { Language } from '#lib/words.ts'

/** The team's profiles, whose connections a key or a webhook can be kept to. */
export async function profileChoices(staff: Staff, language: Language): Promise<Choice[]> {
  const profiles = await listProfiles(db(), staff)
  return profiles.map((profile) => ({ value: profile.key, label: nameOf(profile, language) }))
}

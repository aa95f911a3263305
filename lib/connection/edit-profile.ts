import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import {
  countProfiles,
  findProfile,
  insertProfile,
  PROFILES_MAX,
  setProfileDisabled,
  updateProfile,
} from '#lib/data/profiles.ts'
import { capabilities } from '#lib/providers/provider.ts'
import type { Profile } from './profiles.ts'
import { CHECK_INTERVAL_MINUTES, isBuiltIn, profileModes, RETENTION_DAYS, startDateModes } from './profiles.ts'

const KEY_MAX = 40
const text = (max: number) =>
  z
    .string()
    .transform((typed) => typed.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim())
    .pipe(z.string().max(max))

const wordsSchema = z.object({ name: text(80), purpose: text(300), exceptions: text(300), adminReason: text(200) })

/** Words of the issues are codes: `messages/profiles.<language>.json` under `problem`. */
export const profileSchema = z.object({
  key: z
    .string()
    .trim()
    .max(KEY_MAX, 'key')
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'key')
    .refine((key) => key !== 'new' && !isBuiltIn(key), 'key_taken'),
  words: z
    .object({ en: wordsSchema, de: wordsSchema })
    .refine(({ en, de }) => [en, de].some(({ name, purpose }) => name && purpose), {
      message: 'words',
      path: ['en', 'name'],
    }),
  capabilities: z.array(z.enum(capabilities)).min(1, 'capabilities'),
  accountAdmin: z.boolean(),
  startDate: z.enum(startDateModes),
  mode: z.enum(profileModes),
  limitsAllowed: z.boolean(),
  checkIntervalMinutes: z.coerce
    .number('interval')
    .int('interval')
    .min(CHECK_INTERVAL_MINUTES.min, 'interval')
    .max(CHECK_INTERVAL_MINUTES.max, 'interval'),
  retentionDays: z.coerce
    .number('retention')
    .int('retention')
    .min(RETENTION_DAYS.min, 'retention')
    .max(RETENTION_DAYS.max, 'retention'),
})
export type ProfileInput = z.input<typeof profileSchema>

const PROFILE_KEY = /^[a-z0-9-]{1,40}$/

export type ProfileOutcome = 'done' | 'key_taken' | 'too_many' | 'unknown'

/** Adds a profile to the team. Pressed twice with the same words, the second press finds it done. */
export async function createProfile(actor: Actor, input: ProfileInput): Promise<ProfileOutcome> {
  const profile = profileOf(input)
  return inTransaction(async (trx) => {
    if ((await countProfiles(trx, actor)) >= PROFILES_MAX) return 'too_many'
    if (await insertProfile(trx, actor, profile)) {
      await recordAudit(trx, actor, { action: 'profile.created', objectId: profile.key })
      return 'done'
    }
    const before = await findProfile(trx, { teamId: actor.teamId, profile: profile.key })
    return isDeepStrictEqual(before, profile) ? 'done' : 'key_taken'
  })
}

/** Changes a team's own profile. Connections that have it keep working; their next check asks for the new needs. */
export async function changeProfile(actor: Actor, input: ProfileInput): Promise<ProfileOutcome> {
  const profile = profileOf(input)
  return inTransaction(async (trx) => {
    const before = await findProfile(trx, { teamId: actor.teamId, profile: profile.key })
    if (!before || !(await updateProfile(trx, actor, profile))) return 'unknown'
    await recordAudit(trx, actor, {
      action: 'profile.changed',
      objectId: profile.key,
      details: { changed: changedIn(before, profile), before: needsOf(before), after: needsOf(profile) },
    })
    return 'done'
  })
}

/** Takes a profile off the list for new requests, or puts it back. */
export async function disableProfile(
  actor: Actor,
  { key, disabled }: { key: string; disabled: boolean },
): Promise<ProfileOutcome> {
  if (!PROFILE_KEY.test(key)) return 'unknown'
  return inTransaction(async (trx) => {
    if (await setProfileDisabled(trx, actor, { key, disabled })) {
      await recordAudit(trx, actor, { action: disabled ? 'profile.disabled' : 'profile.enabled', objectId: key })
      return 'done'
    }
    return isBuiltIn(key) || !(await findProfile(trx, { teamId: actor.teamId, profile: key })) ? 'unknown' : 'done'
  })
}

/** The profile that a page names; null is recorded, because it may be another team's. */
export async function openProfile(actor: Actor, key: string): Promise<Profile | null> {
  if (!PROFILE_KEY.test(key)) return null
  const profile = await findProfile(db(), { teamId: actor.teamId, profile: key })
  if (!profile) await recordAudit(db(), actor, { action: 'access.refused', objectId: key, outcome: 'refused' })
  return profile
}

function profileOf(input: ProfileInput): Profile {
  return { ...profileSchema.parse(input), disabledAt: null }
}

function changedIn(before: Profile, after: Profile): string[] {
  const keys = Object.keys(after) as (keyof Profile)[]
  return keys.filter((key) => key !== 'disabledAt' && !isDeepStrictEqual(before[key], after[key]))
}

/** What matters of a profile when somebody asks later what was needed then. */
function needsOf({ capabilities, accountAdmin, startDate, limitsAllowed }: Profile) {
  return { capabilities, accountAdmin, startDate, limitsAllowed }
}

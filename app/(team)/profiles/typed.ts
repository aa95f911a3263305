import type { ProfileInput } from '#lib/connection/edit-profile.ts'
import type { Profile, ProfileWords } from '#lib/connection/profiles.ts'
import { CHECK_INTERVAL_MINUTES, RETENTION_DAYS } from '#lib/connection/profiles.ts'

/** What stands in the form, as it was typed. */
export type TypedProfile = {
  key: string
  words: Record<'en' | 'de', ProfileWords>
  capabilities: string[]
  accountAdmin: boolean
  startDate: string
  mode: string
  limitsAllowed: boolean
  checkIntervalMinutes: string
  retentionDays: string
}

const wordFields = ['name', 'purpose', 'exceptions', 'adminReason'] as const
const CHARACTERS_MAX = 1_000

export function readTyped(form: FormData): TypedProfile {
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.slice(0, CHARACTERS_MAX) : ''
  }
  const wordsOf = (language: 'en' | 'de') =>
    Object.fromEntries(wordFields.map((field) => [field, text(`${language}.${field}`)])) as ProfileWords
  return {
    key: text('key'),
    words: { en: wordsOf('en'), de: wordsOf('de') },
    capabilities: form.getAll('capabilities').filter((value) => typeof value === 'string'),
    accountAdmin: text('accountAdmin') === 'yes',
    startDate: text('startDate'),
    mode: text('mode'),
    limitsAllowed: text('limitsAllowed') === 'yes',
    checkIntervalMinutes: text('checkIntervalMinutes'),
    retentionDays: text('retentionDays'),
  }
}

/** The schema of the domain checks these words; here they are only what somebody typed. */
export function inputOf(typed: TypedProfile): ProfileInput {
  return typed as ProfileInput
}

const blank: ProfileWords = { name: '', purpose: '', exceptions: '', adminReason: '' }

export const emptyProfile: TypedProfile = {
  key: '',
  words: { en: blank, de: blank },
  capabilities: [],
  accountAdmin: false,
  startDate: 'optional',
  mode: 'collect',
  limitsAllowed: true,
  checkIntervalMinutes: String(CHECK_INTERVAL_MINUTES.normal),
  retentionDays: String(RETENTION_DAYS.normal),
}

export function typedOf(profile: Profile): TypedProfile {
  return {
    key: profile.key,
    words: profile.words ?? { en: blank, de: blank },
    capabilities: [...profile.capabilities],
    accountAdmin: profile.accountAdmin,
    startDate: profile.startDate,
    mode: profile.mode,
    limitsAllowed: profile.limitsAllowed,
    checkIntervalMinutes: String(profile.checkIntervalMinutes),
    retentionDays: String(profile.retentionDays),
  }
}

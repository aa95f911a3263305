import type { Capability } from '#lib/providers/provider.ts'
import type { Language } from '#lib/words.ts'

/** What a planned integration needs from a token, and how the customer is asked for it. */
export type Profile = {
  /** Unique in the team; what the API, the CLI and a CSV file name. */
  key: string
  /** The team's own words. Null: built in, and its words are in `messages/pages.<language>.json` under `profiles`. */
  words: Record<Language, ProfileWords> | null
  capabilities: readonly Capability[]
  accountAdmin: boolean
  startDate: (typeof startDateModes)[number]
  mode: (typeof profileModes)[number]
  limitsAllowed: boolean
  checkIntervalMinutes: number
  /** How long the records of a closed connection are kept. */
  retentionDays: number
  /** Not offered for new requests any more; connections that have it go on. */
  disabledAt: Date | null
}

/** One language of a profile; what was not written is empty. */
export type ProfileWords = { name: string; purpose: string; exceptions: string; adminReason: string }

export const startDateModes = ['hidden', 'optional', 'required'] as const
/** `collect` the token that exists, ask for a new one (`rotate`), or have it withdrawn (`off_board`). */
export const profileModes = ['collect', 'rotate', 'off_board'] as const

export const CHECK_INTERVAL_MINUTES = { min: 15, max: 1440, normal: 240 } as const
export const RETENTION_DAYS = { min: 1, max: 3650, normal: 365 } as const

const reads = ['read_deals', 'read_persons', 'read_organizations', 'read_activities'] as const
const writes = [
  'add_deals',
  'edit_deals',
  'add_persons',
  'edit_persons',
  'add_organizations',
  'edit_organizations',
  'add_activities',
  'edit_activities',
] as const

const usual = {
  words: null,
  mode: 'collect',
  checkIntervalMinutes: CHECK_INTERVAL_MINUTES.normal,
  retentionDays: RETENTION_DAYS.normal,
  disabledAt: null,
} as const

/** What every team has from the start. To change one, a team copies it. */
export const builtInProfiles = {
  'read-only-sync': {
    ...usual,
    key: 'read-only-sync',
    capabilities: [...reads, 'create_webhooks'],
    accountAdmin: false,
    startDate: 'required',
    limitsAllowed: true,
  },
  'two-way-crm': {
    ...usual,
    key: 'two-way-crm',
    capabilities: [...reads, ...writes],
    accountAdmin: false,
    startDate: 'optional',
    limitsAllowed: true,
  },
  'full-setup': {
    ...usual,
    key: 'full-setup',
    capabilities: [...reads, ...writes, 'manage_custom_fields', 'manage_account_settings'],
    accountAdmin: true,
    startDate: 'hidden',
    limitsAllowed: false,
  },
} as const satisfies Record<string, Profile>

export function isBuiltIn(key: string): key is keyof typeof builtInProfiles {
  return Object.hasOwn(builtInProfiles, key)
}

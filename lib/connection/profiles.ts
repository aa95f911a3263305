import type { Capability } from '#lib/providers/provider.ts'

/** What a planned integration needs from a token, and how the customer is asked for it. */
export type Profile = {
  id: string
  capabilities: readonly Capability[]
  accountAdmin: boolean
  startDate: 'hidden' | 'optional' | 'required'
  limitsAllowed: boolean
  checkIntervalMinutes: number
}

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

/** The built-in profiles. Their words (title, promise, reason) are in `messages/pages.<language>.json` under `profiles`. */
export const builtInProfiles = {
  'read-only-sync': {
    id: 'read-only-sync',
    capabilities: [...reads, 'create_webhooks'],
    accountAdmin: false,
    startDate: 'required',
    limitsAllowed: true,
    checkIntervalMinutes: 240,
  },
  'two-way-crm': {
    id: 'two-way-crm',
    capabilities: [...reads, ...writes],
    accountAdmin: false,
    startDate: 'optional',
    limitsAllowed: true,
    checkIntervalMinutes: 240,
  },
  'full-setup': {
    id: 'full-setup',
    capabilities: [...reads, ...writes, 'manage_custom_fields', 'manage_account_settings'],
    accountAdmin: true,
    startDate: 'hidden',
    limitsAllowed: false,
    checkIntervalMinutes: 240,
  },
} as const satisfies Record<string, Profile>

export type ProfileId = keyof typeof builtInProfiles

export function isProfileId(id: string): id is ProfileId {
  return Object.hasOwn(builtInProfiles, id)
}

/** The profile of a connection; a row never names one that does not exist. */
export function getProfile(id: string): Profile {
  if (!isProfileId(id)) throw new Error(`unknown profile ${id}`)
  return builtInProfiles[id]
}

import type * as z from 'zod'
import type { Secret } from '../secret.ts'
import type { Guide } from './guide-kit/guide.ts'
import type { CheckCode } from './verdicts.ts'

/** What a planned integration needs to be able to do. Words for each: `messages/report.<language>.json`. */
export const capabilities = [
  'read_deals',
  'read_persons',
  'read_organizations',
  'read_activities',
  'create_webhooks',
  'add_deals',
  'edit_deals',
  'add_persons',
  'edit_persons',
  'add_organizations',
  'edit_organizations',
  'add_activities',
  'edit_activities',
  'manage_custom_fields',
  'manage_account_settings',
] as const
export type Capability = (typeof capabilities)[number]

/** What a check compares the token with. */
export type Needs = {
  capabilities: readonly Capability[]
  accountAdmin: boolean
  /** RFC 3339 instant, or null when everything is wanted. Reads then ask for records changed since. */
  startDate: string | null
}

/** Who the API token belongs to, as the provider answered; every text is hostile until escaped. */
export type TokenOwner = {
  userId: string
  userName: string | null
  userEmail: string | null
  companyId: string
  companyName: string | null
  companyDomain: string | null
  /** May change the company's account settings. */
  accountAdmin: boolean
}

/** `unknown` means "not provable without writing" or "the provider did not say". It never counts as a no. */
export type CapabilityResult = 'yes' | 'no' | 'unknown'

/** How we know; the words are in `messages/report.<language>.json` under `evidence`. */
export type Evidence =
  | 'read_none'
  /** At least one record; whether there are more the answer did not say. */
  | 'read_some'
  | 'read_more'
  | 'read_refused'
  | 'feature_off'
  | 'permission_listed'
  | 'permission_absent'
  | 'permission_own_only'
  | 'permission_name_uncertain'
  | 'permissions_unreadable'
  | 'admin_of_app'
  | 'every_user_may'
  | 'not_tested'
  | 'account_settings_admin'
  | 'account_settings_missing'

export type CapabilityRow = {
  capability: Capability
  group: 'reads' | 'writes' | 'settings' | 'webhooks'
  result: CapabilityResult
  evidence: Evidence
}

/** One request made during a check, for support. Never holds content of an answer. */
export type CallRecord = { call: string; status: number | null; latencyMs: number; requestId: string | null }

/** How one live check ended. */
export type Verdict = {
  code: CheckCode
  owner: TokenOwner | null
  report: CapabilityRow[]
  /** The start date that the rows of the report were asked with; null for everything. */
  since: string | null
  /** The token can do more than the profile needs: a friendly notice, never a block. */
  moreThanNeeded: boolean
  /** What it can do beyond the profile, as far as the answers said. */
  surplus: Capability[]
  /** When the provider asked us to come back, counted from the answer. Null when it did not say. */
  retryAfterSeconds: number | null
  /** FEATURE_OFF only: the capability whose feature is missing. */
  feature: Capability | null
  /** False when not one request left this process: nobody was asked, so nothing is known. */
  asked: boolean
  /** What was left of the provider's short window after the last call, where it said so. */
  burst: Burst | null
  calls: CallRecord[]
}

/** Requests that may still follow within the provider's short window, and the seconds until it is over. */
export type Burst = { left: number; resetSeconds: number }

export type VerifyInput = {
  apiToken: Secret
  /** The cleaned company label, e.g. `acme`. */
  companyDomain: string
  /** The company it was connected with before: it is followed when its domain has changed. Null on a first connection. */
  knownCompanyId?: string | null
  needs: Needs
  /** `identity` asks only who the token belongs to (re-check); `full` also reads permissions and one row of each need. */
  depth: 'identity' | 'full'
  /** Only for a fake provider on loopback; see PIPEDRIVE_BASE_URL. */
  fakeBaseUrl: string | null
  /** The whole check is given up after this many milliseconds; the verdict is then PIPEDRIVE_DOWN. */
  timeoutMs: number
}

/** What was typed into the form, cleaned. */
export type TypedCredential = {
  connectionName: string
  domain: string
  apiToken: string
  startDate: string | null
  /** What was taken away around the pasted API token. */
  removed: readonly string[]
  /** Why the shape of the API token is worth a second look; never a reason to refuse it. */
  hint?: string
}

/** The contract between the product and what it knows of one provider. */
export type Provider = {
  id: string
  name: string
  /** Host that the sealed value is bound to, e.g. `acme.pipedrive.com`. */
  hostOf(companyDomain: string): string
  /** Base URL handed to integrations, e.g. `https://acme.pipedrive.com/api`, or the fake provider's. */
  baseUrlOf(companyDomain: string, fakeBaseUrl: string | null): string
  /** What every call to it carries, literally. Whoever calls this holds the plaintext. */
  headersOf(apiToken: Secret): Record<string, string>
  /** The form's own check, before any network. The messages of its issues are verdict codes. */
  schema(options: { startDate: 'hidden' | 'optional' | 'required'; today: Date }): z.ZodType<TypedCredential>
  /** Asks the provider live. Reads only; never throws for anything the provider or the network does. */
  verify(input: VerifyInput): Promise<Verdict>
  /** Whether the provider's own host answers at all. Sends no token; says why not in a word. */
  reach(input: { fakeBaseUrl: string | null; timeoutMs: number }): Promise<{ ok: boolean; reason: string }>
  /** What the customer reads beside the form. Loaded when it is drawn, so that drawings stay out of everything else. */
  guide(): Promise<Guide>
}

export function defineProvider(provider: Provider): Provider {
  return provider
}

/**
 * What a form knows of one provider, in the browser and on the server alike: names, addresses, and how what people type
 * or paste is cleaned. Plain functions; nothing here asks a network or knows a customer.
 */
export type ProviderFields = {
  /** As people call it: `Pipedrive`. */
  name: string
  /** Stands behind the company's own part of the address while it is typed: `.pipedrive.com`. */
  addressSuffix: string
  /** The address of a company for people: `acme.pipedrive.com`. */
  addressOf(companyDomain: string): string
  /** Where a company's people find their token; without a company, where the provider leads them itself. */
  tokenPageOf(companyDomain: string | null): string
  cleanConnectionName(typed: unknown): { value: string }
  cleanDomain(typed: unknown): CleanDomain
  cleanApiToken(typed: unknown): CleanToken
  cleanStartDate(typed: unknown, options: { today: Date; required: boolean }): CleanStartDate
  /** For words to people: whether a token of this provider or another secret stands anywhere in them. */
  holdsSecret(text: string): boolean
}

export type DomainError = 'DOMAIN_MISSING' | 'DOMAIN_SHARED_HOST' | 'DOMAIN_FORMAT'
export type TokenError = 'TOKEN_MISSING' | 'TOKEN_FORMAT'
export type StartDateError = 'START_DATE_INVALID'
/** What is wrong with a start date, for the sentence that says so. */
export type StartDateFault = 'missing' | 'unreadable' | 'future' | 'too_early'

/** What was taken away around a pasted API token; the page says so. */
export type RemovedPart = 'spaces' | 'quotes' | 'hidden_characters' | 'address_around_it' | 'name_in_front' | 'bearer'

/** Secrets of other systems, which are refused by name. */
export type LooksLike =
  | 'email'
  | 'jwt'
  | 'oauth'
  | 'github'
  | 'stripe'
  | 'aws'
  | 'slack'
  | 'google'
  | 'private_key'
  | 'connection_string'
  | 'hubspot'
  | 'openai'
  | 'gitlab'
  | 'shopify'
  | 'npm'
  | 'mail_service'

/** Worth a second look, never a reason to refuse. */
export type TokenHint = 'length' | 'custom_field_key' | 'cut' | 'password'

export type CleanDomain = { value: string; error?: DomainError }
export type CleanToken = {
  value: string
  removed: RemovedPart[]
  error?: TokenError
  looksLike?: LooksLike
  hint?: TokenHint
}
export type CleanStartDate = { value: string | null; error?: StartDateError; why?: StartDateFault }

import { pipedriveFields } from './pipedrive/fields.ts'
import type { ProviderFields } from './provider-fields.ts'

/** What each provider asks for, as functions that also run in the browser. */
const providerFields = { pipedrive: pipedriveFields } satisfies Record<string, ProviderFields>

export type ProviderId = keyof typeof providerFields

/** Another name of `ProviderId`, for code that meets a provider only through its fields. */
export type FieldsId = ProviderId

export const providerIds = Object.keys(providerFields) as [ProviderId, ...ProviderId[]]

/** The one that is meant where nobody names one: the first. */
export const usualProvider: ProviderId = providerIds[0]

export function isProviderId(id: string): id is ProviderId {
  return Object.hasOwn(providerFields, id)
}

export function fieldsOf(provider: ProviderId): ProviderFields {
  return providerFields[provider]
}

/** The address of a company for people. A provider that is gone leaves the company's own part. */
export function addressOf(provider: string, companyDomain: string): string {
  return isProviderId(provider) ? fieldsOf(provider).addressOf(companyDomain) : companyDomain
}

/** For words to people: whether a token of any provider, or another secret, stands anywhere in them. */
export function holdsSecret(text: string): boolean {
  return providerIds.some((provider) => fieldsOf(provider).holdsSecret(text))
}

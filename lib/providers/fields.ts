import { pipedriveFields } from './pipedrive/fields.ts'

/** What each provider asks for, as functions that also run in the browser. */
const providerFields = { pipedrive: pipedriveFields }

export type ProviderId = keyof typeof providerFields

/** Another name of `ProviderId`, for code that meets a provider only through its fields. */
export type FieldsId = ProviderId

export const providerIds = Object.keys(providerFields) as [ProviderId, ...ProviderId[]]

export function isProviderId(id: string): id is ProviderId {
  return Object.hasOwn(providerFields, id)
}

export function fieldsOf(provider: ProviderId): (typeof providerFields)[ProviderId] {
  return providerFields[provider]
}

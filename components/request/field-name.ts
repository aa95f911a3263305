/** The fields that each connection of a request has for itself. */
export const connectionFields = ['profile', 'connectionName', 'expectedDomain', 'startDate', 'externalId'] as const
export type TypedConnection = Record<(typeof connectionFields)[number], string>

/** The name of a connection's field in the form: the first one's are plain, the others carry their number. */
export function fieldName(field: (typeof connectionFields)[number], index: number): string {
  return index === 0 ? field : `more.${index}.${field}`
}

import type { CustomerConnection } from '#lib/data/connections.ts'

/** Whether "Use acme-uk" may be offered: not when the request, or an earlier connection, names another company. */
export function mayUseOtherCompany(
  connection: Pick<CustomerConnection, 'expectedDomain' | 'connectedAt'>,
  otherDomain: string | null,
): boolean {
  if (!otherDomain || connection.connectedAt) return false
  return connection.expectedDomain === null || connection.expectedDomain === otherDomain
}

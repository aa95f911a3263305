import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './schema.ts'

/** How text is stored to be found and sorted, and how what somebody types is compared with it. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/**
 * Copies onto connections what the board searches, sorts and filters by: customer, contact, domains, reference, names,
 * owner. Call it in the transaction that changed any of these.
 */
export async function copyForBoard(
  trx: Kysely<Database>,
  { teamId, connectionIds }: { teamId: string; connectionIds: string[] },
): Promise<void> {
  for (const id of connectionIds) {
    const row = await trx
      .selectFrom('connections')
      .innerJoin('requests', 'requests.id', 'connections.requestId')
      .innerJoin('customers', 'customers.id', 'connections.customerId')
      .innerJoin('contacts', 'contacts.id', 'requests.contactId')
      .select(['requests.ownerId', 'requests.reference', 'customers.name as customerName'])
      .select(['contacts.name as contactName', 'contacts.email as contactEmail', 'connections.name', 'externalId'])
      .select(['typedDomain', 'expectedDomain', 'providerCompanyDomain'])
      .where('connections.teamId', '=', teamId)
      .where('connections.id', '=', id)
      .executeTakeFirstOrThrow()
    const { ownerId, customerName, ...rest } = row
    const search = fold([customerName, ...Object.values(rest)].filter((part) => part !== null).join('\n'))
    await trx
      .updateTable('connections')
      .set({ ownerId, customerName, sortName: fold(customerName), search })
      .where('teamId', '=', teamId)
      .where('id', '=', id)
      .execute()
  }
}

/** Copies the end of the request's open link onto its connections; none when no link is open. */
export async function copyLinkEnd(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<void> {
  const end = sql<Date | null>`(select max(expires_at) from secure_links where secure_links.request_id = ${requestId}
    and secure_links.revoked_at is null and secure_links.replaced_at is null)`
  await trx
    .updateTable('connections')
    .set({ linkExpiresAt: end })
    .where('teamId', '=', teamId)
    .where('requestId', '=', requestId)
    .execute()
}

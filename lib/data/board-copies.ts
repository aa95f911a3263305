import 'server-only'
import type { Kysely, RawBuilder, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './schema.ts'

/** How text is stored to be found and sorted, and how what somebody types is compared with it. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** Fewer letters than the index of `search` needs. */
export const WORD_LETTERS_MIN = 3

/**
 * Whether what a connection is searched by holds these folded words. A mailbox is asked for in the index by its name
 * alone: half a team's contacts can share what stands behind the @, and the index would read the entries of them all.
 */
export function searchHolds(words: string): RawBuilder<SqlBool> {
  const mailbox = words.slice(0, words.indexOf('@') + 1)
  if (mailbox.length <= WORD_LETTERS_MIN) return sql`connections.search like ${anywhere(words)}`
  return sql`(connections.search like ${anywhere(mailbox)} and connections.search || '' like ${anywhere(words)})`
}

function anywhere(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
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

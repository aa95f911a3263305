import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Status } from '#lib/connection/status.ts'
import type { Database } from './schema.ts'

/** A connection that somebody still works on, and whom it was asked of. */
export type OpenConnection = {
  id: string
  reference: string
  status: Status
  profile: string
  customerName: string
  contactEmail: string
}

/** Asked, and neither connected nor over. */
const openStatuses: readonly Status[] = [
  'queued',
  'sent',
  'undeliverable',
  'visited',
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
  'waiting_provider',
  'stopped',
]

/** Bound of what one look-up answers; a list of two hundred customers fits. */
const OPEN_MAX = 1_000

/** What is open for these mail addresses or these customers, whatever the case of their names. */
export async function findOpenConnections(
  trx: Kysely<Database>,
  { teamId, emails, customers }: { teamId: string; emails: string[]; customers: string[] },
): Promise<OpenConnection[]> {
  if (emails.length === 0) return []
  const open = trx
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .innerJoin('customers', 'customers.id', 'requests.customerId')
    .select(['connections.id', 'reference', 'connections.status', 'profile'])
    .select(['customers.name as customerName', 'contacts.email as contactEmail'])
    .where('connections.teamId', '=', teamId)
    .where('connections.status', 'in', openStatuses)
    .orderBy('connections.id', 'desc')
    .limit(OPEN_MAX)
  // Two questions, each with an index of its own; one with "or" would read the whole table.
  const byMail = await open.where('contacts.teamId', '=', teamId).where('contacts.email', 'in', emails).execute()
  const byName = await open
    .where('customers.teamId', '=', teamId)
    .where(
      sql`lower(customers.name)`,
      'in',
      customers.map((name) => sql<string>`lower(${name})`),
    )
    .execute()
  return [...new Map([...byMail, ...byName].map((connection) => [connection.id, connection])).values()]
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type Person = { name: string; email: string }

/** The contact of a customer with this name and address; made when there is none. */
export async function findOrInsertContact(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { customerId, name, email }: Person & { customerId: string },
): Promise<string> {
  const found = await trx
    .selectFrom('contacts')
    .select('id')
    .where('teamId', '=', teamId)
    .where('customerId', '=', customerId)
    .where('email', '=', email)
    .where('name', '=', name)
    .executeTakeFirst()
  if (found) return found.id
  const id = newId('cnt')
  await trx.insertInto('contacts').values({ id, teamId, customerId, name, email }).execute()
  return id
}

export type RequestContacts = { customerId: string; contact: Person; backup: Person | null }

/** Who a request is mailed to, and who gets what cannot be delivered there. */
export async function getRequestContacts(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<RequestContacts> {
  const row = await trx
    .selectFrom('requests')
    .innerJoin('contacts as contact', 'contact.id', 'requests.contactId')
    .leftJoin('contacts as backup', 'backup.id', 'requests.backupContactId')
    .select(['requests.customerId', 'contact.name', 'contact.email'])
    .select(['backup.name as backupName', 'backup.email as backupEmail'])
    .where('requests.teamId', '=', teamId)
    .where('requests.id', '=', requestId)
    .executeTakeFirstOrThrow()
  const { customerId, name, email, backupName, backupEmail } = row
  const backup = backupName !== null && backupEmail !== null ? { name: backupName, email: backupEmail } : null
  return { customerId, contact: { name, email }, backup }
}

/** Names another contact, or another backup; `null` takes the backup away. */
export async function setRequestContact(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { requestId, ...contact }: { requestId: string } & ({ contactId: string } | { backupContactId: string | null }),
): Promise<void> {
  await trx
    .updateTable('requests')
    .set({ ...contact, erasedAt: null })
    .where('teamId', '=', teamId)
    .where('id', '=', requestId)
    .execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { Language } from '#lib/words.ts'
import { copyForBoard } from './board-copies.ts'
import { CONNECTIONS_PER_REQUEST_MAX, countStatus } from './connections.ts'
import { findOrInsertContact } from './contacts.ts'
import { newId } from './ids.ts'
import { insertLastCheck } from './last-checks.ts'
import type { Database } from './schema.ts'

export type NewRequest = {
  reference: string
  customerName: string
  contactName: string
  contactEmail: string
  ownerId: string | null
  language: Language
  project: string
  note: string | null
  linkDays: number | null
  creationKey: string | null
}

/** Stores the customer (found by name), the contact (found by mail address) and the request. */
export async function insertRequest(
  trx: Kysely<Database>,
  actor: Actor,
  request: NewRequest,
): Promise<{ id: string; customerId: string }> {
  const parties = await findOrInsertParties(trx, actor, request)
  const { customerName: _name, contactName: _contact, contactEmail: _email, ...columns } = request
  const id = newId('req')
  await trx
    .insertInto('requests')
    .values({ id, teamId: actor.teamId, createdBy: actor.kind, ...parties, ...columns })
    .execute()
  return { id, customerId: parties.customerId }
}

/** The customer and the contact of a request, made when they are new. */
export async function findOrInsertParties(
  trx: Kysely<Database>,
  actor: Actor,
  request: Pick<NewRequest, 'customerName' | 'contactName' | 'contactEmail'>,
): Promise<{ customerId: string; contactId: string }> {
  const customerId = await findOrInsertCustomer(trx, actor, request.customerName)
  const contact = { customerId, name: request.contactName, email: request.contactEmail }
  return { customerId, contactId: await findOrInsertContact(trx, actor, contact) }
}

/** The request that an earlier press with the same key made. */
export async function findRequestByCreationKey(
  trx: Kysely<Database>,
  { teamId }: Actor,
  creationKey: string,
): Promise<{ id: string; reference: string; connections: { id: string; status: Status }[] } | null> {
  const request = await trx
    .selectFrom('requests')
    .select(['id', 'reference'])
    .where('teamId', '=', teamId)
    .where('creationKey', '=', creationKey)
    .executeTakeFirst()
  if (!request) return null
  const connections = await trx
    .selectFrom('connections')
    .select(['id', 'status'])
    .where('requestId', '=', request.id)
    .orderBy('id')
    .limit(CONNECTIONS_PER_REQUEST_MAX)
    .execute()
  return { ...request, connections }
}

async function findOrInsertCustomer(trx: Kysely<Database>, { teamId }: Actor, name: string): Promise<string> {
  const found = await trx
    .selectFrom('customers')
    .select('id')
    .where('teamId', '=', teamId)
    .where('name', '=', name)
    .executeTakeFirst()
  if (found) return found.id
  const id = newId('cus')
  await trx.insertInto('customers').values({ id, teamId, name }).execute()
  return id
}

export type NewConnection = {
  /** For a value that was sealed for it before; else it gets one. */
  id?: string
  requestId: string
  customerId: string
  provider: string
  profile: string
  name: string
  status: Status
  expectedDomain: string | null
  externalId: string | null
  startDate: string | null
}

export async function insertConnection(
  trx: Kysely<Database>,
  actor: Actor,
  { id = newId('con'), ...connection }: NewConnection,
): Promise<string> {
  await trx
    .insertInto('connections')
    .values({ id, teamId: actor.teamId, ...connection })
    .execute()
  await insertLastCheck(trx, actor, { connectionId: id, status: connection.status })
  await countStatus(trx, actor.teamId, connection.status, 1)
  await copyForBoard(trx, { teamId: actor.teamId, connectionIds: [id] })
  return id
}

/** Gives requests of the team, and the copies on their connections, another account manager. Answers which there were. */
export async function setRequestOwner(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { requestIds, ownerId }: { requestIds: string[]; ownerId: string },
): Promise<string[]> {
  const changed = await trx
    .updateTable('requests')
    .set({ ownerId })
    .where('teamId', '=', teamId)
    .where('id', 'in', requestIds)
    .returning('id')
    .execute()
  await trx
    .updateTable('connections')
    .set({ ownerId })
    .where('teamId', '=', teamId)
    .where('requestId', 'in', requestIds)
    .execute()
  return changed.map(({ id }) => id)
}

/** Whose request it is, for somebody who proved by a signature of ours that they may ask. */
export async function findTeamOfRequest(trx: Kysely<Database>, requestId: string): Promise<string | null> {
  const row = await trx.selectFrom('requests').select('teamId').where('id', '=', requestId).executeTakeFirst()
  return row?.teamId ?? null
}

/** The contact wants no more reminders. True only for the call that made the difference. */
export async function stopRequestReminders(
  trx: Kysely<Database>,
  { teamId }: Actor,
  requestId: string,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('requests')
    .set({ remindersStoppedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('id', '=', requestId)
    .where('remindersStoppedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Whether the reference is still free in the team. */
export async function isReferenceFree(trx: Kysely<Database>, teamId: string, reference: string): Promise<boolean> {
  const taken = await trx
    .selectFrom('requests')
    .select('id')
    .where('teamId', '=', teamId)
    .where('reference', '=', reference)
    .executeTakeFirst()
  return !taken
}

export type RequestParties = {
  id: string
  teamId: string
  reference: string
  language: Language
  project: string
  note: string | null
  customerName: string
  contactName: string
  contactEmail: string
  teamName: string
  ownerId: string | null
  ownerName: string | null
  ownerEmail: string | null
  remindersStoppedAt: Date | null
}

/** Who asks whom for what: what letters and dead-link pages need. Found by id or by reference. */
export async function findRequest(
  trx: Kysely<Database>,
  { teamId, request }: { teamId: string; request: string },
): Promise<RequestParties | null> {
  const found = await trx
    .selectFrom('requests')
    .innerJoin('customers', 'customers.id', 'requests.customerId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .innerJoin('teams', 'teams.id', 'requests.teamId')
    .leftJoin('staff', 'staff.id', 'requests.ownerId')
    .select([
      'requests.id',
      'requests.teamId',
      'requests.reference',
      'requests.language',
      'requests.project',
      'requests.note',
      'requests.ownerId',
      'customers.name as customerName',
      'contacts.name as contactName',
      'contacts.email as contactEmail',
      'teams.name as teamName',
      'staff.name as ownerName',
      'staff.email as ownerEmail',
      'requests.remindersStoppedAt',
    ])
    .where('requests.teamId', '=', teamId)
    .where((where) => where.or([where('requests.id', '=', request), where('requests.reference', '=', request)]))
    .executeTakeFirst()
  return found ?? null
}

/** In whose name a request would be made: the team, and the member with this address. */
export async function findAsker(
  trx: Kysely<Database>,
  { teamId }: Actor,
  ownerEmail: string,
): Promise<{ teamName: string; ownerName: string | null }> {
  return trx
    .selectFrom('teams')
    .leftJoin('staff', (join) => join.onRef('staff.teamId', '=', 'teams.id').on('staff.email', '=', ownerEmail))
    .select(['teams.name as teamName', 'staff.name as ownerName'])
    .where('teams.id', '=', teamId)
    .executeTakeFirstOrThrow()
}

/** Names of customers the team has, to choose from while one types. */
export async function listCustomerNames(trx: Kysely<Database>, { teamId }: Actor): Promise<string[]> {
  const rows = await trx
    .selectFrom('customers')
    .select('name')
    .distinct()
    .where('teamId', '=', teamId)
    .orderBy('name')
    .limit(CUSTOMERS_OFFERED_MAX)
    .execute()
  return rows.map(({ name }) => name)
}

const CUSTOMERS_OFFERED_MAX = 200

/** The team every command means when none is named: the first one made, or a new one called after the product. */
export async function findOrCreateFirstTeam(trx: Kysely<Database>): Promise<{ id: string; name: string }> {
  const first = await findFirstTeam(trx)
  if (first) return first
  // In one statement: two that ask at once must not make two.
  await trx
    .insertInto('teams')
    .columns(['id', 'name'])
    .expression(
      trx
        .selectNoFrom((eb) => [eb.val(newId('tem')).as('id'), eb.val('Latchkey').as('name')])
        .where(({ not, exists, selectFrom }) => not(exists(selectFrom('teams').select('teams.id')))),
    )
    .execute()
  return findFirstTeam(trx).then((made) => made ?? findOrCreateFirstTeam(trx))
}

function findFirstTeam(trx: Kysely<Database>): Promise<{ id: string; name: string } | undefined> {
  return trx.selectFrom('teams').select(['id', 'name']).orderBy('createdAt').orderBy('id').limit(1).executeTakeFirst()
}

export async function insertTeam(
  trx: Kysely<Database>,
  team: { name: string; supportEmail: string | null },
): Promise<{ id: string; name: string }> {
  return trx
    .insertInto('teams')
    .values({ id: newId('tem'), name: team.name, supportEmail: team.supportEmail, supportPhone: null })
    .returning(['id', 'name'])
    .executeTakeFirstOrThrow()
}

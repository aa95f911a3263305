import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Language } from '#lib/words.ts'
import { copyForBoard } from './board-copies.ts'
import { CONNECTIONS_PER_REQUEST_MAX, countStatus } from './connections.ts'
import type { NewConnection, NewRequest } from './requests.ts'
import { findOrInsertParties } from './requests.ts'
import type { Database } from './schema.ts'

/** A saved request that was not sent, as its form shows it again. */
export type Draft = {
  id: string
  reference: string
  customerName: string
  contactName: string
  contactEmail: string
  ownerEmail: string | null
  language: Language
  project: string
  note: string | null
  linkDays: number | null
  connections: DraftConnection[]
}

export type DraftConnection = Pick<
  NewConnection,
  'profile' | 'name' | 'expectedDomain' | 'externalId' | 'startDate'
> & {
  id: string
}

/** Null for what is no draft of the team: unknown, another team's, or sent. */
export async function findDraft(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<Draft | null> {
  const connections = await draftConnections(trx, { teamId, requestId }).execute()
  if (connections.length === 0) return null
  const request = await trx
    .selectFrom('requests')
    .innerJoin('customers', 'customers.id', 'requests.customerId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .leftJoin('staff', 'staff.id', 'requests.ownerId')
    .select(['requests.id', 'reference', 'requests.language', 'project', 'note', 'linkDays'])
    .select(['customers.name as customerName', 'contacts.name as contactName', 'contacts.email as contactEmail'])
    .select('staff.email as ownerEmail')
    .where('requests.teamId', '=', teamId)
    .where('requests.id', '=', requestId)
    .executeTakeFirstOrThrow()
  return { ...request, connections }
}

function draftConnections(trx: Kysely<Database>, { teamId, requestId }: { teamId: string; requestId: string }) {
  return trx
    .selectFrom('connections')
    .select(['id', 'profile', 'name', 'expectedDomain', 'externalId', 'startDate'])
    .where('teamId', '=', teamId)
    .where('requestId', '=', requestId)
    .where('status', '=', 'draft')
    .orderBy('id')
    .limit(CONNECTIONS_PER_REQUEST_MAX)
}

export type DraftSummary = { id: string; reference: string; customerName: string; contactEmail: string }

/** Bound of the list of drafts beside the form. */
export const DRAFTS_SHOWN_MAX = 20

/** The team's drafts, the newest first. */
export async function listDrafts(trx: Kysely<Database>, { teamId }: { teamId: string }): Promise<DraftSummary[]> {
  return trx
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('customers', 'customers.id', 'requests.customerId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .select(['requests.id', 'reference', 'customers.name as customerName', 'contacts.email as contactEmail'])
    .distinct()
    .where('connections.teamId', '=', teamId)
    .where('connections.status', '=', 'draft')
    .orderBy('requests.id', 'desc')
    .limit(DRAFTS_SHOWN_MAX)
    .execute()
}

/** The connections of a draft, which nobody else can send or delete until the transaction ends. */
export async function lockDraft(
  trx: Kysely<Database>,
  { teamId }: Actor,
  requestId: string,
): Promise<DraftConnection[]> {
  await trx
    .selectFrom('requests')
    .select('id')
    .where('teamId', '=', teamId)
    .where('id', '=', requestId)
    .forUpdate()
    .execute()
  return draftConnections(trx, { teamId, requestId }).execute()
}

/** Writes a draft anew. `sent`: from now on it counts as asked. Answers its customer. */
export async function updateDraft(
  trx: Kysely<Database>,
  actor: Actor,
  { requestId, sent, ...request }: Omit<NewRequest, 'reference' | 'creationKey'> & { requestId: string; sent: boolean },
): Promise<{ reference: string; customerId: string }> {
  const { customerName: _name, contactName: _contact, contactEmail: _email, ...columns } = request
  const parties = await findOrInsertParties(trx, actor, request)
  return trx
    .updateTable('requests')
    .set({ ...columns, ...parties, ...(sent ? { createdAt: sql<Date>`now()` } : {}) })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', requestId)
    .returning(['reference', 'customerId'])
    .executeTakeFirstOrThrow()
}

export async function updateDraftConnection(
  trx: Kysely<Database>,
  { teamId }: Actor,
  connectionId: string,
  connection: Omit<NewConnection, 'requestId' | 'status'>,
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ ...connection, updatedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .where('status', '=', 'draft')
    .execute()
  await copyForBoard(trx, { teamId, connectionIds: [connectionId] })
}

/** Deletes connections that never were more than a draft: nothing refers to them. */
export async function deleteDraftConnections(trx: Kysely<Database>, { teamId }: Actor, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  const { numDeletedRows } = await trx
    .deleteFrom('connections')
    .where('teamId', '=', teamId)
    .where('id', 'in', ids)
    .where('status', '=', 'draft')
    .executeTakeFirstOrThrow()
  await countStatus(trx, teamId, 'draft', -Number(numDeletedRows))
}

export async function deleteDraftRequest(trx: Kysely<Database>, { teamId }: Actor, requestId: string): Promise<void> {
  await trx.deleteFrom('requests').where('teamId', '=', teamId).where('id', '=', requestId).execute()
}

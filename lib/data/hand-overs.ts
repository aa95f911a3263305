import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { Language } from '#lib/words.ts'
import { copyForBoard } from './board-copies.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type Colleague = { name: string; email: string; note: string | null }

/** Writes down that a contact wants to hand over; false when the request was handed over, or waits for a yes, already. */
export async function insertHandOver(
  trx: Kysely<Database>,
  actor: Actor,
  handOver: { requestId: string; linkId: string; state: 'waiting' | 'done'; newRequestId: string | null } & Colleague,
): Promise<string | null> {
  const { name, email, ...columns } = handOver
  const row = await trx
    .insertInto('handOvers')
    .values({ id: newId('hnd'), teamId: actor.teamId, colleagueName: name, colleagueEmail: email, ...columns })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

export async function insertHandOverConnections(
  trx: Kysely<Database>,
  handOverId: string,
  connections: { id: string; status: Status }[],
): Promise<void> {
  await trx
    .insertInto('handOverConnections')
    .values(connections.map(({ id, status }) => ({ handOverId, connectionId: id, fromStatus: status })))
    .execute()
}

export type HandOver = {
  id: string
  teamId: string
  requestId: string
  linkId: string
  state: 'waiting' | 'done' | 'refused' | 'lapsed'
  colleagueName: string
  colleagueEmail: string
  note: string | null
  reason: string | null
  createdAt: Date
  decidedAt: Date | null
}

const columns = [
  'id',
  'teamId',
  'requestId',
  'linkId',
  'state',
  'colleagueName',
  'colleagueEmail',
  'note',
  'reason',
  'createdAt',
  'decidedAt',
] as const

/** One hand-over of the actor's team; `lock` keeps it as it is until the transaction ends. */
export async function findHandOver(
  trx: Kysely<Database>,
  { teamId, handOverId }: { teamId: string; handOverId: string },
  { lock = false } = {},
): Promise<HandOver | null> {
  const query = trx.selectFrom('handOvers').select(columns).where('teamId', '=', teamId).where('id', '=', handOverId)
  return (await (lock ? query.forUpdate() : query).executeTakeFirst()) ?? null
}

/** What waits for a yes about one request. */
export async function findWaitingHandOver(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<HandOver | null> {
  const row = await trx
    .selectFrom('handOvers')
    .select(columns)
    .where('teamId', '=', teamId)
    .where('requestId', '=', requestId)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return row ?? null
}

/** How a waiting hand-over ended. The caller holds its lock. */
export async function decideHandOver(
  trx: Kysely<Database>,
  actor: Actor,
  decision: {
    handOverId: string
    state: 'done' | 'refused' | 'lapsed'
    decidedBy: string
    reason?: string
    newRequestId?: string
  },
): Promise<void> {
  await trx
    .updateTable('handOvers')
    .set({
      state: decision.state,
      decidedBy: decision.decidedBy,
      decidedAt: sql<Date>`now()`,
      reason: decision.reason ?? null,
      newRequestId: decision.newRequestId ?? null,
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', decision.handOverId)
    .execute()
}

/** The connections of a hand-over, and where each stood before it. */
export async function listHandOverConnections(
  trx: Kysely<Database>,
  handOverId: string,
): Promise<{ connectionId: string; fromStatus: Status }[]> {
  return trx
    .selectFrom('handOverConnections')
    .select(['connectionId', 'fromStatus'])
    .where('handOverId', '=', handOverId)
    .orderBy('connectionId')
    .execute()
}

/** Gives a connection to another request: its contact is somebody else now, who has not opened anything yet. */
export async function moveToRequest(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { connectionId, requestId }: { connectionId: string; requestId: string },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ requestId, visitedAt: null, updatedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .execute()
  await copyForBoard(trx, { teamId, connectionIds: [connectionId] })
}

/** Requests that a connection belonged to before it was handed over, the latest first. */
export async function listEarlierRequests(connectionId: string): Promise<string[]> {
  const rows = await db()
    .selectFrom('handOverConnections')
    .innerJoin('handOvers', 'handOvers.id', 'handOverConnections.handOverId')
    .select('handOvers.requestId')
    .where('handOverConnections.connectionId', '=', connectionId)
    .where('handOvers.state', '=', 'done')
    .orderBy('handOvers.id', 'desc')
    .limit(EARLIER_REQUESTS_MAX)
    .execute()
  return rows.map(({ requestId }) => requestId)
}

const EARLIER_REQUESTS_MAX = 10

/** What somebody who handed over may still see: to whom, when, and where it stands. */
export type HandedOver = {
  colleagueName: string
  handedOverAt: Date
  language: Language
  connections: { id: string; name: string; status: Status; fromStatus: Status }[]
}

export async function findHandedOver(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<HandedOver | null> {
  const row = await trx
    .selectFrom('handOvers')
    .innerJoin('requests', 'requests.id', 'handOvers.requestId')
    .select(['handOvers.id', 'colleagueName', 'decidedAt', 'handOvers.createdAt', 'requests.language'])
    .where('handOvers.teamId', '=', teamId)
    .where('handOvers.requestId', '=', requestId)
    .where('state', '=', 'done')
    .executeTakeFirst()
  if (!row) return null
  const connections = await trx
    .selectFrom('handOverConnections')
    .innerJoin('connections', 'connections.id', 'handOverConnections.connectionId')
    .select(['connections.id', 'connections.name', 'connections.status', 'fromStatus'])
    .where('handOverId', '=', row.id)
    .orderBy('connections.id')
    .execute()
  return {
    colleagueName: row.colleagueName,
    handedOverAt: row.decidedAt ?? row.createdAt,
    language: row.language,
    connections,
  }
}

/** Who passed a request on to its contact, and when; null for a request that was made as it is. */
export async function findPassedOn(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<{ contactName: string; at: Date } | null> {
  const row = await trx
    .selectFrom('handOvers')
    .innerJoin('requests', 'requests.id', 'handOvers.requestId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .select(['contacts.name as contactName', 'decidedAt', 'handOvers.createdAt'])
    .where('handOvers.teamId', '=', teamId)
    .where('newRequestId', '=', requestId)
    .limit(1)
    .executeTakeFirst()
  return row ? { contactName: row.contactName, at: row.decidedAt ?? row.createdAt } : null
}

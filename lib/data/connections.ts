import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { copyForBoard } from './board-copies.ts'
import { db } from './database.ts'
import { copyStatus, noteCheck } from './last-checks.ts'
import type { Database } from './schema.ts'

/** What the customer's pages show of one connection. */
export type CustomerConnection = {
  id: string
  teamId: string
  requestId: string
  provider: string
  profile: string
  name: string
  status: Status
  verdictCode: VerdictCode | null
  version: number
  /** What somebody said yes to, for the token that is being checked. */
  acceptedCodes: VerdictCode[]
  typedDomain: string | null
  expectedDomain: string | null
  providerCompanyId: string | null
  providerCompanyDomain: string | null
  providerCompanyName: string | null
  providerUserId: string | null
  providerUserName: string | null
  providerUserEmail: string | null
  startDate: string | null
  connectedAt: Date | null
  checkedAt: Date | null
  /** Somebody may have seen the token: a new one is asked for. */
  exposedAt: Date | null
  /** Imported by the team, which held the token before. */
  adoptedAt: Date | null
  nextCheckAt: Date | null
  /** How long it has waited for the provider, in the database's time; null when it does not. */
  waitedSeconds: number | null
  reference: string
  language: Language
  project: string
  note: string | null
  requestedAt: Date
  customerName: string
  contactName: string
  contactEmail: string
  teamName: string
  ownerName: string | null
  ownerEmail: string | null
  supportEmail: string | null
}

/** One connection with everything its customer may see. */
export async function findConnection(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<CustomerConnection | null> {
  const found = await selectConnections(trx)
    .where('connections.teamId', '=', teamId)
    .where('connections.id', '=', connectionId)
    .executeTakeFirst()
  return found ?? null
}

export async function getConnection(
  trx: Kysely<Database>,
  scope: { teamId: string; connectionId: string },
): Promise<CustomerConnection> {
  const found = await findConnection(trx, scope)
  if (!found) throw new Error(`no connection ${scope.connectionId} in its team`)
  return found
}

/** Bound of what one request may hold. */
export const CONNECTIONS_PER_REQUEST_MAX = 20

/** The connections of one request, in the order they were asked for. */
export async function listRequestConnections(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<CustomerConnection[]> {
  return selectConnections(trx)
    .where('connections.teamId', '=', teamId)
    .where('connections.requestId', '=', requestId)
    .orderBy('connections.id')
    .limit(CONNECTIONS_PER_REQUEST_MAX)
    .execute()
}

function selectConnections(trx: Kysely<Database>) {
  return trx
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('customers', 'customers.id', 'connections.customerId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .innerJoin('teams', 'teams.id', 'connections.teamId')
    .leftJoin('staff', 'staff.id', 'requests.ownerId')
    .leftJoin('connectionChecks', 'connectionChecks.connectionId', 'connections.id')
    .leftJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select([
      'connections.id',
      'connections.teamId',
      'connections.requestId',
      'connections.provider',
      'connections.profile',
      'connections.name',
      'connections.status',
      'connections.verdictCode',
      'connections.version',
      'connections.acceptedCodes',
      'connections.typedDomain',
      'connections.expectedDomain',
      'connections.providerCompanyId',
      'connections.providerCompanyDomain',
      'connections.providerCompanyName',
      'connections.providerUserId',
      'connections.providerUserName',
      'connections.providerUserEmail',
      'connections.startDate',
      'connections.connectedAt',
      'lastChecks.checkedAt',
      'connections.exposedAt',
      sql<number | null>`extract(epoch from now() - connections.waiting_since)::int`.as('waitedSeconds'),
      'connections.adoptedAt',
      'requests.reference',
      'requests.language',
      'requests.project',
      'requests.note',
      'requests.createdAt as requestedAt',
      'customers.name as customerName',
      'contacts.name as contactName',
      'contacts.email as contactEmail',
      'teams.name as teamName',
      'staff.name as ownerName',
      'staff.email as ownerEmail',
      'teams.supportEmail',
    ])
    .select(sql<Date | null>`case when due_at is not null then greatest(due_at, now()) end`.as('nextCheckAt'))
}

/** Locks the connection for the rest of the transaction and answers its status. */
export async function lockConnection(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<{ status: Status; version: number; verdictCode: VerdictCode | null; exposedAt: Date | null }> {
  return trx
    .selectFrom('connections')
    .select(['status', 'version', 'verdictCode', 'exposedAt'])
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

/** As `lockConnection`, for an id that somebody sent: null when the team has no such connection. */
export async function findStatus(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<{ status: Status; isSnoozed: boolean } | null> {
  const row = await trx
    .selectFrom('connections')
    .select(['status', sql<boolean>`snoozed_until is not null`.as('isSnoozed')])
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

export type StatusMove = { connectionId: string; from: Status; to: Status; verdictCode: VerdictCode | null }

/** Moves a locked connection to another status and keeps the board's counters in step. A change ends a snooze. */
export async function moveStatus(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, from, to, verdictCode }: StatusMove,
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({
      status: to,
      verdictCode,
      updatedAt: sql<Date>`now()`,
      ...(from === to ? {} : { snoozedUntil: null, snoozeNote: null, erasedAt: null, statusSince: sql<Date>`now()` }),
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  if (from === to) return
  await copyStatus(trx, actor, { connectionId, status: to })
  const steps = [
    { status: from, step: -1 },
    { status: to, step: 1 },
  ].sort((a, b) => (a.status < b.status ? -1 : 1))
  for (const { status, step } of steps) await countStatus(trx, actor.teamId, status, step)
}

/** Adds to the counter of one status. Always called in the order of status names, so that two movers cannot deadlock. */
export async function countStatus(trx: Kysely<Database>, teamId: string, status: Status, step: number): Promise<void> {
  await trx
    .insertInto('statusCounts')
    .values({ teamId, status, n: step })
    .onConflict((conflict) =>
      conflict.columns(['teamId', 'status']).doUpdateSet({ n: sql<number>`status_counts.n + ${step}` }),
    )
    .execute()
}

/** A link that leads nowhere works again: what stood behind it waits for the customer, who has not opened it since. */
export async function reopenConnection(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, from, to }: { connectionId: string; from: Status; to: 'queued' | 'sent' },
): Promise<void> {
  await moveStatus(trx, actor, { connectionId, from, to, verdictCode: null })
  await trx
    .updateTable('connections')
    .set({ visitedAt: null })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
}

/** Sets or ends the snooze of a locked connection. */
export async function setSnooze(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, until, note }: { connectionId: string; until: Date | null; note: string | null },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ snoozedUntil: until, snoozeNote: note, updatedAt: sql<Date>`now()` })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
}

/** What the customer typed and said yes to, kept so that nothing is asked twice. Never the API token. */
export async function saveTyped(
  trx: Kysely<Database>,
  actor: Actor,
  typed: {
    connectionId: string
    name: string
    typedDomain: string
    startDate: string | null
    acceptedCodes: readonly VerdictCode[]
  },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({
      name: typed.name,
      typedDomain: typed.typedDomain,
      startDate: typed.startDate,
      acceptedCodes: JSON.stringify(typed.acceptedCodes),
      updatedAt: sql<Date>`now()`,
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', typed.connectionId)
    .execute()
  await copyForBoard(trx, { teamId: actor.teamId, connectionIds: [typed.connectionId] })
}

/** The team held its token before it came here. */
export async function markAdopted(trx: Kysely<Database>, actor: Actor, connectionId: string): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ adoptedAt: sql<Date>`now()` })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
}

/** Who the sealed token belongs to, and when that was seen. */
export async function saveOwner(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, owner }: { connectionId: string; owner: TokenOwner },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({
      providerCompanyId: owner.companyId,
      providerCompanyDomain: owner.companyDomain,
      providerCompanyName: owner.companyName,
      providerUserId: owner.userId,
      providerUserName: owner.userName,
      providerUserEmail: owner.userEmail,
      connectedAt: sql<Date>`now()`,
      updatedAt: sql<Date>`now()`,
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  await copyForBoard(trx, { teamId: actor.teamId, connectionIds: [connectionId] })
}

/** Notes a check's time, the start or end of a wait, and the version in force. */
export async function touchConnection(
  trx: Kysely<Database>,
  actor: Actor,
  {
    connectionId,
    checked,
    connected,
    waiting,
    version,
  }: { connectionId: string; checked: boolean; connected: boolean; waiting: boolean; version?: number },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({
      ...(connected ? { suspectSince: null, degradedSince: null, stoppedAt: null } : {}),
      waitingSince: waiting ? sql<Date>`coalesce(waiting_since, now())` : null,
      ...(waiting ? {} : { waitToldAt: null }),
      ...(version === undefined ? {} : { version }),
      updatedAt: sql<Date>`now()`,
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  if (checked) await noteCheck(trx, actor, { connectionId, isFull: true })
}

/** Notes that a token may have been seen, or that a new one replaced it. */
export async function setExposed(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, exposed }: { connectionId: string; exposed: boolean },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ exposedAt: exposed ? sql<Date>`coalesce(exposed_at, now())` : null })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
}

/** True for the one call, after so many hours of a wait, that is to tell the manager. */
export async function markWaitTold(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, hours }: { connectionId: string; hours: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('connections')
    .set({ waitToldAt: sql<Date>`now()` })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .where('waitToldAt', 'is', null)
    .where('waitingSince', '<=', sql<Date>`now() - make_interval(hours => ${hours})`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The request's mail was accepted: what was queued is now sent. Answers which connections those were. */
export async function markRequestSent(trx: Kysely<Database>, actor: Actor, requestId: string): Promise<string[]> {
  const queued = await trx
    .selectFrom('connections')
    .select(['id'])
    .where('teamId', '=', actor.teamId)
    .where('requestId', '=', requestId)
    .where('status', '=', 'queued')
    .orderBy('id')
    .limit(CONNECTIONS_PER_REQUEST_MAX)
    .forUpdate()
    .execute()
  for (const { id } of queued)
    await moveStatus(trx, actor, { connectionId: id, from: 'queued', to: 'sent', verdictCode: null })
  return queued.map(({ id }) => id)
}

/** First sign of a person on the page. True only for the call that made the difference. */
export async function markVisited(trx: Kysely<Database>, actor: Actor, connectionId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('connections')
    .set({ visitedAt: sql<Date>`now()` })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .where('visitedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The company that the request names from now on. */
export async function setExpectedDomain(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, expectedDomain }: { connectionId: string; expectedDomain: string },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ expectedDomain })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  await copyForBoard(trx, { teamId: actor.teamId, connectionIds: [connectionId] })
}

/** The address that the customer would type today. */
export async function setTypedDomain(
  trx: Kysely<Database>,
  actor: Actor,
  { connectionId, typedDomain }: { connectionId: string; typedDomain: string },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ typedDomain })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  await copyForBoard(trx, { teamId: actor.teamId, connectionIds: [connectionId] })
}

/** Which team and request a connection belongs to; the first step of proving who may see it. */
export async function findConnectionScope(connectionId: string): Promise<{ teamId: string; requestId: string } | null> {
  const scope = await db()
    .selectFrom('connections')
    .select(['teamId', 'requestId'])
    .where('id', '=', connectionId)
    .executeTakeFirst()
  return scope ?? null
}

import 'server-only'
import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Status } from '#lib/connection/status.ts'
import { copyForBoard } from './board-copies.ts'
import type { Database } from './schema.ts'

/** Over, and nobody has to act any more. */
const CLOSED: readonly Status[] = ['closed', 'closed_unproven', 'revoked', 'declined']
/** Asked for and never given. Abandoned once its link has ended and nothing is sealed. */
const UNANSWERED: readonly Status[] = [
  'undeliverable',
  'sent',
  'visited',
  'expired',
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
]

export type Due = { teamId: string; profile: string; days: number }

/** Nothing happened to it for so many days, it is over or was abandoned, and its personal data are still there. */
function isDue({ teamId, profile, days }: Due): RawBuilder<boolean> {
  return sql<boolean>`team_id = ${teamId} and profile = ${profile} and erased_at is null
    and updated_at < now() - make_interval(days => ${days}::int)
    and (status = any(${CLOSED}::text[]) or (status = any(${UNANSWERED}::text[])
      and (link_expires_at is null or link_expires_at < now())
      and not exists (select 1 from credentials where credentials.connection_id = connections.id
        and credentials.state in ('pending', 'in_force'))))`
}

export async function listDue(
  trx: Kysely<Database>,
  due: Due,
  limit: number,
): Promise<{ id: string; requestId: string }[]> {
  return trx
    .selectFrom('connections')
    .select(['id', 'requestId'])
    .where(isDue(due))
    .orderBy('updatedAt')
    .limit(limit)
    .execute()
}

/** Drafts that nobody touched for so long. */
export async function listDueDrafts(
  trx: Kysely<Database>,
  { teamId, profile, days }: Due,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ requestId: string }>`
    select distinct request_id from connections where team_id = ${teamId} and profile = ${profile} and status = 'draft'
      and updated_at < now() - make_interval(days => ${days}::int) limit ${limit}`.execute(trx)
  return rows.map(({ requestId }) => requestId)
}

export type Erased = { verifications: number; letters: number; contacts: number; request: boolean }

/**
 * Takes the personal data off a connection, and off its request when this was the last of it. What proves how it
 * ended stays: status, verdicts, times, company, and the audit log. Null when it is not due any more.
 */
export async function eraseConnection(
  trx: Kysely<Database>,
  due: Due,
  { id, requestId }: { id: string; requestId: string },
): Promise<Erased | null> {
  // The request is the lock: of its last two connections one must be the last.
  await trx.selectFrom('requests').select('id').where('id', '=', requestId).forUpdate().execute()
  const { numUpdatedRows } = await trx
    .updateTable('connections')
    .set({
      providerUserId: null,
      providerUserName: null,
      providerUserEmail: null,
      snoozeNote: null,
      erasedAt: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where(isDue(due))
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return null
  const checks = await trx
    .updateTable('verifications')
    .set({ owner: null })
    .where('connectionId', '=', id)
    .where('owner', 'is not', null)
    .executeTakeFirstOrThrow()
  const verifications = Number(checks.numUpdatedRows)
  const open = await trx
    .selectFrom('connections')
    .select('id')
    .where('requestId', '=', requestId)
    .where('erasedAt', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (open) return { verifications, letters: 0, contacts: 0, request: false }
  return { verifications, ...(await eraseRequest(trx, requestId)), request: true }
}

async function eraseRequest(trx: Kysely<Database>, requestId: string): Promise<{ letters: number; contacts: number }> {
  await trx
    .updateTable('requests')
    .set({ note: null, erasedAt: sql<Date>`now()` })
    .where('id', '=', requestId)
    .execute()
  const letters = await trx
    .updateTable('outbox')
    .set({
      recipientName: '',
      recipientEmail: '',
      payload: '{}',
      sealedLink: null,
      // What has not left yet is wanted by nobody.
      failedAt: sql<Date | null>`case when accepted_at is null then coalesce(failed_at, now()) else failed_at end`,
      obsolete: sql<boolean>`obsolete or (accepted_at is null and failed_at is null)`,
    })
    .where('requestId', '=', requestId)
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('handOvers')
    .set({ colleagueName: '', colleagueEmail: '', note: null, reason: null })
    .where('requestId', '=', requestId)
    .execute()
  const { rows: contacts } = await sql`
    update contacts set name = '', email = '', erased_at = now()
    where erased_at is null
      and id in (select unnest(array[contact_id, backup_contact_id]) from requests where id = ${requestId})
      and not exists (select 1 from requests r where r.erased_at is null
        and (r.contact_id = contacts.id or r.backup_contact_id = contacts.id))
    returning id`.execute(trx)
  const connections = await trx
    .selectFrom('connections')
    .select(['id', 'teamId'])
    .where('requestId', '=', requestId)
    .execute()
  for (const { id, teamId } of connections) await copyForBoard(trx, { teamId, connectionIds: [id] })
  return { letters: Number(letters.numUpdatedRows), contacts: contacts.length }
}

/** Erased values leave a row that says so; it goes in time for the 30 days that are promised. */
const SHREDDED_DAYS = 29
const TEAM_LETTER_DAYS = 90
const ROWS_AT_ONCE = 500

/** Rows that recorded an erased or replaced token. */
export function purgeShredded(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select id from credentials where state in ('shredded', 'replaced')
    and shredded_at < now() - make_interval(days => ${SHREDDED_DAYS}) limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'credentials', old, dryRun)
}

/** Letters to the team that belong to no request: sign-in links, digests, samples. */
export function purgeTeamLetters(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select id from outbox where request_id is null and (accepted_at is not null or failed_at is not null)
    and created_at < now() - make_interval(days => ${TEAM_LETTER_DAYS}) limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'outbox', old, dryRun)
}

const FREEZE_DAYS = 365
const INCIDENT_DAYS = 365
const STOP_DAYS = 365
const FETCH_DAYS = 90

/** Stops of the hand-off that ended, with why; the audit log keeps who and when. */
export function purgeFreezes(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select id from freezes where ended_at < now() - make_interval(days => ${FREEZE_DAYS})
    and telling is null limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'freezes', old, dryRun)
}

/** Troubles of a provider that are over. */
export function purgeIncidents(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select id from provider_incidents where ended_at < now() - make_interval(days => ${INCIDENT_DAYS})
    limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'provider_incidents', old, dryRun)
}

/** When connections stopped, and when that was noticed. */
export function purgeStops(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select id from stops where stopped_at < now() - make_interval(days => ${STOP_DAYS})
    limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'stops', old, dryRun)
}

/** How often a link was fetched on a day. */
export async function purgeFetches(trx: Kysely<Database>, { dryRun }: { dryRun: boolean }): Promise<number> {
  const old = sql`select link_id, day from link_fetches
    where day < (now() at time zone 'utc')::date - ${FETCH_DAYS}::int limit ${ROWS_AT_ONCE}`
  if (dryRun) return (await old.execute(trx)).rows.length
  const { numAffectedRows } = await sql`delete from link_fetches where (link_id, day) in (${old})`.execute(trx)
  return Number(numAffectedRows ?? 0)
}

/** Contacts that no request names any more, as after a corrected address. */
export function purgeLooseContacts(
  trx: Kysely<Database>,
  { dryRun, teamId, days }: { dryRun: boolean; teamId: string; days: number },
): Promise<number> {
  const old = sql`select id from contacts where team_id = ${teamId}
    and created_at < now() - make_interval(days => ${days}::int)
    and not exists (select 1 from requests r where r.contact_id = contacts.id)
    and not exists (select 1 from requests r where r.backup_contact_id = contacts.id) limit ${ROWS_AT_ONCE}`
  return removeOrCount(trx, 'contacts', old, dryRun)
}

async function removeOrCount(
  trx: Kysely<Database>,
  table: string,
  old: RawBuilder<unknown>,
  dryRun: boolean,
): Promise<number> {
  if (dryRun) return (await old.execute(trx)).rows.length
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where id in (${old})`.execute(trx)
  return Number(numAffectedRows ?? 0)
}

export async function listTeamRetention(trx: Kysely<Database>): Promise<{ teamId: string; days: number | null }[]> {
  return trx.selectFrom('teams').select(['id as teamId', 'retentionDays as days']).orderBy('id').execute()
}

/** Null: what each profile says. */
export async function setTeamRetention(trx: Kysely<Database>, teamId: string, days: number | null): Promise<void> {
  await trx.updateTable('teams').set({ retentionDays: days }).where('id', '=', teamId).execute()
}

import 'server-only'
import type { Kysely, RawBuilder, UpdateObject } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { WrappedKey } from '#lib/crypto/key-provider.ts'
import type { Claim } from './claim.ts'
import { claimDue, giveBack, heldFor, holds, inSeconds } from './claim.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type NewLetter = {
  requestId: string | null
  connectionId: string | null
  letter: string
  recipientName: string
  recipientEmail: string
  language: 'en' | 'de'
  payload: Record<string, unknown>
  sealedLink: { sealed: Record<string, string>; wrappedKey: WrappedKey } | null
  host: string
  /** When it may leave, in the database's time; at once unless given. */
  dueAt?: Date | RawBuilder<Date>
}

/** Puts a letter into the outbox in the transaction that makes it true. Its Message-ID never changes. */
export async function insertLetter(trx: Kysely<Database>, actor: Actor, letter: NewLetter): Promise<void> {
  const id = newId('out')
  const { host, payload, sealedLink, ...columns } = letter
  await trx
    .insertInto('outbox')
    .values({
      id,
      teamId: actor.teamId,
      ...columns,
      payload: JSON.stringify(payload),
      sealedLink: sealedLink && JSON.stringify(sealedLink),
      messageId: `${id}@${host}`,
    })
    .execute()
}

export type DueLetter = Omit<NewLetter, 'host' | 'dueAt'> & {
  id: string
  teamId: string
  messageId: string
  attempt: number
  lease: string
}

const dueColumns = [
  'id',
  'teamId',
  'requestId',
  'connectionId',
  'letter',
  'recipientName',
  'recipientEmail',
  'language',
  'payload',
  'sealedLink',
  'messageId',
] as const

/** Takes letters that are due, each under a lease. */
export async function claimDueLetters(bounds: { limit: number; leaseSeconds: number }): Promise<DueLetter[]> {
  return claimDue('outbox', dueColumns, bounds)
}

/** The mail server has it: the sealed link goes. False when another worker took the letter over. */
export async function markAccepted(trx: Kysely<Database>, { id, lease }: Claim): Promise<boolean> {
  return settle(trx, { id, lease }, { acceptedAt: sql<Date>`now()`, sealedLink: null, lastError: null })
}

/** Tried for the last time. */
export async function markFailed(
  trx: Kysely<Database>,
  { id, lease }: Claim,
  { lastError, obsolete = false }: { lastError: string; obsolete?: boolean },
): Promise<boolean> {
  return settle(trx, { id, lease }, { failedAt: sql<Date>`now()`, sealedLink: null, lastError, obsolete })
}

/** Not wanted yet. Waiting is no failed try. */
export async function holdLetter(trx: Kysely<Database>, { id, lease }: Claim, seconds: number): Promise<boolean> {
  return settle(trx, { id, lease }, heldFor(seconds))
}

/** To be tried again. */
export async function postponeLetter(
  trx: Kysely<Database>,
  { id, lease }: Claim,
  { inSeconds: seconds, lastError }: { inSeconds: number; lastError: string },
): Promise<boolean> {
  return settle(trx, { id, lease }, { dueAt: inSeconds(seconds), lastError })
}

/** Whether the lease is still this worker's; keeps it so until the transaction ends. */
export async function holdsLetter(trx: Kysely<Database>, { id, lease }: Claim): Promise<boolean> {
  return holds(trx, 'outbox', { id, lease })
}

/** Keeps the link that a letter is about to carry, so that a second try carries the same. False without the lease. */
export async function keepSealedLink(
  trx: Kysely<Database>,
  { id, lease }: Claim,
  sealedLink: NonNullable<NewLetter['sealedLink']>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('outbox')
    .set({ sealedLink: JSON.stringify(sealedLink) })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Whether a later reminder of the same link is due as well, or left already: after an outage one of them is enough. */
export async function isOvertaken(trx: Kysely<Database>, { id }: { id: string }): Promise<boolean> {
  const { rows } = await sql`
    select 1 from outbox mine join outbox later
      on later.request_id = mine.request_id and later.letter = mine.letter
      and later.payload->>'linkId' = mine.payload->>'linkId'
      and (later.payload->>'order')::int > (mine.payload->>'order')::int
    where mine.id = ${id} and later.failed_at is null and (later.due_at <= now() or later.accepted_at is not null)
    limit 1`.execute(trx)
  return rows.length > 0
}

export type FailedLetter = {
  id: string
  letter: string
  requestId: string | null
  recipientEmail: string
  failedAt: Date
  attempt: number
  lastError: string | null
}

export const FAILED_LETTERS_MAX = 100

/** Letters that were given up and that somebody may still miss, in every team; the latest first. */
export async function listFailedLetters(trx: Kysely<Database>): Promise<FailedLetter[]> {
  const rows = await trx
    .selectFrom('outbox')
    .select(['id', 'letter', 'requestId', 'recipientEmail', 'failedAt', 'attempt', 'lastError'])
    .where('failedAt', 'is not', null)
    .where('obsolete', '=', false)
    .orderBy('failedAt', 'desc')
    .limit(FAILED_LETTERS_MAX)
    .execute()
  return rows.flatMap(({ failedAt, ...row }) => (failedAt ? [{ ...row, failedAt }] : []))
}

/** A letter that was given up, locked. */
export async function lockFailedLetter(
  trx: Kysely<Database>,
  id: string,
): Promise<{ teamId: string; letter: string; requestId: string | null } | null> {
  const row = await trx
    .selectFrom('outbox')
    .select(['teamId', 'letter', 'requestId'])
    .where('id', '=', id)
    .where('failedAt', 'is not', null)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

/** Begins anew with a letter that was given up. */
export async function reviveLetter(trx: Kysely<Database>, id: string): Promise<void> {
  await trx
    .updateTable('outbox')
    .set({ failedAt: null, obsolete: false, attempt: 0, dueAt: sql<Date>`now()`, lastError: null })
    .where('id', '=', id)
    .execute()
}

/** What a customer asked goes to the manager and stays nowhere. */
const keptPayload = sql<string>`case when letter = 'question' then '{}'::jsonb else payload end`

async function settle(trx: Kysely<Database>, claim: Claim, change: UpdateObject<Database, 'outbox'>): Promise<boolean> {
  const hasEnded = 'acceptedAt' in change || 'failedAt' in change
  return giveBack(trx, 'outbox', claim, { ...change, ...(hasEnded ? { payload: keptPayload } : {}) })
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { WrappedKey } from '#lib/crypto/key-provider.ts'
import { db } from './database.ts'
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

export type DueLetter = Omit<NewLetter, 'host'> & {
  id: string
  teamId: string
  messageId: string
  attempt: number
  lease: string
}

/** Takes letters that are due, each under a lease that ends by itself should this process die. */
export async function claimDueLetters({
  limit,
  leaseSeconds,
}: {
  limit: number
  leaseSeconds: number
}): Promise<DueLetter[]> {
  const lease = newId('lse')
  const due = db()
    .selectFrom('outbox')
    .select('id')
    .where('acceptedAt', 'is', null)
    .where('failedAt', 'is', null)
    .where('dueAt', '<=', sql<Date>`now()`)
    .where((where) => where.or([where('leasedUntil', 'is', null), where('leasedUntil', '<', sql<Date>`now()`)]))
    .orderBy('dueAt')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  return db()
    .updateTable('outbox')
    .set({
      lease,
      leasedUntil: sql<Date>`now() + make_interval(secs => ${leaseSeconds})`,
      attempt: sql<number>`attempt + 1`,
    })
    .where('id', 'in', due)
    .returning([
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
      'attempt',
    ])
    .returning(sql<string>`lease`.as('lease'))
    .execute()
}

/** The mail server has it: the sealed link goes. False when another worker took the letter over. */
export async function markAccepted(
  trx: Kysely<Database>,
  { id, lease }: { id: string; lease: string },
): Promise<boolean> {
  return settle(trx, { id, lease }, { acceptedAt: sql<Date>`now()`, sealedLink: null, lastError: null })
}

/** Tried for the last time. */
export async function markFailed(
  trx: Kysely<Database>,
  { id, lease }: { id: string; lease: string },
  lastError: string,
): Promise<boolean> {
  return settle(trx, { id, lease }, { failedAt: sql<Date>`now()`, sealedLink: null, lastError })
}

/** To be tried again. */
export async function postponeLetter(
  trx: Kysely<Database>,
  { id, lease }: { id: string; lease: string },
  { inSeconds, lastError }: { inSeconds: number; lastError: string },
): Promise<boolean> {
  return settle(trx, { id, lease }, { dueAt: sql<Date>`now() + make_interval(secs => ${inSeconds})`, lastError })
}

async function settle(
  trx: Kysely<Database>,
  { id, lease }: { id: string; lease: string },
  change: Record<string, unknown>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('outbox')
    .set({ ...change, lease: null, leasedUntil: null })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

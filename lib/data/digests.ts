import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { newId } from './ids.ts'
import type { DueLetter } from './outbox.ts'
import type { Database } from './schema.ts'

/** One thing to tell a manager: the subject its own letter would have had, and where it leads. */
export type DigestItem = { subject: string; page: string }

/** A digest names this many; of the rest it tells the number. */
export const DIGEST_ITEMS_MAX = 50

/** How many letters of these kinds a person got within the last hour. What went into a digest was no letter. */
export async function countLettersOfLastHour(
  trx: Kysely<Database>,
  { teamId, recipientEmail }: Pick<DueLetter, 'teamId' | 'recipientEmail'>,
  letters: readonly string[],
): Promise<number> {
  const { n } = await trx
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('teamId', '=', teamId)
    .where('recipientEmail', '=', recipientEmail)
    .where('acceptedAt', '>', sql<Date>`now() - interval '1 hour'`)
    .where('lastError', 'is', null)
    .where('letter', 'in', letters)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/**
 * Adds to the digest that waits for a person, or starts one that leaves within the hour. False while that digest is
 * just being sent. A digest counts its items beyond those it names.
 */
export async function addToDigest(
  trx: Kysely<Database>,
  actor: Actor,
  due: Pick<DueLetter, 'recipientName' | 'recipientEmail' | 'language'>,
  { item, host }: { item: DigestItem; host: string },
): Promise<boolean> {
  const id = newId('out')
  const payload = JSON.stringify({ count: 1, items: [item] })
  const { rows } = await sql`
    insert into outbox (id, team_id, letter, recipient_name, recipient_email, language, payload, message_id, due_at)
    values (${id}, ${actor.teamId}, 'manager_digest', ${due.recipientName}, ${due.recipientEmail}, ${due.language},
      ${payload}::jsonb, ${`${id}@${host}`}, now() + interval '1 hour')
    on conflict (team_id, recipient_email) where letter = 'manager_digest' and accepted_at is null and failed_at is null
    do update set payload = jsonb_build_object(
      'count', (outbox.payload->>'count')::int + 1,
      'items', case when jsonb_array_length(outbox.payload->'items') < ${DIGEST_ITEMS_MAX}::int
        then (outbox.payload->'items') || (excluded.payload->'items') else outbox.payload->'items' end)
    where outbox.leased_until is null or outbox.leased_until < now()
    returning id`.execute(trx)
  return rows.length === 1
}

/** A letter that became a line of a digest. */
export async function markInDigest(trx: Kysely<Database>, { id, lease }: { id: string; lease: string }): Promise<void> {
  await trx
    .updateTable('outbox')
    .set({ acceptedAt: sql<Date>`now()`, lastError: 'went into a digest', lease: null, leasedUntil: null })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .execute()
}

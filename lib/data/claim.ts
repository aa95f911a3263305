import 'server-only'
import type { Kysely, RawBuilder, Selectable, SqlBool, UpdateObject } from 'kysely'
import { sql } from 'kysely'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/**
 * The one way work is taken from a table: due rows that nobody holds, each under a lease that ends by itself should its
 * process die. Whoever writes what came of a row names the lease; one that was lost meanwhile changes nothing.
 */

const DELIVERIES_PER_ENDPOINT_MAX = 4

/** The tables with work in them: what finds a row, and which rows are still to be worked on. */
const queues = {
  connectionChecks: { key: 'connectionId', open: sql<SqlBool>`true` },
  outbox: { key: 'id', open: sql<SqlBool>`accepted_at is null and failed_at is null` },
  // A receiver that is slow, or has a pile waiting, leaves room for the others.
  webhookDeliveries: {
    key: 'id',
    open: sql<SqlBool>`delivered_at is null and failed_at is null and endpoint_id not in (
      select endpoint_id from webhook_deliveries where lease is not null and leased_until > now()
      group by endpoint_id having count(*) >= ${sql.lit(DELIVERIES_PER_ENDPOINT_MAX)})`,
  },
  errands: { key: 'id', open: sql<SqlBool>`ended_at is null` },
} as const
type Queue = keyof typeof queues

/** Who holds a row: `id` is what finds it in its table. */
export type Claim = { id: string; lease: string }

export function inSeconds(seconds: number): RawBuilder<Date> {
  return sql<Date>`now() + make_interval(secs => ${seconds})`
}

/** True for a row that no living worker holds. */
export const isFree = sql<SqlBool>`(leased_until is null or leased_until < now())`

/** Takes up to `limit` rows that are due, the longest due first. No two workers are given the same row. */
export async function claimDue<Q extends Queue, Column extends keyof Selectable<Database[Q]> & string>(
  queue: Q,
  columns: readonly Column[],
  { limit, leaseSeconds }: { limit: number; leaseSeconds: number },
): Promise<(Pick<Selectable<Database[Q]>, Column> & { attempt: number; lease: string })[]> {
  const { key, open } = queues[queue]
  const [table, id] = [sql.table(queue), sql.ref(key)]
  const { rows } = await sql<Pick<Selectable<Database[Q]>, Column> & { attempt: number; lease: string }>`
    update ${table} set lease = ${newId('lse')}, leased_until = ${inSeconds(leaseSeconds)}, attempt = attempt + 1
    where ${id} in (
      select ${id} from ${table} where ${open} and due_at <= now() and ${isFree}
      order by due_at limit ${limit} for update skip locked)
    returning ${sql.join([...columns, 'attempt', 'lease'].map((column) => sql.ref(column)))}`.execute(db())
  return rows
}

/** Whether the lease is still this worker's; keeps it so until the transaction ends. */
export async function holds(trx: Kysely<Database>, queue: Queue, { id, lease }: Claim): Promise<boolean> {
  const { rows } = await sql`
    select 1 from ${sql.table(queue)} where ${sql.ref(queues[queue].key)} = ${id} and lease = ${lease} for update`.execute(
    trx,
  )
  return rows.length === 1
}

/** Writes what came of a row and lets go of it. False, and nothing written, when another worker has it by now. */
export async function giveBack<Q extends Queue>(
  trx: Kysely<Database>,
  queue: Q,
  { id, lease }: Claim,
  change: UpdateObject<Database, Q>,
): Promise<boolean> {
  const { key } = queues[queue]
  const free = { lease: null, leasedUntil: null }
  const { numUpdatedRows } = await trx
    .updateTable(queue as 'outbox')
    .set({ ...change, ...free } as UpdateObject<Database, 'outbox'>)
    .where(sql.ref(key), '=', id)
    .where('lease', '=', lease)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Puts a row off. It was not tried, so the try that its claim counted is taken back. */
export function heldFor(seconds: number): { dueAt: RawBuilder<Date>; attempt: RawBuilder<number> } {
  return { dueAt: inSeconds(seconds), attempt: sql<number>`attempt - 1` }
}

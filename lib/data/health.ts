import 'server-only'
import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { tryKeys } from '#lib/crypto/trial.ts'
import { db } from './database.ts'
import type { Database } from './schema.ts'
import { listKeyIdsInUse } from './sealed-values.ts'

/** Fails when the database does not answer. */
export async function pingDatabase(): Promise<void> {
  await sql`select 1`.execute(db())
}

/** Letters that should have left long ago: nobody works on the outbox, or the mail server refuses everything. */
export async function countLateLetters(lateMinutes: number): Promise<number> {
  const { late } = await db()
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<string>().as('late'))
    .where('acceptedAt', 'is', null)
    .where('failedAt', 'is', null)
    .where('dueAt', '<', sql<Date>`now() - make_interval(mins => ${lateMinutes})`)
    .executeTakeFirstOrThrow()
  return Number(late)
}

/** For how long the letter waits that is due longest; 0 when none is due. */
export async function outboxAgeSeconds(): Promise<number> {
  return secondsSince(sql`select due_at from outbox
    where accepted_at is null and failed_at is null and due_at < now() order by due_at limit 1`)
}

/** How late the live check is that is due longest, of those that nobody put first; 0 when none is late. */
export async function checkLagSeconds(): Promise<number> {
  return secondsSince(sql`select due_at from connection_checks
    where due_at < now() and not urgent and (leased_until is null or leased_until < now()) order by due_at limit 1`)
}

async function secondsSince(oldest: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select coalesce(max(extract(epoch from now() - due_at)), 0)::float8 as seconds from (${oldest}) oldest`.execute(
    db(),
  )
  return rows[0]?.seconds ?? 0
}

/** The key that new values are sealed under. Fails when the key provider does not work. */
export async function newestKeyId(): Promise<string> {
  return tryKeys()
}

export async function databaseTime(trx: Kysely<Database> = db()): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(trx)
  if (!rows[0]) throw new Error('the database has no time')
  return new Date(rows[0].now)
}

/** How many live checks wait longer than they should, and the longest wait in minutes. */
export async function lateChecks(lateMinutes: number): Promise<{ late: number; minutes: number }> {
  const { rows } = await sql<{ late: string; minutes: string }>`
    select count(*) as late, coalesce(floor(extract(epoch from max(now() - due_at)) / 60), 0) as minutes
    from (select due_at from connection_checks where due_at < now() - make_interval(mins => ${lateMinutes}::int)
      order by due_at limit 10000) checks`.execute(db())
  return { late: Number(rows[0]?.late ?? 0), minutes: Number(rows[0]?.minutes ?? 0) }
}

/** Messages that should have been sent long ago to endpoints that hear us, and endpoints that were switched off. */
export async function lateWebhooks(lateMinutes: number): Promise<{ late: number; off: number }> {
  const { rows } = await sql<{ late: string; off: string }>`
    select (select count(*) from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
        where d.delivered_at is null and d.failed_at is null and e.failing_since is null
          and d.due_at < now() - make_interval(mins => ${lateMinutes}::int)) as late,
      (select count(*) from webhook_endpoints where disabled_reason in ('failing', 'gone')) as off`.execute(db())
  return { late: Number(rows[0]?.late ?? 0), off: Number(rows[0]?.off ?? 0) }
}

/** For how many seconds the oldest audit row waits for its link in the chain; 0 when none waits. */
export async function auditChainLagSeconds(): Promise<number> {
  const { rows } = await sql<{ lag: string }>`
    select coalesce(floor(extract(epoch from now() - min(at))), 0) as lag from audit_events
    where at > now() - interval '1 day' and not exists (select 1 from audit_chain c where c.event_id = audit_events.id)`.execute(
    db(),
  )
  return Number(rows[0]?.lag ?? 0)
}

/** Keys that something is sealed under and that are not there: what lies under them cannot be read. */
export async function missingKeyIds(): Promise<string[]> {
  const missing: string[] = []
  for (const keyId of await listKeyIdsInUse(db())) if (!(await keyProvider().hasKey(keyId))) missing.push(keyId)
  return missing
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** How the watched tokens of a provider fared in one batch of looks. */
export type Tally = { fine: number; refused: number; unanswered: number }

const WINDOW_MINUTES = 10
const KEPT_HOURS = 24

/** Adds a batch to what this minute has seen of a provider. */
export async function addTally(provider: string, { fine, refused, unanswered }: Tally): Promise<void> {
  await sql`
    insert into provider_minutes as known (provider, minute, fine_at, fine, refused, unanswered)
    values (${provider}, date_trunc('minute', now()), case when ${fine}::int > 0 then now() end, ${fine}, ${refused}, ${unanswered})
    on conflict (provider, minute) do update set fine_at = coalesce(excluded.fine_at, known.fine_at),
      fine = known.fine + excluded.fine, refused = known.refused + excluded.refused, unanswered = known.unanswered + excluded.unanswered`.execute(
    db(),
  )
}

export type ProviderHealth = Tally & {
  /** Companies one of whose tokens was refused and not looked at for good yet. */
  suspectCompanies: number
}

/** The last minutes of a provider. */
export async function readHealth(provider: string): Promise<ProviderHealth> {
  const { rows } = await sql<Record<keyof ProviderHealth, string>>`
    select coalesce(sum(fine), 0) as "fine", coalesce(sum(refused), 0) as "refused",
      coalesce(sum(unanswered), 0) as "unanswered",
      (select count(distinct provider_company_id) from connections
        where provider = ${provider} and suspect_since > now() - make_interval(hours => ${KEPT_HOURS})) as "suspectCompanies"
    from provider_minutes where provider = ${provider} and minute > now() - make_interval(mins => ${WINDOW_MINUTES})`.execute(
    db(),
  )
  const [row] = rows
  return {
    fine: Number(row?.fine),
    refused: Number(row?.refused),
    unanswered: Number(row?.unanswered),
    suspectCompanies: Number(row?.suspectCompanies),
  }
}

/** Whether the provider has accepted a watched token after this moment. */
export async function hasAcceptedSince(trx: Kysely<Database>, provider: string, since: Date): Promise<boolean> {
  const row = await trx
    .selectFrom('providerMinutes')
    .select('minute')
    .where('provider', '=', provider)
    .where('minute', '>=', sql<Date>`date_trunc('minute', ${since}::timestamptz)`)
    .where('fineAt', '>', since)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export type Incident = { id: string; provider: string; kind: 'refusing' | 'unanswered'; startedAt: Date }

export async function findOpenIncident(trx: Kysely<Database>, provider: string): Promise<Incident | null> {
  const row = await trx
    .selectFrom('providerIncidents')
    .select(['id', 'provider', 'kind', 'startedAt'])
    .where('provider', '=', provider)
    .where('endedAt', 'is', null)
    .executeTakeFirst()
  return row ?? null
}

/** Opens an incident unless one is open; true only for the call that opened it. */
export async function openIncident(provider: string, kind: Incident['kind']): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db()
    .insertInto('providerIncidents')
    .values({ id: newId('inc'), provider, kind })
    .onConflict((conflict) => conflict.column('provider').where('endedAt', 'is', null).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Ends the open incident; true only for the call that ended it. */
export async function endIncident(provider: string): Promise<boolean> {
  const { numUpdatedRows } = await db()
    .updateTable('providerIncidents')
    .set({ endedAt: sql<Date>`now()` })
    .where('provider', '=', provider)
    .where('endedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function forgetOldMinutes(): Promise<void> {
  await db()
    .deleteFrom('providerMinutes')
    .where('minute', '<', sql<Date>`now() - make_interval(hours => ${KEPT_HOURS})`)
    .execute()
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** How the watched tokens of a provider fared in one batch of looks. */
export type Tally = {
  fine: number
  refused: number
  unanswered: number
  /** Companies that got no answer. */
  companies: readonly string[]
}

const KEPT_HOURS = 24
/** Of each minute; beyond that it is an outage anyway. */
const COMPANIES_KEPT_MAX = 10
/** A provider that comes and goes is in one and the same trouble until it was well for so long. */
const RESUMED_MINUTES = 30

/** Adds a batch to what this minute has seen of a provider. */
export async function addTally(provider: string, { fine, refused, unanswered, companies }: Tally): Promise<void> {
  const silent = [...new Set(companies)].slice(0, COMPANIES_KEPT_MAX)
  await sql`
    insert into provider_minutes as known (provider, minute, fine_at, fine, refused, unanswered, companies)
    values (${provider}, date_trunc('minute', now()), case when ${fine}::int > 0 then now() end, ${fine}, ${refused}, ${unanswered},
      ${silent}::text[])
    on conflict (provider, minute) do update set fine_at = coalesce(excluded.fine_at, known.fine_at),
      fine = known.fine + excluded.fine, refused = known.refused + excluded.refused, unanswered = known.unanswered + excluded.unanswered,
      companies = array(select unnest(known.companies) union select unnest(excluded.companies) limit ${COMPANIES_KEPT_MAX})`.execute(
    db(),
  )
}

export type ProviderHealth = Omit<Tally, 'companies'> & {
  /** Companies that got no answer; counted up to a few. */
  silentCompanies: number
  /** Companies one of whose tokens was refused and not looked at for good yet. */
  suspectCompanies: number
}

/** The last minutes of a provider. Silence that belongs to an incident which is over counts no more. */
export async function readHealth(provider: string, minutes: number): Promise<ProviderHealth> {
  const { rows } = await sql<Record<keyof ProviderHealth, string>>`
    with lately as (
      select *, minute >= coalesce((select max(ended_at) from provider_incidents where provider = ${provider}), '-infinity') as is_new
      from provider_minutes where provider = ${provider} and minute > now() - make_interval(mins => ${minutes}))
    select coalesce(sum(fine), 0) as "fine", coalesce(sum(refused), 0) as "refused",
      coalesce(sum(unanswered) filter (where is_new), 0) as "unanswered",
      (select count(distinct company) from lately, unnest(companies) as company where is_new) as "silentCompanies",
      (select count(distinct provider_company_id) from connections
        where provider = ${provider} and suspect_since > now() - make_interval(hours => ${KEPT_HOURS})) as "suspectCompanies"
    from lately`.execute(db())
  const [row] = rows
  return {
    fine: Number(row?.fine),
    refused: Number(row?.refused),
    unanswered: Number(row?.unanswered),
    silentCompanies: Number(row?.silentCompanies),
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

/** All that go on now. */
export async function listOpenIncidents(trx: Kysely<Database>): Promise<Incident[]> {
  return trx
    .selectFrom('providerIncidents')
    .select(['id', 'provider', 'kind', 'startedAt'])
    .where('endedAt', 'is', null)
    .orderBy('provider')
    .execute()
}

/**
 * Opens an incident; null when one is open. One that ended a short while ago goes on instead: then `isNew` is false, and
 * everybody who needs to know of it does.
 */
export async function openIncident(
  trx: Kysely<Database>,
  provider: string,
  kind: Incident['kind'],
): Promise<(Incident & { isNew: boolean }) | null> {
  if (await findOpenIncident(trx, provider)) return null
  const resumed = await trx
    .updateTable('providerIncidents')
    .set({ endedAt: null })
    .where('id', '=', (where) =>
      where
        .selectFrom('providerIncidents')
        .select('id')
        .where('provider', '=', provider)
        .orderBy('startedAt', 'desc')
        .limit(1),
    )
    .where('endedAt', '>', sql<Date>`now() - make_interval(mins => ${RESUMED_MINUTES})`)
    .returning(['id', 'provider', 'kind', 'startedAt'])
    .executeTakeFirst()
  if (resumed) return { ...resumed, isNew: false }
  const opened = await trx
    .insertInto('providerIncidents')
    .values({ id: newId('inc'), provider, kind })
    .onConflict((conflict) => conflict.column('provider').where('endedAt', 'is', null).doNothing())
    .returning(['id', 'provider', 'kind', 'startedAt'])
    .executeTakeFirst()
  return opened ? { ...opened, isNew: true } : null
}

/** Ends the open incident; true only for the call that ended it. */
export async function endIncident(trx: Kysely<Database>, provider: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
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

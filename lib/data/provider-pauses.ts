import 'server-only'
import { sql } from 'kysely'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { inSeconds } from './claim.ts'
import { db } from './database.ts'

/**
 * One row for each company of a provider, shared by every process, with three times until which it is let alone:
 * `everyone_until`, which the provider named itself; `background_until`, for checks that nobody waits for at a page; and
 * `people_until`, while a person's check runs. It belongs to a team: otherwise whoever types the address of another team's
 * customer beside a throttled token would hold that team up.
 */
export type ProviderCompany = { teamId: string; provider: string; company: string }

export type Pause = { code: VerdictCode; secondsLeft: number }

/** A person's check begins. `ticket` ends it again; `pause` is what the provider asked of everybody. */
export async function beginPersonCheck(
  at: ProviderCompany,
  secondsMax: number,
): Promise<{ ticket: string; pause: Pause | null }> {
  const peopleUntil = inSeconds(secondsMax)
  const row = await db()
    .insertInto('providerPauses')
    .values({ ...at, peopleUntil })
    .onConflict((conflict) => conflict.columns(KEY).doUpdateSet({ peopleUntil: later('people_until') }))
    .returning(['code', sql<string>`people_until::text`.as('ticket'), secondsUntil('everyone_until').as('secondsLeft')])
    .executeTakeFirstOrThrow()
  const pause = row.code && row.secondsLeft > 0 ? { code: row.code, secondsLeft: row.secondsLeft } : null
  return { ticket: row.ticket, pause }
}

/** A person's check ended: the way is free again, unless another one began meanwhile. */
export async function endPersonCheck(at: ProviderCompany, ticket: string): Promise<void> {
  await where(db().updateTable('providerPauses').set({ peopleUntil: sql<Date>`now()` }), at)
    .where(sql`people_until::text`, '=', ticket)
    .execute()
}

/** Which company a check of each connection asks: the one that was typed while it waits, else the one that it belongs to. */
export async function listCompaniesOf(
  connectionIds: readonly string[],
): Promise<(ProviderCompany & { connectionId: string })[]> {
  const company = sql<string>`lower(case when status = 'waiting_provider' then coalesce(typed_domain, '')
    else coalesce(provider_company_domain, typed_domain, '') end)`
  return db()
    .selectFrom('connections')
    .select(['id as connectionId', 'teamId', 'provider', company.as('company')])
    .where('id', '=', sql<string>`any(${connectionIds}::text[])`)
    .execute()
}

/**
 * Lets one background check of each company through, and the next one `spacingSeconds` later. Answers for each connection
 * 0, or how many seconds it has to wait. One statement decides, so that two processes never both get the yes.
 */
export async function admitBackgroundChecks(
  checks: readonly (ProviderCompany & { connectionId: string })[],
  spacingSeconds: number,
): Promise<Map<string, number>> {
  const first = new Map(checks.toReversed().map((check) => [keyOf(check), check]))
  // In one order, so that two processes that lock the same companies cannot wait for each other.
  const rows = [...first.keys()].sort().flatMap((key) => first.get(key) ?? [])
  if (rows.length === 0) return new Map()
  const column = (key: (typeof KEY)[number]) => rows.map((row) => row[key])
  const { rows: admitted } = await sql<Pick<ProviderCompany, (typeof KEY)[number]>>`
    insert into provider_pauses (team_id, provider, company, background_until)
    select team_id, provider, company, ${inSeconds(spacingSeconds)}
    from unnest(${column('teamId')}::text[], ${column('provider')}::text[], ${column('company')}::text[])
      as asked (team_id, provider, company)
    on conflict (team_id, provider, company) do update set background_until = excluded.background_until
      where greatest(${allTimes}) <= now()
    returning team_id, provider, company`.execute(db())
  const isAdmitted = new Set(admitted.map(keyOf))
  const held = checks.filter((check) => first.get(keyOf(check)) !== check || !isAdmitted.has(keyOf(check)))
  const waits = await listWaits(held)
  const seconds = new Map(checks.map(({ connectionId }) => [connectionId, 0]))
  for (const check of held) {
    const wait = waits.get(keyOf(check)) ?? spacingSeconds
    seconds.set(check.connectionId, wait)
    // Whoever stands behind it comes after it, not with it.
    waits.set(keyOf(check), wait + spacingSeconds)
  }
  return seconds
}

async function listWaits(checks: readonly ProviderCompany[]): Promise<Map<string, number>> {
  if (checks.length === 0) return new Map()
  const rows = await db()
    .selectFrom('providerPauses')
    .select(KEY)
    .select(secondsUntil(sql.raw(`greatest(${TIMES.join(', ')})`)).as('seconds'))
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('teamId', 'provider', 'company'),
        'in',
        checks.map(({ teamId, provider, company }) => tuple(teamId, provider, company)),
      ),
    )
    .execute()
  return new Map(rows.map((row) => [keyOf(row), Math.max(1, row.seconds)]))
}

function keyOf({ teamId, provider, company }: ProviderCompany): string {
  return `${teamId} ${provider} ${company}`
}

/** Lets a company alone for so long; a longer pause stays. `forEveryone`: the provider named the time itself. */
export async function pauseCompany(
  at: ProviderCompany,
  { code, seconds, forEveryone }: { code: VerdictCode; seconds: number; forEveryone: boolean },
): Promise<void> {
  const until = inSeconds(seconds)
  const pause = forEveryone ? { everyoneUntil: until, code } : { backgroundUntil: until }
  const longer = forEveryone
    ? { everyoneUntil: later('everyone_until'), code }
    : { backgroundUntil: later('background_until') }
  await db()
    .insertInto('providerPauses')
    .values({ ...at, ...pause })
    .onConflict((conflict) => conflict.columns(KEY).doUpdateSet(longer))
    .execute()
}

/** Forgets companies that nobody has to be let alone for; run from time to time. */
export async function forgetOldPauses(): Promise<void> {
  await db()
    .deleteFrom('providerPauses')
    .where(sql`greatest(${allTimes})`, '<', sql<Date>`now() - interval '1 hour'`)
    .execute()
}

const KEY = ['teamId', 'provider', 'company'] as const
const TIMES = ['everyone_until', 'background_until', 'people_until'] as const
const allTimes = sql.raw(TIMES.map((time) => `provider_pauses.${time}`).join(', '))

function later(time: (typeof TIMES)[number]) {
  return sql<Date>`greatest(provider_pauses.${sql.raw(time)}, excluded.${sql.raw(time)})`
}

function secondsUntil(time: (typeof TIMES)[number] | ReturnType<typeof sql.raw>) {
  const moment = typeof time === 'string' ? sql.raw(time) : time
  // Of `-infinity` nothing can be extracted on older servers, and a pause that is over is 0.
  return sql<number>`case when ${moment} <= now() then 0 else ceil(extract(epoch from ${moment} - now()))::int end`
}

function where<Query extends { where(column: 'teamId' | 'provider' | 'company', is: '=', value: string): Query }>(
  query: Query,
  { teamId, provider, company }: ProviderCompany,
): Query {
  return query.where('teamId', '=', teamId).where('provider', '=', provider).where('company', '=', company)
}

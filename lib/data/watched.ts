import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor, Watcher } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { DueCheck } from './connection-checks.ts'
import type { SealedCredential } from './credentials.ts'
import { atOnce } from './database.ts'
import { noteCheck } from './last-checks.ts'
import type { Database } from './schema.ts'

/** A connection whose sealed token is looked at from time to time, with what was known of it at the last look. */
export type Watched = {
  connectionId: string
  teamId: string
  requestId: string
  provider: string
  profile: string
  status: Status
  verdictCode: VerdictCode | null
  startDate: string | null
  companyId: string | null
  companyDomain: string
  userId: string | null
  suspectSince: Date | null
  /** Seconds since the first refusal, by the database's clock. */
  suspectSeconds: number | null
  degradedSince: Date | null
  /** It stopped, and nobody has mended it yet. */
  isStopped: boolean
  stoppedDays: number
  /** Days since rights were last looked at; null when they never were. */
  fullCheckDays: number | null
  credential: SealedCredential
}

/** Where a repair can stand. */
const IN_REPAIR: readonly Status[] = ['needs_customer', 'needs_confirmation', 'needs_manager']

const isStopped = sql<boolean>`(connections.status = 'stopped' or stopped_at is not null)`

/**
 * Those of the due checks that are to be made: connected, with a token in force. One that stopped is watched on while
 * its customer is asked for another token: it may come back to life, as when its user is made active again.
 */
export async function listWatched(trx: Kysely<Database>, due: readonly DueCheck[]): Promise<Watched[]> {
  const rows = await trx
    .selectFrom('connections')
    .innerJoin('credentials', 'credentials.connectionId', 'connections.id')
    .leftJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select(['connections.id as connectionId', 'connections.teamId', 'requestId', 'provider', 'profile'])
    .select('connections.status')
    .select(['verdictCode', 'startDate', 'providerCompanyId as companyId', 'providerCompanyDomain as companyDomain'])
    .select(['providerUserId as userId', 'suspectSince', 'degradedSince'])
    .select([
      sql<number | null>`extract(epoch from now() - suspect_since)::int`.as('suspectSeconds'),
      isStopped.as('isStopped'),
      sql<number>`coalesce(extract(day from now() - stopped_at)::int, 0)`.as('stoppedDays'),
      sql<number | null>`extract(day from now() - last_checks.full_check_at)::int`.as('fullCheckDays'),
    ])
    .select(['credentials.id as credentialId', 'credentials.version', 'sealed', 'wrappedKey', 'host', 'fingerprint'])
    .where('connections.id', '=', sql<string>`any(${due.map(({ connectionId }) => connectionId)}::text[])`)
    .where((where) =>
      where.or([
        where('connections.status', 'in', ['connected', 'connected_limited']),
        where.and([where('connections.status', 'in', ['stopped', ...IN_REPAIR]), isStopped]),
      ]),
    )
    .where('credentials.state', '=', 'in_force')
    .execute()
  return rows.flatMap((row) => {
    const { connectionId, credentialId: id, version, sealed, wrappedKey, host, fingerprint, companyDomain } = row
    if (!sealed || !wrappedKey || !companyDomain) return []
    const credential = { id, connectionId, version, state: 'in_force' as const, sealed, wrappedKey, host, fingerprint }
    return [Object.assign(row, { companyDomain, credential })]
  })
}

/** Teams that have a working connection with a provider. */
export async function listTeamsOf(trx: Kysely<Database>, provider: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('teams')
    .select('id')
    .where((where) =>
      where.exists(
        where
          .selectFrom('connections')
          .select('connections.id')
          .whereRef('connections.teamId', '=', 'teams.id')
          .where('connections.provider', '=', provider)
          .where('connections.status', 'in', ['connected', 'connected_limited']),
      ),
    )
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

export type Passed = { connectionId: string; lease: string; inSeconds: number; isFull: boolean }

/** Notes that the provider accepted these tokens and nothing changed, and when each is looked at next. */
export async function passChecks(passed: readonly Passed[]): Promise<void> {
  if (passed.length === 0) return
  const column = <Key extends keyof Passed>(key: Key) => passed.map((row) => row[key])
  const rows = sql`unnest(${column('connectionId')}::text[], ${column('lease')}::text[], ${column('inSeconds')}::int[], ${column('isFull')}::bool[])
    as passed (connection_id, lease, in_seconds, is_full)`
  await atOnce((database) =>
    sql`
      with mine as (
        update connection_checks set lease = null, leased_until = null, attempt = 0, urgent = false,
          due_at = now() + make_interval(secs => passed.in_seconds)
        from ${rows} where connection_checks.connection_id = passed.connection_id and connection_checks.lease = passed.lease
        returning connection_checks.connection_id, passed.is_full)
      update last_checks set checked_at = now(), full_check_at = case when mine.is_full then now() else last_checks.full_check_at end
      from mine where last_checks.connection_id = mine.connection_id`.execute(database),
  )
}

/** Gives a look back to be repeated; `answered` forgets earlier tries without an answer. */
export async function lookLater(
  trx: Kysely<Database>,
  { connectionId, lease }: DueCheck,
  { inSeconds, answered }: { inSeconds: number; answered: boolean },
): Promise<void> {
  await trx
    .updateTable('connectionChecks')
    .set({
      lease: null,
      leasedUntil: null,
      urgent: false,
      dueAt: sql<Date>`now() + make_interval(secs => ${inSeconds})`,
      ...(answered && { attempt: 0 }),
    })
    .where('connectionId', '=', connectionId)
    .where('lease', '=', lease)
    .execute()
}

type Marks = { suspect?: boolean; degraded?: boolean; stopped?: boolean; checked?: boolean; full?: boolean }

/** Sets (true) or clears (false) what the watcher remembers; a mark that is set keeps its first time. */
export async function markConnection(
  trx: Kysely<Database>,
  actor: Watcher,
  { connectionId, ...marks }: Marks & { connectionId: string },
): Promise<void> {
  const mark = (column: string, isSet: boolean | undefined) =>
    isSet === undefined ? undefined : isSet ? sql<Date>`coalesce(${sql.ref(column)}, now())` : null
  await trx
    .updateTable('connections')
    .set({
      suspectSince: mark('suspect_since', marks.suspect),
      degradedSince: mark('degraded_since', marks.degraded),
      stoppedAt: mark('stopped_at', marks.stopped),
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', connectionId)
    .execute()
  if (marks.checked) await noteCheck(trx, actor, { connectionId, isFull: marks.full ?? false })
}

/** The provider refused the token before it was watched again: that look is the first of two. */
export async function markSuspectSince(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { connectionId, since }: { connectionId: string; since: Date },
): Promise<void> {
  await trx
    .updateTable('connections')
    .set({ suspectSince: since })
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .execute()
}

/**
 * Puts the look at one other connection of the provider first: whether it is accepted tells a dead token from a
 * provider that refuses everybody. One of another company, where there is one: a whole company may be closed. False when
 * there is no other at all.
 */
export async function hastenAnother(
  trx: Kysely<Database>,
  { connectionId, provider, companyId }: { connectionId: string; provider: string; companyId: string | null },
): Promise<boolean> {
  const others = trx
    .selectFrom('connectionChecks as others')
    .innerJoin('connections', 'connections.id', 'others.connectionId')
    .select('others.connectionId')
    .where('others.reason', '=', 'watch')
    .where('connections.provider', '=', provider)
    .where('connections.status', 'in', ['connected', 'connected_limited'])
    .where('connections.suspectSince', 'is', null)
    .where('connections.id', '<>', connectionId)
    .orderBy('others.dueAt')
    .limit(1)
  const { numUpdatedRows } = await trx
    .updateTable('connectionChecks')
    .set({ dueAt: sql<Date>`least(due_at, now())` })
    .where('connectionId', '=', ({ fn }) =>
      fn.coalesce(others.where('connections.providerCompanyId', '<>', companyId), others),
    )
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Brings forward, spread over `withinSeconds`, whatever waits because of what the provider answered, or did not. */
export async function hastenUnanswered(trx: Kysely<Database>, provider: string, withinSeconds: number): Promise<void> {
  await sql`
    update connection_checks set due_at = least(due_at, now() + random() * make_interval(secs => ${withinSeconds}))
    from connections where connections.id = connection_checks.connection_id and connections.provider = ${provider}
      and (connection_checks.attempt > 0 or connections.suspect_since is not null) and connection_checks.lease is null`.execute(
    trx,
  )
}

import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Profile } from '#lib/connection/profiles.ts'
import { builtInProfiles, isBuiltIn } from '#lib/connection/profiles.ts'
import type { Database } from './schema.ts'

/** Bound of a team's own profiles, and of the pages that list them. */
export const PROFILES_MAX = 100

const columns = [
  'key',
  'words',
  'capabilities',
  'accountAdmin',
  'startDate',
  'mode',
  'limitsAllowed',
  'checkIntervalMinutes',
  'retentionDays',
  'disabledAt',
] as const

/** A profile by its key, built in or the team's own. */
export async function findProfile(
  trx: Kysely<Database>,
  { teamId, profile }: { teamId: string; profile: string },
): Promise<Profile | null> {
  if (isBuiltIn(profile)) return builtInProfiles[profile]
  const found = await trx
    .selectFrom('profiles')
    .select(columns)
    .where('teamId', '=', teamId)
    .where('key', '=', profile)
    .executeTakeFirst()
  return found ?? null
}

/** The profile of a connection as it is now: whoever asks next gets what was changed meanwhile. */
export async function getProfile(
  trx: Kysely<Database>,
  connection: { teamId: string; profile: string },
): Promise<Profile> {
  const found = await findProfile(trx, connection)
  if (!found) throw new Error(`no profile ${connection.profile} in its team`)
  return found
}

/** Everything the team can ask for: the built-in ones, then its own. Disabled ones come along and say so. */
export async function listProfiles(trx: Kysely<Database>, { teamId }: { teamId: string }): Promise<Profile[]> {
  const own = await trx
    .selectFrom('profiles')
    .select(columns)
    .where('teamId', '=', teamId)
    .orderBy('key')
    .limit(PROFILES_MAX)
    .execute()
  return [...Object.values(builtInProfiles), ...own]
}

/** Nobody needs a higher number to be careful. */
export const USES_MAX = 1_000

/** How many connections have each profile, counted up to a bound. */
export async function countUses(
  trx: Kysely<Database>,
  { teamId }: { teamId: string },
  keys: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql<{ key: string; n: string }>`
    select wanted.key, (select count(*) from (
      select 1 from connections where team_id = ${teamId} and profile = wanted.key limit ${USES_MAX}) uses) as n
    from unnest(array[${sql.join(keys)}]::text[]) as wanted (key)`.execute(trx)
  return new Map(rows.map(({ key, n }) => [key, Number(n)]))
}

/** Adds a profile; false when the team has one with this key already. */
export async function insertProfile(trx: Kysely<Database>, { teamId }: Actor, profile: Profile): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('profiles')
    .values({ teamId, key: profile.key, ...columnsOf(profile) })
    .onConflict((conflict) => conflict.columns(['teamId', 'key']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Writes a team's own profile anew; false when there is none with its key. */
export async function updateProfile(trx: Kysely<Database>, { teamId }: Actor, profile: Profile): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('profiles')
    .set({ ...columnsOf(profile), updatedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('key', '=', profile.key)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

function columnsOf({ key: _key, disabledAt: _disabledAt, words, capabilities, ...rest }: Profile) {
  return { ...rest, words: JSON.stringify(words), capabilities: JSON.stringify(capabilities) }
}

/** Takes a profile out of use, or back into it. False when it was so already, or is not the team's. */
export async function setProfileDisabled(
  trx: Kysely<Database>,
  { teamId }: Actor,
  { key, disabled }: { key: string; disabled: boolean },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('profiles')
    .set({ disabledAt: disabled ? sql<Date>`now()` : null, updatedAt: sql<Date>`now()` })
    .where('teamId', '=', teamId)
    .where('key', '=', key)
    .where('disabledAt', disabled ? 'is' : 'is not', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function countProfiles(trx: Kysely<Database>, { teamId }: Actor): Promise<number> {
  // The lock keeps two admins from passing the bound together.
  await trx.selectFrom('teams').select('id').where('id', '=', teamId).forUpdate().execute()
  const { n } = await trx
    .selectFrom('profiles')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('teamId', '=', teamId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

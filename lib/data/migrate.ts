import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Migrator } from 'kysely/migration'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { db, openDirect } from './database.ts'
import * as initial from './migrations/0001-initial.ts'
import * as staffSignIn from './migrations/0002-staff-sign-in.ts'
import * as board from './migrations/0003-board.ts'
import * as profiles from './migrations/0004-profiles.ts'
import * as mail from './migrations/0005-mail.ts'
import * as casework from './migrations/0006-case.ts'
import * as teamConsole from './migrations/0007-console.ts'
import * as sharedFate from './migrations/0008-shared-fate.ts'
import * as providerPauses from './migrations/0009-provider-pauses.ts'
import * as watch from './migrations/0010-watch.ts'
import * as integrations from './migrations/0011-integrations.ts'
import * as operations from './migrations/0012-operations.ts'
import * as offBoarding from './migrations/0013-off-boarding.ts'
import * as freezes from './migrations/0015-freezes.ts'
import * as outages from './migrations/0016-outages.ts'
import * as callOff from './migrations/0018-call-off.ts'
import * as stops from './migrations/0019-stops.ts'
import * as webhooks from './migrations/0020-webhooks.ts'
import * as errands from './migrations/0021-errands.ts'
import * as lastChecks from './migrations/0022-last-checks.ts'
import * as workers from './migrations/0023-workers.ts'
import * as webhookProfiles from './migrations/0024-webhook-profiles.ts'
import { grantRights } from './rights.ts'
import type { Database } from './schema.ts'

/** In order of their names. Imported, not read from a folder, so that a build carries them along. */
const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-staff-sign-in': staffSignIn,
  '0003-board': board,
  '0004-profiles': profiles,
  '0005-mail': mail,
  '0006-case': casework,
  '0007-console': teamConsole,
  '0008-shared-fate': sharedFate,
  '0009-provider-pauses': providerPauses,
  '0010-watch': watch,
  '0011-integrations': integrations,
  '0012-operations': operations,
  '0013-off-boarding': offBoarding,
  '0015-freezes': freezes,
  '0016-outages': outages,
  '0018-call-off': callOff,
  '0019-stops': stops,
  '0020-webhooks': webhooks,
  '0021-errands': errands,
  '0022-last-checks': lastChecks,
  '0023-workers': workers,
  '0024-webhook-profiles': webhookProfiles,
}

/**
 * Brings the tables up to this version; does nothing when they are. One process at a time, each step in a
 * transaction: a killed run leaves the step before. With MIGRATION_DATABASE_URL the tables belong to that role, and the
 * role of DATABASE_URL is given the rights it needs. Answers the steps that ran.
 */
export async function migrate(): Promise<string[]> {
  const { databaseUrl, migrationDatabaseUrl } = env()
  const url = migrationDatabaseUrl ?? databaseUrl
  if (!url) return migrateWith(db())
  const direct = openDirect(url)
  try {
    const ran = await migrateWith(direct)
    if (databaseUrl && migrationDatabaseUrl) await grantTo(databaseUrl, migrationDatabaseUrl, direct)
    return ran
  } finally {
    await direct.destroy()
  }
}

/** The portal's own role gets what it needs from the one that owns the tables. */
async function grantTo(databaseUrl: string, ownerUrl: string, owner: Kysely<Database>): Promise<void> {
  const [role, ownerRole] = [databaseUrl, ownerUrl].map((url) => decodeURIComponent(new URL(url).username))
  if (role && role !== ownerRole) await grantRights(owner, role)
}

/**
 * As `migrate`, on a given database; `last` is the last step that is taken. A database that a newer version has migrated
 * is left as it is: each step leaves to the version before it what that one needs (R19).
 */
export async function migrateWith(database: Kysely<Database>, last?: string): Promise<string[]> {
  const newer = await listNewerSteps(database)
  if (newer.length > 0) {
    if (!(await isMigrated(database)))
      throw new Error(`the database has steps of another version (${newer.join(', ')}) and lacks some of this one`)
    log.warn('database.newer', { reason: newer.join(', ') })
    return []
  }
  const migrator = migratorOf(database)
  const { error, results } = await (last ? migrator.migrateTo(last) : migrator.migrateToLatest())
  if (error) throw error
  return (results ?? []).filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
}

/** The steps that ran and that this version does not know. */
async function listNewerSteps(database: Kysely<Database>): Promise<string[]> {
  const { rows: tables } =
    await sql`select from pg_tables where schemaname = current_schema() and tablename = 'kysely_migration'`.execute(
      database,
    )
  if (tables.length === 0) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(database)
  return rows.map(({ name }) => name).filter((name) => !migrationNames.includes(name))
}

/** The steps this version knows, in order. */
export const migrationNames: readonly string[] = Object.keys(migrations)

/** The steps that ran. */
export async function listAppliedMigrations(database: Kysely<Database>): Promise<string[]> {
  const known = await migratorOf(database).getMigrations()
  return known.filter(({ executedAt }) => executedAt !== undefined).map(({ name }) => name)
}

/** Whether every step has run; for readiness. */
export async function isMigrated(database: Kysely<Database>): Promise<boolean> {
  return (await listAppliedMigrations(database)).length === migrationNames.length
}

function migratorOf(database: Kysely<Database>): Migrator {
  return new Migrator({ db: database.withoutPlugins(), provider: { getMigrations: async () => migrations } })
}

import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import pg from 'pg'
import { closeDatabase, openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import { migrateWith } from '#lib/data/migrate.ts'
import type { Database } from '#lib/data/schema.ts'
import { readEnv } from '#lib/env.ts'

export type EngineName = 'embedded' | 'server Postgres'

type Settings = Record<string, string>

/**
 * Runs the same tests on the embedded engine and on a server Postgres, each with a migrated database of its own.
 * Without TEST_DATABASE_URL the server's half shows as skipped. `settings` are read before the database is opened.
 */
export function onEachEngine(
  define: (engine: EngineName) => void,
  settings: () => Settings | Promise<Settings> = () => ({}),
): void {
  describe('embedded', () => {
    withTestDatabase(settings, async (dataDir) => {
      await copyEmbeddedDatabase(dataDir, { migrated: true })
      return { databaseUrl: null, drop: async () => {} }
    })
    define('embedded')
  })
  onServerPostgres(define, settings)
}

/** Only the server's half: for what an engine with a single connection cannot show. */
export function onServerPostgres(
  define: (engine: EngineName) => void,
  settings: () => Settings | Promise<Settings> = () => ({}),
): void {
  const skip = serverUrl() ? false : 'TEST_DATABASE_URL is not set'
  describe('server Postgres', { skip }, () => {
    withTestDatabase(settings, createServerDatabase)
    define('server Postgres')
  })
}

export function serverUrl(): string | undefined {
  return process.env.TEST_DATABASE_URL || undefined
}

/** Makes `source` the environment of this process until `forgetEnv`. */
export function setEnv(source: Settings): void {
  shared.latchkeyEnv = readEnv({ LOG_LEVEL: 'error', ...source })
}

export function forgetEnv(): void {
  delete shared.latchkeyEnv
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'latchkey-test-'))
}

/** An empty database on the server; the caller drops it. */
export async function createServerDatabase(): Promise<{ databaseUrl: string; drop(): Promise<void> }> {
  const name = `latchkey_test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(serverUrl() ?? '')
  await onServer(`create database ${name}`)
  url.pathname = name
  return { databaseUrl: url.href, drop: () => onServer(`drop database ${name} with (force)`) }
}

const shared = globalThis as typeof globalThis & { latchkeyEnv?: ReturnType<typeof readEnv> }

function withTestDatabase(
  settings: () => Settings | Promise<Settings>,
  create: (dataDir: string) => Promise<{ databaseUrl: string | null; drop(): Promise<void> }>,
): void {
  let dataDir: string
  let drop = async () => {}
  before(async () => {
    dataDir = temporaryFolder()
    setEnv({ DATA_DIR: dataDir, ...(await settings()) })
    const created = await create(dataDir)
    drop = created.drop
    const database = openDatabase({ databaseUrl: created.databaseUrl, dataDir })
    setDatabase(database)
    await migrateWith(database)
  })
  after(async () => {
    await closeDatabase()
    await drop()
    forgetEnv()
    rmSync(dataDir, { recursive: true })
  })
}

/**
 * The embedded engine takes seconds of processor time to make a database and its tables; copying one that was made
 * before and closed takes a fraction. Kept outside the repository, for each version of the engine and of the tables.
 */
export async function copyEmbeddedDatabase(dataDir: string, { migrated }: { migrated: boolean }): Promise<void> {
  const { version } = JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8'))
  const kept = join('node_modules/.cache/latchkey', `${version}-${migrated ? await digestOfMigrations() : 'empty'}`)
  if (!existsSync(kept)) {
    const making = `${kept}.${randomUUID()}`
    mkdirSync(making, { recursive: true })
    const database = openDatabase({ databaseUrl: null, dataDir: making })
    await (migrated ? migrateWith(database) : sql`select 1`.execute(database))
    await database.destroy()
    keepFirst(making, kept)
  }
  cpSync(join(kept, 'database'), join(dataDir, 'database'), { recursive: true })
}

/** Of the names and the SQL of all migrations, so that what is kept under it never goes stale. */
async function digestOfMigrations(): Promise<string> {
  const statements: string[] = []
  const nowhere = new Kysely<Database>({
    dialect: {
      createDriver: () => new DummyDriver(),
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      // Of what a migration's own row holds, its name comes first; the time after it is left out.
      statements.push(`${query.sql} ${query.parameters[0]}`)
    },
  })
  await migrateWith(nowhere)
  return createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16)
}

/** Two runs may make one at the same time; either will do. */
function keepFirst(making: string, kept: string): void {
  try {
    renameSync(making, kept)
  } catch {
    rmSync(making, { recursive: true })
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

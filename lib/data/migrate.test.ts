import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import {
  copyEmbeddedDatabase,
  createServerDatabase,
  forgetEnv,
  serverUrl,
  setEnv,
  temporaryFolder,
} from '#lib/testing/engines.ts'
import { openDatabase } from './database.ts'
import { isMigrated, migrate, migrateWith, migrationNames } from './migrate.ts'
import type { Database } from './schema.ts'

let dataDir: string
before(() => {
  dataDir = temporaryFolder()
})
after(() => rmSync(dataDir, { recursive: true }))

const migrating = `
  const { openDatabase } = await import('#lib/data/database.ts')
  const { migrateWith } = await import('#lib/data/migrate.ts')
  const { sql } = await import('kysely')
  const database = openDatabase(JSON.parse(process.argv[1]))
  await sql\`select 1\`.execute(database)
  process.stdout.write('ready')
  await migrateWith(database)
  process.exit(0)`

/** Starts a process that migrates, and kills it so many milliseconds after it began. */
async function killMigrating(target: { databaseUrl: string | null; dataDir: string }, afterMs: number): Promise<void> {
  const arguments_ = ['--conditions=react-server', '--input-type=module', '-e', migrating, JSON.stringify(target)]
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  await sleep(afterMs)
  child.kill('SIGKILL')
  await closed
}

async function countTables(database: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_tables where schemaname = 'public' and tablename not like 'kysely%'
      and tablename <> 'durability_check'`.execute(database)
  return rows[0]?.n ?? 0
}

/** R19: whatever the killed runs left, the next one ends with every table, once. */
async function assertMends(database: Kysely<Database>): Promise<void> {
  const wasDone = (await countTables(database)) > 0
  const ran = await migrateWith(database)
  assert.equal(ran.length === 0, wasDone, 'a step was left half done')
  assert.ok(await isMigrated(database))
  assert.deepEqual(await migrateWith(database), [], 'a second run has nothing to do')
  assert.ok((await countTables(database)) >= 17)
  await database
    .insertInto('teams')
    .values({ id: 'tem_1', name: 'Works', supportEmail: null, supportPhone: null })
    .execute()
}

test('embedded: a migration that was killed is mended by the next run', async () => {
  await copyEmbeddedDatabase(dataDir, { migrated: false })
  await killMigrating({ databaseUrl: null, dataDir }, 60)
  const database = openDatabase({ databaseUrl: null, dataDir })
  try {
    await assertMends(database)
  } finally {
    await database.destroy()
  }
})

// R19
test('a database that a newer version has migrated is used as it is; one that lacks our steps is refused', async () => {
  const folder = temporaryFolder()
  await copyEmbeddedDatabase(folder, { migrated: true })
  const database = openDatabase({ databaseUrl: null, dataDir: folder })
  try {
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', now()::text)`.execute(database)
    assert.deepEqual(await migrateWith(database), [])
    assert.ok(await isMigrated(database))
    await sql`delete from kysely_migration where name = ${migrationNames.at(-1)}`.execute(database)
    await assert.rejects(migrateWith(database), /9999-later/)
  } finally {
    await database.destroy()
    rmSync(folder, { recursive: true })
  }
})

describe('server Postgres', { skip: serverUrl() ? false : 'TEST_DATABASE_URL is not set' }, () => {
  for (const afterMs of [5, 25, 80])
    test(`a migration that was killed after ${afterMs} ms is mended by the next run`, async () => {
      const { databaseUrl, drop } = await createServerDatabase()
      await killMigrating({ databaseUrl, dataDir }, afterMs)
      const database = openDatabase({ databaseUrl, dataDir })
      try {
        await assertMends(database)
      } finally {
        await database.destroy()
        await drop()
      }
    })

  test('of several processes that migrate at once, one applies the steps and the others find them done', async () => {
    const { databaseUrl, drop } = await createServerDatabase()
    setEnv({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir })
    try {
      // Each has a connection of its own and sees the others as it would see other processes.
      const ran = await Promise.all([migrate(), migrate(), migrate(), migrate()])
      assert.equal(ran.filter((applied) => applied.length > 0).length, 1, JSON.stringify(ran))
    } finally {
      forgetEnv()
      await drop()
    }
  })
})

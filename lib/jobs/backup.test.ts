import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { openCredential } from '#lib/connection/seal.ts'
import { verifyAuditChain } from '#lib/data/audit-chain.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { closeDatabase, db, openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import { migrateWith } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { operator as findOperator } from '#lib/operator/command.ts'
import { runCommand } from '#lib/operator/commands.ts'
import { type FakePipedrive, fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import {
  copyEmbeddedDatabase,
  createServerDatabase,
  forgetEnv,
  onEachEngine,
  serverUrl,
  setEnv,
  temporaryFolder,
} from '#lib/testing/engines.ts'
import { type Asked, ask, makeTeam, typed } from '#lib/testing/story.ts'
import { makeBackup } from './backup.ts'
import { checkBackup, restoreBackup } from './restore.ts'
import { rotateKeys } from './rotate-keys.ts'

let fake: FakePipedrive
before(async () => {
  fake = await startFakePipedrive()
})
after(() => fake.close())

let operator: Operator
let asked: Asked
let folder: string
/** Everything the tests made, to be erased. */
const folders: string[] = []
after(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true })
})

function newFolder(): string {
  const made = temporaryFolder()
  folders.push(made)
  return join(made, 'backup')
}

/** Lets `work` use another installation with the same keys; its database is new and has no tables. */
async function elsewhere<T>(databaseUrl: string | null, work: (dataDir: string) => Promise<T>): Promise<T> {
  const home = { ...env() }
  const homeDatabase = db()
  const dataDir = temporaryFolder()
  folders.push(dataDir)
  if (!databaseUrl) await copyEmbeddedDatabase(dataDir, { migrated: false })
  const keys = home.masterKeys.map(({ id, key }) => `${id}:${key.reveal()}`).join(' ')
  forgetEnv()
  setEnv({
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl ?? '',
    MASTER_KEY: keys,
    SESSION_SECRET: home.sessionSecret.reveal(),
    PIPEDRIVE_BASE_URL: fake.url,
  })
  try {
    return await work(dataDir)
  } finally {
    forgetEnv()
    setEnv({ DATA_DIR: home.dataDir, PIPEDRIVE_BASE_URL: fake.url })
    setDatabase(homeDatabase)
  }
}

async function reads(): Promise<string> {
  const credential = await findCredential(db(), {
    teamId: operator.teamId,
    connectionId: asked.connectionId,
    state: 'in_force',
  })
  assert.ok(credential)
  return (await openCredential(operator, credential, 'check_after_yes')).reveal()
}

/** Opens what was restored, as the portal there would. */
async function lookAround(databaseUrl: string | null, dataDir: string): Promise<void> {
  setDatabase(openDatabase({ databaseUrl, dataDir }))
  try {
    assert.equal(await reads(), fakeToken('admin'))
    assert.ok((await verifyAuditChain(operator.teamId)).ok)
    const { rows } = await sql<{ at: Date; micros: string }>`
      select created_at as at, extract(microseconds from created_at)::text as micros from requests
      where id = ${asked.requestId}`.execute(db())
    assert.ok(rows[0]?.at instanceof Date)
  } finally {
    await closeDatabase()
  }
}

onEachEngine(
  (engine) => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
      await connect(
        asked.holder,
        typed('admin', { connectionName: 'Käte "&" Söhne\n\\', startDate: '2024-05-01T00:00:00Z' }),
      )
      await sql`insert into team_logos (team_id, digest, type, bytes) values (${operator.teamId}, 'd', 'image/png', ${Buffer.from([0, 255, 10, 13, 92])}) on conflict do nothing`.execute(
        db(),
      )
      folder = newFolder()
    })

    test('a backup holds every row, is private, and holds no key and no token', async () => {
      const { tables, keys } = await makeBackup(operator, folder)
      assert.ok(tables.some(({ name, rows }) => name === 'credentials' && rows > 0))
      assert.ok(keys.length > 0)
      assert.equal(statSync(folder).mode & 0o777, 0o700)
      const secrets = [
        fakeToken('admin'),
        ...env().masterKeys.map(({ key }) => key.reveal()),
        env().sessionSecret.reveal(),
        asked.linkKey,
      ]
      for (const name of readdirSync(folder)) {
        assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
        const bytes = readFileSync(join(folder, name))
        const text = name.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString()
        for (const secret of secrets) assert.ok(!text.includes(secret), name)
      }
      assert.ok(!tables.some(({ name }) => ['staff_sessions', 'rate_limits', 'kysely_migration'].includes(name)))
      assert.ok(!readdirSync(join(folder, '..')).some((name) => name.includes('partial')))
      await assert.rejects(makeBackup(operator, folder), /is not empty/)
    })

    test('a drill restores it aside, opens everything and follows the audit log to its end', async () => {
      await makeBackup(operator, folder)
      const checked = await checkBackup(folder)
      assert.ok(checked.opened > 0)
      const verdict = await verifyAuditChain(operator.teamId)
      assert.ok(verdict.ok && checked.links >= verdict.links)
    })

    test('it fills an empty embedded database, where everything can be read', async () => {
      await makeBackup(operator, folder)
      await elsewhere(null, async (dataDir) => {
        const { rows } = await restoreBackup(folder)
        assert.ok(rows > 0)
        await lookAround(null, dataDir)
        await assert.rejects(restoreBackup(folder), /is not empty: .* has rows. Nothing was written/)
      })
      assert.equal(await reads(), fakeToken('admin'))
    })

    test('it fills an empty server Postgres, whatever engine it came from', { skip: !serverUrl() }, async () => {
      const { tables } = await makeBackup(operator, folder)
      const { databaseUrl, drop } = await createServerDatabase()
      try {
        await elsewhere(databaseUrl, async (dataDir) => {
          const restored = await restoreBackup(folder)
          assert.equal(
            restored.rows,
            tables.reduce((sum, { rows }) => sum + rows, 0),
          )
          await lookAround(databaseUrl, dataDir)
          // And back: what is written from there is the same again, but for what restoring and reading noted.
          setDatabase(openDatabase({ databaseUrl, dataDir }))
          const back = newFolder()
          const { tables: again } = await makeBackup(operator, back)
          await closeDatabase()
          const differ = again.filter(({ name, sha256 }) => tables.find((one) => one.name === name)?.sha256 !== sha256)
          const mayDiffer = ['audit_events', 'audit_chain']
          assert.deepEqual(
            differ.map(({ name }) => name).filter((name) => !mayDiffer.includes(name)),
            [],
          )
        })
      } finally {
        await drop()
      }
    })

    test('without a key it says which one, and touches nothing', async () => {
      const { keys } = await makeBackup(operator, folder)
      await rotateKeys(operator)
      await elsewhere(null, async (dataDir) => {
        const newest = env().masterKeys[0]
        forgetEnv()
        setEnv({
          DATA_DIR: dataDir,
          MASTER_KEY: `${newest?.id}:${newest?.key.reveal()}`,
          SESSION_SECRET: 'x'.repeat(40),
        })
        await assert.rejects(restoreBackup(folder), /SESSION_SECRET is not the one/)
      })
      await elsewhere(null, async (dataDir) => {
        const [newest] = env().masterKeys
        const session = env().sessionSecret.reveal()
        forgetEnv()
        setEnv({ DATA_DIR: dataDir, MASTER_KEY: `${newest?.id}:${newest?.key.reveal()}`, SESSION_SECRET: session })
        for (const attempt of [restoreBackup, checkBackup])
          await assert.rejects(attempt(folder), new RegExp(`master key .*${keys[0]?.keyId}.* is missing`))
        const outcome = await runCommand({ argv: ['restore', '--check', folder], folder: '/', input: null })
        assert.equal(outcome.exitCode, 1)
        assert.equal((outcome.output.error as { code: string }).code, 'BACKUP_FAULT')
      })
    })

    test('what was changed, cut or is unfinished is refused', async () => {
      await makeBackup(operator, folder)
      const manifest = join(folder, 'manifest.json')
      const file = join(folder, 'credentials.jsonl.gz')
      const good = { manifest: readFileSync(manifest), file: readFileSync(file) }
      writeFileSync(file, gzipSync(gunzipSync(good.file).toString().replace('acme.', 'evil.')))
      await assert.rejects(checkBackup(folder), /credentials.jsonl.gz was changed/)
      rmSync(file)
      await assert.rejects(checkBackup(folder), /missing or cannot be read/)
      writeFileSync(file, good.file)
      writeFileSync(manifest, good.manifest.toString().replace('"rows": ', '"rows": 1'))
      await assert.rejects(checkBackup(folder), /was changed/)
      rmSync(manifest)
      await assert.rejects(checkBackup(folder), /no complete backup/)
      writeFileSync(manifest, good.manifest)
      assert.ok((await checkBackup(folder)).opened > 0)
      assert.ok(existsSync(file))
    })

    if (engine === 'embedded')
      test('a backup of an older version is restored and brought up to this one', async () => {
        await elsewhere(null, async (dataDir) => {
          const old = openDatabase({ databaseUrl: null, dataDir })
          await migrateWith(old, '0004-profiles')
          await sql`insert into teams (id, name) values ('tem_old', 'Old')`.execute(old)
          setDatabase(old)
          await makeBackup(await findOperator(), folder)
          await closeDatabase()
        })
        await elsewhere(null, async (dataDir) => {
          const { migrated } = await restoreBackup(folder)
          assert.ok(migrated.includes('0012-operations'))
          const restored = openDatabase({ databaseUrl: null, dataDir })
          const team = await restored.selectFrom('teams').select(['name', 'linkDays']).executeTakeFirstOrThrow()
          assert.deepEqual(team, { name: 'Old', linkDays: 14 })
          await restored.destroy()
        })
      })
  },
  () => ({ PIPEDRIVE_BASE_URL: fake.url }),
)

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { openCredential } from '#lib/connection/seal.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { closeDatabase, db, openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import { countTable, listDumpedTables } from '#lib/data/dump.ts'
import { migrateWith } from '#lib/data/migrate.ts'
import { operator as findOperator } from '#lib/operator/command.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { createServerDatabase, forgetEnv, serverUrl, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, typed } from '#lib/testing/story.ts'

/**
 * The drill of docs/operations.md as an operator does it, command by command, each in a process of its own: a laptop's
 * installation moves to a server, where everything opens and the audit chain holds.
 */
const run = promisify(execFile)
const dataDir = temporaryFolder()
let fake: FakePipedrive
let server: { databaseUrl: string; drop(): Promise<void> }
let operator: Operator
const asked: Asked[] = []

type Outcome = { exitCode: number; output: Record<string, unknown> }

/** `npm run -s portal -- <argv> --json`. */
async function portal(environment: Record<string, string>, ...argv: string[]): Promise<Outcome> {
  const command = ['--conditions=react-server', 'bin/portal.ts', ...argv, '--json']
  const env = { NODE_ENV: 'test' as const, PATH: process.env.PATH, DATA_DIR: dataDir, ...environment }
  const { stdout, code = 0 } = (await run(process.execPath, command, { env }).catch(
    (failed: { stdout: string; code: number }) => failed,
  )) as { stdout: string; code?: number }
  return { exitCode: code, output: JSON.parse(stdout) as Record<string, unknown> }
}

const onServer = (...argv: string[]) => portal({ DATABASE_URL: server.databaseUrl }, ...argv)
const embedded = (...argv: string[]) => portal({}, ...argv)

/** As the portal itself would. */
async function within<T>(databaseUrl: string | null, work: () => Promise<T>): Promise<T> {
  setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: fake.url })
  setDatabase(openDatabase({ databaseUrl, dataDir }))
  try {
    return await work()
  } finally {
    await closeDatabase()
    forgetEnv()
  }
}

async function rowsOf(databaseUrl: string | null): Promise<Record<string, number>> {
  return within(databaseUrl, async () => {
    const tables = await listDumpedTables(db())
    const counted = tables.map(async (table) => [table.name, await countTable(db(), table)] as const)
    return Object.fromEntries(await Promise.all(counted))
  })
}

describe('moving to a server', { skip: serverUrl() ? false : 'TEST_DATABASE_URL is not set' }, () => {
  before(async () => {
    fake = await startFakePipedrive()
    server = await createServerDatabase()
    await within(null, async () => {
      await migrateWith(db())
      operator = await findOperator()
      for (const name of ['admin', 'editor', 'no-persons']) {
        const one = await ask(operator)
        await connect(one.holder, typed(name))
        asked.push(one)
      }
    })
  })
  after(async () => {
    await fake.close()
    await server.drop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('while something uses the embedded database nothing is moved', async () => {
    await within(null, async () => {
      await db().selectFrom('teams').select('id').execute()
      const { exitCode, output } = await onServer('move-to-server')
      assert.equal(exitCode, 1)
      assert.match(JSON.stringify(output), /already|in use|another process/i)
    })
  })

  test('one command moves all of it and checks counts, chain and sealed values', async () => {
    const before = await rowsOf(null)
    const { exitCode, output } = await onServer('move-to-server')
    assert.equal(exitCode, 0, JSON.stringify(output))
    assert.ok(Number(output.opened) >= 3 && Number(output.links) > 5, JSON.stringify(output))
    const [old, now] = [await rowsOf(null), await rowsOf(server.databaseUrl)]
    // What making and restoring a backup notes in the audit log, on the side where each was done.
    const ours = ['audit_events', 'audit_chain']
    for (const [name, rows] of Object.entries(before)) {
      if (ours.includes(name)) continue
      assert.equal(now[name], rows, name)
      assert.equal(old[name], rows, name)
    }
    assert.ok((now.audit_events ?? 0) > (before.audit_events ?? 0))
  })

  test('on the server the audit chain verifies, every key is there, and each token opens', async () => {
    const verified = await onServer('audit', 'verify')
    assert.equal(verified.exitCode, 0, JSON.stringify(verified.output))
    const { output } = await onServer('rotate-keys', '--status')
    assert.ok((output.keys as { present: boolean }[]).every(({ present }) => present))
    await within(server.databaseUrl, async () => {
      const opened = await Promise.all(
        asked.map(async ({ holder, connectionId }) => {
          const scope = { teamId: holder.teamId, connectionId }
          const inForce = await findCredential(db(), { ...scope, state: 'in_force' })
          const sealed = inForce ?? (await findCredential(db(), { ...scope, state: 'pending' }))
          assert.ok(sealed)
          return (await openCredential(operator, sealed, 'check_after_yes')).reveal()
        }),
      )
      assert.deepEqual(
        opened,
        ['admin', 'editor', 'no-persons'].map((name) => fakeToken(name)),
      )
    })
  })

  test('a second move, and a move to nowhere, change nothing', async () => {
    const rows = await rowsOf(server.databaseUrl)
    const again = await onServer('move-to-server')
    assert.deepEqual([again.exitCode, (again.output.error as { code: string }).code], [1, 'BACKUP_FAULT'])
    assert.match(JSON.stringify(again.output), /is not empty/)
    assert.deepEqual(await rowsOf(server.databaseUrl), rows)
    const nowhere = await embedded('move-to-server')
    assert.match(JSON.stringify(nowhere.output), /DATABASE_URL has to name the server/)
  })
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { copyEmbeddedDatabase, temporaryFolder } from '#lib/testing/engines.ts'
import type { Engine } from './engine.ts'
import { openEngine, STATEMENT_TIMEOUT_MS } from './engine.ts'
import { FolderInUseError, lockFolder } from './owner-lock.ts'

let dataDir: string
let engine: Engine | null = null
before(async () => {
  dataDir = temporaryFolder()
  await copyEmbeddedDatabase(dataDir, { migrated: false })
})
after(async () => {
  await engine?.close()
  rmSync(dataDir, { recursive: true })
})

async function query(sql: string, parameters: unknown[] = [], timeoutMs?: number) {
  assert.ok(engine, 'the first test opens it')
  return (await engine.query(sql, parameters, timeoutMs)).rows
}

/** Another process that owns the folder, and writes rows until it is killed. Each number it says is acknowledged. */
const owner = `
  const { openEngine } = await import('#lib/data/embedded/engine.ts')
  const engine = await openEngine(process.argv[1])
  await engine.query('create table acknowledged (n integer)', [])
  for (let n = 1; ; n++) {
    await engine.query('insert into acknowledged values ($1)', [n])
    process.stdout.write(n + '\\n')
  }`

// R22, and R1 for the embedded engine.
test('a second process is refused with a clear message, and takes over when the first was killed', async () => {
  const child = spawn(process.execPath, ['--conditions=react-server', '--input-type=module', '-e', owner, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = createInterface({ input: child.stdout })
  let acknowledged = 0
  said.on('line', (line) => {
    acknowledged = Number(line)
  })
  await once(said, 'line')
  await assert.rejects(openEngine(dataDir), (error) => {
    assert.ok(error instanceof FolderInUseError)
    assert.match(error.message, /Another process is using .*DATA_DIR.*DATABASE_URL/)
    assert.ok(error.message.includes(dataDir))
    return true
  })

  const opening = openEngine(dataDir)
  child.kill('SIGKILL')
  await once(child, 'close')
  engine = await opening
  const [kept] = await query('select count(*)::int as n, max(n) as last from acknowledged')
  assert.ok(acknowledged > 0)
  assert.ok(Number(kept?.last) >= acknowledged, `${kept?.last} of ${acknowledged} acknowledged rows`)
  assert.equal(kept?.n, kept?.last, 'no row in the middle is missing')
})

test('nobody else on the machine can look into the folder', () => {
  for (const folder of [dataDir, join(dataDir, 'database')]) assert.equal(statSync(folder).mode & 0o777, 0o700, folder)
})

test('a statement that takes too long ends as 57014, and what was stored is still there', async () => {
  await query('create table kept (n integer)')
  await query('insert into kept values (1)')
  await query('begin')
  await query('insert into kept values (2)')
  await assert.rejects(query('select pg_sleep(60)', [], 200), { code: '57014' })
  await query('rollback')
  assert.deepEqual(await query('select n from kept'), [{ n: 1 }])
  assert.equal(STATEMENT_TIMEOUT_MS, 5_000)
})

test('a parameter that is no value fails alone, at once, and ends nothing', async () => {
  const limit = 300
  await assert.rejects(query('select $1::text', [() => {}], limit), { name: 'DataCloneError' })
  await new Promise((resolve) => setTimeout(resolve, limit + 100))
  assert.deepEqual(await query('select 1 as one'), [{ one: 1 }])
})

test('an error of a statement keeps its SQLSTATE and constraint, and the engine goes on', async () => {
  await query('create table once_only (n integer constraint only_once unique)')
  await query('insert into once_only values (1)')
  await assert.rejects(query('insert into once_only values (1)'), {
    code: '23505',
    constraint: 'only_once',
    table: 'once_only',
  })
  assert.deepEqual(await query('select 1 as one'), [{ one: 1 }])
})

test('a folder of another PostgreSQL version is refused, and its lock is given back', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'database'))
  writeFileSync(join(folder, 'database', 'PG_VERSION'), '17\n')
  await assert.rejects(openEngine(folder), /is of PostgreSQL 17; this version of Latchkey brings 18.*Dump it/)
  const lock = await lockFolder(folder)
  lock.release()
  rmSync(folder, { recursive: true })
})

/** A thread that does everything right but fsync. */
const forgetful = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ id }) => parentPort.postMessage({ id, rows: [{ fsyncs: 7 }], affectedRows: 0 }))
  parentPort.postMessage({ ready: true })`

test('an engine whose commits do not reach the disk is refused', async () => {
  const home = process.cwd()
  const elsewhere = temporaryFolder()
  mkdirSync(join(elsewhere, 'lib/data/embedded'), { recursive: true })
  writeFileSync(join(elsewhere, 'lib/data/embedded/worker.ts'), forgetful)
  process.chdir(elsewhere)
  try {
    await assert.rejects(openEngine(join(elsewhere, 'data')), /does not write through to the disk.*DATABASE_URL/)
  } finally {
    process.chdir(home)
    rmSync(elsewhere, { recursive: true })
  }
})

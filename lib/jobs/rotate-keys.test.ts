import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { openCredential, sealToken } from '#lib/connection/seal.ts'
import { doesOpen } from '#lib/crypto/envelope.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { findCredential, insertCredential, shredCredentials } from '#lib/data/credentials.ts'
import { closeDatabase, db, inTransaction, openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { countKeyUses, listKeyIdsInUse, listSealed } from '#lib/data/sealed-values.ts'
import { env } from '#lib/env.ts'
import { operator as findOperator } from '#lib/operator/command.ts'
import { Secret } from '#lib/secret.ts'
import { forgetEnv, onEachEngine, serverUrl, setEnv } from '#lib/testing/engines.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { deliverDue } from './outbox.ts'
import { contextOf, rewrapAll } from './rewrap.ts'
import { keyStates, RETIRE_AFTER_MS, retireKey, rotateKeys } from './rotate-keys.ts'

/** How often a rotation is killed. `npm test` takes a few; a longer run is asked for. */
const ROUNDS = Number(process.env.ROTATE_ROUNDS ?? 2)
const SEALED = Number(process.env.ROTATE_ROWS ?? 150)

let operator: Operator

type Sealed = { connectionId: string; token: string }

async function sealOne(): Promise<Sealed> {
  const { connectionId } = await ask(operator)
  return sealFor(connectionId)
}

async function sealFor(connectionId: string, trx: Kysely<Database> = db()): Promise<Sealed> {
  const token = crypto.randomUUID()
  const value = await sealToken(operator, { connectionId, host: 'acme.pipedrive.com', apiToken: new Secret(token) })
  await insertCredential(trx, operator, { ...value, version: 1, state: 'in_force' })
  return { connectionId, token }
}

async function read({ connectionId, token }: Sealed): Promise<void> {
  const credential = await findCredential(db(), { teamId: operator.teamId, connectionId, state: 'in_force' })
  assert.ok(credential)
  assert.equal((await openCredential(operator, credential, 'check_after_yes')).reveal(), token)
}

/** Many connections of one request, each with a token of its own. */
async function sealMany(count: number): Promise<Sealed[]> {
  const { requestId, connectionId } = await ask(operator)
  const { rows } = await sql<{ id: string }>`
    insert into connections (id, team_id, request_id, customer_id, provider, profile, name, status)
    select id || '-' || n, team_id, request_id, customer_id, provider, profile, name, status
    from connections, generate_series(1, ${count}::int) n where id = ${connectionId} and request_id = ${requestId}
    returning id`.execute(db())
  return inTransaction(async (trx) => {
    const made: Sealed[] = []
    for (const { id } of rows) made.push(await sealFor(id, trx))
    return made
  })
}

/** A process that rotates; on the embedded database it needs the folder for itself. */
async function startChild(databaseUrl: string): Promise<{ kill(): void; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, ['--conditions=react-server', 'lib/testing/rotate-once.ts'], {
    env: {
      NODE_ENV: 'test',
      PATH: process.env.PATH,
      DATA_DIR: env().dataDir,
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  return { kill: () => child.kill('SIGKILL'), ended }
}

async function urlOfServer(): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db())
  return Object.assign(new URL(serverUrl() ?? ''), { pathname: rows[0]?.name }).href
}

function backdateKeys(): void {
  const { masterKeyFile } = env()
  assert.ok(masterKeyFile)
  const before = new Date(Date.now() - RETIRE_AFTER_MS - 1_000)
  utimesSync(masterKeyFile.path, before, before)
}

onEachEngine((engine) => {
  beforeEach(async () => {
    await makeTeam()
    operator = await findOperator()
  })

  test('a rotation moves credentials and waiting letters to a new key, and everything can be read', async () => {
    const sealed = await sealMany(3)
    await requestConnections(operator, {
      customer: 'Acme',
      contact: { name: 'Jane Miller', email: 'jane@acme.example' },
      connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
    })
    const [old] = await listKeyIdsInUse(db())
    const { added, newest, rewrapped, failed } = await rotateKeys(operator)
    assert.equal(newest, added)
    assert.notEqual(newest, old)
    assert.equal(failed, 0)
    assert.ok(rewrapped >= 4)
    assert.deepEqual(await listKeyIdsInUse(db()), [newest])
    for (const one of sealed) await read(one)
    await deliverDue({ limit: 20 })
    const kept = await db()
      .selectFrom('outbox')
      .select(['acceptedAt', 'letter'])
      .where('letter', '=', 'secure_link')
      .execute()
    assert.ok(kept.every(({ acceptedAt }) => acceptedAt))
    const file = readFileSync(join(env().dataDir, 'keys', 'master.key'), 'utf8')
    assert.match(file, new RegExp(`^${newest}:`))
    assert.equal(statSync(join(env().dataDir, 'keys', 'master.key')).mode & 0o777, 0o600)
  })

  test('a rotation that is under way is finished before there is another key', async () => {
    const sealed = await sealOne()
    const { newest } = await rotateKeys(operator)
    await db().updateTable('credentials').set({ keyId: 'k1' }).where('connectionId', '=', sealed.connectionId).execute()
    const again = await rotateKeys(operator)
    assert.equal(again.added, null)
    assert.equal(again.newest, newest)
    assert.equal(again.rewrapped, 1)
    await read(sealed)
  })

  test('a value that cannot be unwrapped is left as it is and counted, and stops nobody', async () => {
    const good = await sealOne()
    const bad = await sealOne()
    await db()
      .updateTable('credentials')
      .set({ host: 'evil.example' })
      .where('connectionId', '=', bad.connectionId)
      .execute()
    const { failed } = await rotateKeys(operator)
    assert.equal(failed, 1)
    await read(good)
    await shredCredentials(db(), {
      teamId: operator.teamId,
      connectionId: bad.connectionId,
      states: ['in_force'],
      into: 'shredded',
    })
    assert.deepEqual(await rewrapAll(), { rewrapped: 0, failed: 0 })
  })

  test('a key goes only when nothing lies under it, no backup needs it, and it was superseded long enough', async () => {
    const sealed = await sealOne()
    const { id: old } = env().masterKeys[0] ?? { id: '' }
    const reasonOf = async (keyId: string, losesBackups = false) => {
      const retirement = await retireKey(operator, { keyId, losesBackups })
      return retirement.kind === 'refused' ? retirement.reason : retirement.kind
    }
    assert.match(await reasonOf(old), /newest key/)
    assert.match(await reasonOf('k99'), /no key k99/)
    await recordAudit(db(), operator, { action: 'backup.made', objectId: operator.teamId, details: { keyIds: [old] } })
    await rotateKeys(operator)
    assert.match(await reasonOf(old), /less than 10 minutes/)
    backdateKeys()
    assert.match(await reasonOf(old), /newest backup/)
    await db().updateTable('credentials').set({ keyId: old }).where('connectionId', '=', sealed.connectionId).execute()
    assert.match(await reasonOf(old, true), /1 credentials, 0 letters and 0 secrets of webhooks still lie/)
    await rewrapAll()
    assert.equal(await reasonOf(old, true), 'retired')
    assert.ok((await keyStates()).every(({ keyId }) => keyId !== old))
    await read(sealed)
  })

  test('keys of the operator are not written: the command finishes what was begun and says what to do', async () => {
    const { dataDir, masterKeys } = env()
    const sealed = await sealOne()
    const entries = masterKeys.map(({ id, key }) => `${id}:${key.reveal()}`)
    setEnv({
      DATA_DIR: dataDir,
      MASTER_KEY: [
        `own1:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`,
        ...entries,
      ].join(' '),
    })
    try {
      const begun = await rotateKeys(operator)
      assert.equal(begun.added, null)
      assert.ok(begun.rewrapped >= 1)
      assert.deepEqual(
        (await countKeyUses(db())).map(({ keyId }) => keyId),
        ['own1'],
      )
      await read(sealed)
      const { added, next } = await rotateKeys(operator)
      assert.equal(added, null)
      assert.match(next ?? '', /first entry, restart every process/)
      const retirement = await retireKey(operator, { keyId: masterKeys[0]?.id ?? '', losesBackups: true })
      assert.equal(retirement.kind, 'yours')
      // Back under the kept keys, for the tests after this one.
      setEnv({ DATA_DIR: dataDir, MASTER_KEY: [...entries, `own1:${env().masterKeys[0]?.key.reveal()}`].join(' ') })
      await rewrapAll()
    } finally {
      forgetEnv()
      setEnv({ DATA_DIR: dataDir })
    }
    await read(sealed)
  })

  test(`a rotation that is killed ${ROUNDS} times loses no read and leaves nothing behind`, async () => {
    const sealed = await sealMany(SEALED)
    let reads = 0
    const readNext = () => read(sealed[reads++ % sealed.length] as Sealed)
    for (let round = 0; round < ROUNDS; round++) {
      const wait = Math.random() * (engine === 'embedded' ? 1_500 : 400)
      if (engine === 'embedded') await killAlone(wait)
      else await killUnderLoad(wait, readNext, sealed)
      for (let n = 0; n < 5; n++) await readNext()
    }
    await rotateKeys(operator)
    const newest = (await keyStates()).find((state) => state.newest)?.keyId
    assert.deepEqual(await listKeyIdsInUse(db()), [newest])
    const rows = await listSealed(db(), 'credentials', { keyId: newest ?? '', after: '', limit: sealed.length * 2 })
    assert.ok(rows.length >= sealed.length)
    for (const row of rows) assert.ok(await doesOpen(row.value, contextOf(row)), row.id)
  })
})

/** The folder takes one process: the rotation has it, dies, and we find what it left. */
async function killAlone(waitMs: number): Promise<void> {
  await closeDatabase()
  const child = await startChild('')
  await sleep(waitMs)
  child.kill()
  await child.ended
  setDatabase(openDatabase({ databaseUrl: null, dataDir: env().dataDir }))
}

/** Two rotations at once, while this process reads and seals. */
async function killUnderLoad(waitMs: number, readNext: () => Promise<void>, sealed: Sealed[]): Promise<void> {
  const url = await urlOfServer()
  const children = await Promise.all([startChild(url), startChild(url)])
  const until = performance.now() + waitMs
  do {
    await readNext()
    sealed.push(await sealOne())
  } while (performance.now() < until)
  for (const child of children) child.kill()
  await Promise.all(children.map(({ ended }) => ended))
}

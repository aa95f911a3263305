import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { Secret } from '#lib/secret.ts'
import { forgetEnv, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { doesOpen, open, rewrap, seal } from './envelope.ts'
import { keyProvider } from './keyring.ts'
import { tryKeys } from './trial.ts'
import { unwrapCounts } from './unwraps.ts'

const folder = temporaryFolder()
const file = join(folder, 'master.key')
const entry = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const first = entry('k1')
const context = { teamId: 'tem_1', connectionId: 'con_1', field: 'apiToken', host: 'acme.pipedrive.com' }

beforeEach(() => {
  writeFileSync(file, first)
  setEnv({ DATA_DIR: folder, MASTER_KEY_FILE: file })
})
after(() => {
  forgetEnv()
  rmSync(folder, { recursive: true })
})

test('a key that is added to the file is used at once, and the older one still opens', async () => {
  const old = await seal(new Secret('token'), context)
  writeFileSync(file, `${entry('k2')}\n${first}\n`)
  assert.equal(await keyProvider().currentKeyId(), 'k2')
  assert.equal((await open(old, context)).reveal(), 'token')
  assert.equal((await seal(new Secret('token'), context)).keyId, 'k2')
})

test('a file that is being edited, is broken or is gone changes nothing for a running process', async () => {
  for (const text of ['', 'k2:cut', `${first}\n${first}`]) {
    writeFileSync(file, text)
    assert.equal(await keyProvider().currentKeyId(), 'k1')
    assert.ok(await keyProvider().hasKey('k1'))
  }
  rmSync(file)
  assert.equal(await keyProvider().currentKeyId(), 'k1')
})

// S33
test('every unwrap is counted by what for, also one that is refused, and nothing but lib/crypto unwraps', async () => {
  const before = unwrapCounts()
  const value = await seal(new Secret('token'), context)
  const link = await seal(new Secret('link'), { ...context, field: 'link' })
  await open(value, context)
  await assert.rejects(open(value, { ...context, host: 'evil.pipedrive.com' }))
  await open(link, { ...context, field: 'link' })
  await doesOpen(value, context)
  await rewrap(value.wrappedKey, context)
  await tryKeys()
  const now = unwrapCounts()
  const since = Object.entries(now).map(([purpose, count]) => [purpose, count - (before[purpose] ?? 0)])
  assert.deepEqual(Object.fromEntries(since), { apiToken: 2, link: 1, check: 1, rewrap: 1, trial: 1 })
  const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.tsx?$/.test(file),
  )
  const callers = files.filter((file) => readFileSync(join('lib', file), 'utf8').includes('.unwrap('))
  assert.deepEqual(callers.sort(), ['crypto/envelope.ts', 'crypto/keyring.ts', 'crypto/trial.ts'])
})

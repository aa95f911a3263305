import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { Secret } from '#lib/secret.ts'
import { forgetEnv, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { open, seal } from './envelope.ts'
import { keyProvider } from './keyring.ts'

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

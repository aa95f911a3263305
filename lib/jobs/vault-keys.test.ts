import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { openCredential } from '#lib/connection/seal.ts'
import type { FakeVault } from '#lib/crypto/vault/fake.ts'
import { startFakeVault } from '#lib/crypto/vault/fake.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { listKeyIdsInUse } from '#lib/data/sealed-values.ts'
import { env } from '#lib/env.ts'
import { operator as findOperator } from '#lib/operator/command.ts'
import { examine } from '#lib/operator/doctor.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { forgetEnv, onEachEngine, setEnv } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { deliverDue } from './outbox.ts'
import { rewrapAll } from './rewrap.ts'
import { keyStates, retireKey, rotateKeys } from './rotate-keys.ts'

const TOKEN = 'hvs.worker'
let pipedrive: FakePipedrive
let vault: FakeVault
let operator: Operator
let asked: Connected

before(async () => {
  pipedrive = await startFakePipedrive()
  vault = await startFakeVault({ tokens: { [TOKEN]: ['encrypt', 'decrypt', 'keys'] } })
})
after(() => Promise.all([pipedrive.close(), vault.stop()]))

/** The same installation with other keys. */
function useKeys(more: Record<string, string>): void {
  const { dataDir } = env()
  forgetEnv()
  setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: pipedrive.url, ...more })
}

const inVault = (more = {}) => ({
  VAULT_ADDR: vault.address,
  VAULT_TRANSIT_KEY: 'latchkey',
  VAULT_TOKEN: TOKEN,
  ...more,
})
const useVault = () => useKeys({ ...inVault(), KEY_PROVIDER: 'vault-transit' })

type Connected = Asked & { team: Operator }

/** Each in a team of its own: one token belongs to one connection of a team. */
async function connectOne(): Promise<Connected> {
  const team = await makeTeam()
  const made = await ask(team)
  assert.equal((await connect(made.holder, typed('admin'))).kind, 'settled')
  return { ...made, team }
}

async function sealedOf({ connectionId, holder }: Asked) {
  const found = await findCredential(db(), { teamId: holder.teamId, connectionId, state: 'in_force' })
  assert.ok(found)
  return found
}

async function assertReadable(...all: Asked[]): Promise<void> {
  for (const one of all) {
    const apiToken = await openCredential(one.holder, await sealedOf(one), 'check_after_yes')
    assert.equal(apiToken.reveal(), fakeToken('admin'))
  }
}

const keysCheck = async () => (await examine()).find(({ check }) => check === 'keys')

onEachEngine(
  () => {
    before(async () => {
      await makeTeam()
      operator = await findOperator()
    })
    beforeEach(async () => {
      await deliverDue({ limit: 50 })
      useKeys(inVault())
      await rewrapAll()
      asked = await connectOne()
    })

    test('moving from keys of this machine to Vault is one rotate-keys; both lie side by side meanwhile', async () => {
      const [local = ''] = await listKeyIdsInUse(db())
      useVault()
      const other = await connectOne()
      const inUse = (await sealedOf(other)).wrappedKey.keyId
      assert.match(inUse, /^vault:latchkey:v\d$/)
      const providers = [await sealedOf(asked), await sealedOf(other)].map(({ wrappedKey }) => wrappedKey.provider)
      assert.deepEqual(providers, ['local', 'vault-transit'])
      await assertReadable(asked, other)
      assert.deepEqual(
        (await keyStates()).map(({ keyId, newest, present }) => ({ keyId, newest, present })),
        [
          { keyId: inUse, newest: true, present: true },
          { keyId: local, newest: false, present: true },
        ],
      )

      const { added, newest, failed } = await rotateKeys(operator)
      assert.deepEqual([added, newest, failed], [null, inUse, 0])
      assert.deepEqual(await listKeyIdsInUse(db()), [inUse])
      assert.equal((await sealedOf(asked)).wrappedKey.provider, 'vault-transit')
      const retirement = await retireKey(operator, { keyId: local, losesBackups: true })
      assert.ok(retirement.kind === 'refused' && /less than 10 minutes/.test(retirement.reason))

      // From now on nothing of this machine is needed.
      const kept = join(env().dataDir, 'keys', 'master.key')
      const text = readFileSync(kept, 'utf8')
      rmSync(kept)
      useVault()
      assert.deepEqual(env().masterKeys, [])
      await assertReadable(asked, other)
      assert.match((await keysCheck())?.detail ?? '', /newest key vault:latchkey:v\d; every key that is needed/)

      // And back.
      writeFileSync(kept, text, { mode: 0o600 })
      useKeys(inVault())
      await assertReadable(asked, other)
      await rotateKeys(operator)
      assert.deepEqual(await listKeyIdsInUse(db()), [local])
      useKeys({})
      await assertReadable(asked, other)
    })

    test('a key that is rotated in Vault wraps at once, and rotate-keys moves what lies under older versions', async () => {
      useVault()
      const { rewrapped } = await rotateKeys(operator)
      const { next } = await rotateKeys(operator)
      assert.match(next ?? '', /vault write -f transit\/keys\/latchkey\/rotate/)
      const [old = ''] = await listKeyIdsInUse(db())
      vault.rotate()
      const newer = await connectOne()
      const newest = (await sealedOf(newer)).wrappedKey.keyId
      assert.notEqual(newest, old)
      await assertReadable(asked, newer)
      const use = await retireKey(operator, { keyId: old, losesBackups: true })
      assert.ok(use.kind === 'refused' && /still lie under/.test(use.reason))
      assert.deepEqual(await rewrapAll(), { rewrapped, failed: 0 })
      assert.deepEqual(await listKeyIdsInUse(db()), [newest])
      const retirement = await retireKey(operator, { keyId: old, losesBackups: true })
      assert.ok(
        retirement.kind === 'yours' && retirement.next.includes(`min_decryption_version=${newest.split(':v')[1]}`),
      )
      vault.setMinDecryptionVersion(Number(newest.split(':v')[1]))
      await assertReadable(asked, newer)
      vault.setMinDecryptionVersion(1)
    })

    // R15
    test('while Vault is of no use nothing is stored, read or moved; it is told by name; afterwards all goes on', async () => {
      useVault()
      const connected = await connectOne()
      const waiting = await ask(await makeTeam())
      const form = typed('admin')
      const { key } = await makeMachine(connected.team)
      const url = `/api/v1/connections/${connected.connectionId}/credential`
      for (const [fault, reason] of [
        ['sealed', /Vault is sealed/],
        ['cut', /Vault cannot be reached/],
      ] as const) {
        vault.fault = fault
        await assert.rejects(connect(waiting.holder, form), reason)
        assert.equal(await countRows('credentials', waiting.connectionId), 0)
        assert.equal((await statusOf(waiting.connectionId)).status, 'sent')
        const answer = await callApi('POST', url, { key, body: { purpose: 'nightly' } })
        assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable'])
        await assert.rejects(rewrapAll(), reason)
        assert.deepEqual([(await keysCheck())?.ok, reason.test((await keysCheck())?.detail ?? '')], [false, true])
        vault.fault = null
      }
      // An outage is no alarm: nobody is to believe that a row was changed.
      const alarms = db().selectFrom('auditEvents').where('action', '=', 'credential.open_refused').select('id')
      assert.deepEqual(await alarms.execute(), [])
      assert.equal((await connect(waiting.holder, form)).kind, 'settled')
      assert.equal((await callApi('POST', url, { key, body: { purpose: 'nightly' } })).status, 200)
      assert.ok((await keysCheck())?.ok)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { confirmPending } from '#lib/connection/confirm.ts'
import { connect } from '#lib/connection/connect.ts'
import { acceptPending } from '#lib/connection/decide.ts'
import { readErrand, whereSealedOpens } from '#lib/connection/errand.ts'
import { askForNewToken } from '#lib/connection/rotate.ts'
import { openCredential } from '#lib/connection/seal.ts'
import { signValue } from '#lib/crypto/digest.ts'
import { isKeyOutage } from '#lib/crypto/key-provider.ts'
import type { FakeVault } from '#lib/crypto/vault/fake.ts'
import { startFakeVault } from '#lib/crypto/vault/fake.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { insertErrand } from '#lib/data/errands.ts'
import { noteWorker, noteWorkerStopped } from '#lib/data/workers.ts'
import { env } from '#lib/env.ts'
import { examine } from '#lib/operator/doctor.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { forgetEnv, onEachEngine, setEnv } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import { beWeb, beWorker } from '#lib/testing/role.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { runErrands } from './errands.ts'

const WEB = 'hvs.web'
const WORKER = 'hvs.worker'
let pipedrive: FakePipedrive
let vault: FakeVault
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
  vault = await startFakeVault({ tokens: { [WEB]: ['encrypt'], [WORKER]: ['encrypt', 'decrypt', 'keys'] } })
})
after(async () => {
  beWeb()
  await Promise.all([pipedrive.close(), vault.stop()])
})

/** This process becomes the other one: its role, and the token that Vault gave it. */
function become(role: 'web' | 'worker'): void {
  const { dataDir } = env()
  forgetEnv()
  setEnv({
    DATA_DIR: dataDir,
    DATABASE_URL: 'postgres://not-used',
    PIPEDRIVE_BASE_URL: pipedrive.url,
    KEY_PROVIDER: 'vault-transit',
    VAULT_ADDR: vault.address,
    VAULT_TRANSIT_KEY: 'latchkey',
    VAULT_TOKEN: role === 'web' ? WEB : WORKER,
    CREDENTIAL_API_ORIGIN: 'https://credentials.example.com',
  })
  if (role === 'web') beWeb()
  else beWorker()
}

const countUnwraps = () => vault.calls.filter(({ action }) => action === 'decrypt').length

const errands = () => db().selectFrom('errands').select(['id', 'failedReference']).execute()

/** Something that is asked at the web, and a worker that takes it up. */
async function withWorker<T>(asking: Promise<T>): Promise<T> {
  while ((await errands()).length === 0) await sleep(10)
  become('worker')
  try {
    await runErrands()
  } finally {
    become('web')
  }
  return asking
}

const manager = (): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: 'stf_1', role: 'admin', address: null })

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      become('web')
      operator = await makeTeam()
      asked = await ask(operator)
      vault.calls.length = 0
    })

    // S29
    test('the web takes and seals a token that it cannot open itself', async () => {
      assert.equal((await connect(asked.holder, typed('admin'))).kind, 'settled')
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      const credential = await findCredential(db(), { ...asked.holder, state: 'in_force' })
      assert.ok(credential)
      await assert.rejects(openCredential(operator, credential, 'check_after_yes'), isKeyOutage)
      assert.equal(countUnwraps(), 0)
      assert.deepEqual(await errands(), [])
      const keys = (await examine()).find(({ check }) => check === 'keys')
      assert.ok(keys?.ok && /this process only wraps/.test(keys.detail), keys?.detail)
    })

    test('the customer’s yes is carried out by the worker, and the web has the outcome', async () => {
      await connect(asked.holder, typed('no-persons'))
      const outcome = await withWorker(confirmPending(asked.holder))
      assert.deepEqual(outcome, {
        kind: 'settled',
        verdictCode: 'LIMITED_ACCESS',
        status: 'connected_limited',
        retryAfterSeconds: null,
      })
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
      assert.equal(countUnwraps(), 1)
      assert.deepEqual(await errands(), [])
      assert.deepEqual(await withWorker(confirmPending(asked.holder)), { kind: 'nothing_pending' })
    })

    test('so is the team’s yes', async () => {
      await connect(asked.holder, typed('feature-off'))
      assert.equal(await acceptPending({ ...manager(), role: 'support' }, asked.connectionId), 'not_allowed')
      assert.equal(await withWorker(acceptPending(manager(), asked.connectionId)), 'done')
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
      assert.deepEqual(await errands(), [])
    })

    test('so is the question whether a replaced token is dead', async () => {
      await connect(asked.holder, typed('admin'))
      const { connectionId } = asked
      assert.equal(await askForNewToken(manager(), { connectionId, reason: 'came by mail' }), 'done')
      const { id: linkId } = await db()
        .selectFrom('secureLinks')
        .select('id')
        .where('requestId', '=', asked.requestId)
        .where('purpose', '=', 'repair')
        .executeTakeFirstOrThrow()
      const newer = new Secret(pipedrive.regenerate('admin'))
      const outcome = await withWorker(connect({ ...asked.holder, linkId }, typed('admin', { apiToken: newer })))
      assert.ok(outcome.kind === 'settled' && outcome.verdictCode === 'OK')
      assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
      const rotated = await db()
        .selectFrom('auditEvents')
        .select('details')
        .where('action', '=', 'connection.rotated')
        .where('objectId', '=', connectionId)
        .executeTakeFirstOrThrow()
      assert.deepEqual(rotated.details, { oldToken: 'refused by Pipedrive' })
    })

    test('without a worker nothing happens, whoever asked is told, and nobody does it later', async () => {
      await connect(asked.holder, typed('no-persons'))
      const before = await statusOf(asked.connectionId)
      const never = () => Promise.reject(new Error('this must not run here'))
      const press = async () => {
        const pressedAt = performance.now()
        const waits = { answerMs: 1_000, nobodyMs: 100 }
        const asking = whereSealedOpens({ kind: 'confirm_pending', holder: asked.holder }, never, waits)
        await assert.rejects(asking, (error: Error) => isKeyOutage(error) && /npm run worker/.test(error.message))
        assert.deepEqual(await errands(), [])
        return performance.now() - pressedAt
      }
      assert.ok((await press()) < 900, 'waited for a worker that gave no sign of life')
      await noteWorker('wrk_1')
      assert.ok((await press()) >= 1_000, 'gave up on a worker that is there')
      await noteWorkerStopped('wrk_1')
      become('worker')
      await runErrands()
      assert.deepEqual(await statusOf(asked.connectionId), before)
    })

    test('what a worker fails at is told with the reference of its log', async () => {
      await connect(asked.holder, typed('no-persons'))
      vault.fault = 'sealed'
      await assert.rejects(withWorker(confirmPending(asked.holder)), /could not do it: see reference [0-9a-f]{8}/)
      vault.fault = null
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_confirmation')
      assert.equal((await withWorker(confirmPending(asked.holder))).kind, 'settled')
    })

    test('an errand that nobody signed, or that was copied to another row, is not done', async () => {
      await connect(asked.holder, typed('no-persons'))
      const asking = { kind: 'confirm_pending', holder: asked.holder }
      const forged = JSON.stringify({ id: 'err_1', ...asking })
      for (const [id, task] of [
        ['err_1', `${forged}.${'A'.repeat(43)}`],
        ['err_2', signValue('errand', forged)],
        ['err_3', signValue('other', JSON.stringify({ id: 'err_3', ...asking }))],
      ] as const) {
        assert.equal(readErrand(id, task), null)
        await insertErrand({ id, teamId: operator.teamId, task })
      }
      become('worker')
      await runErrands()
      const ended = await errands()
      assert.deepEqual([ended.length, ended.every(({ failedReference }) => failedReference)], [3, true])
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_confirmation')
      await db().deleteFrom('errands').execute()
    })

    // S63
    test('the web gives no credential out: it names the worker, and nothing was read', async () => {
      await connect(asked.holder, typed('admin'))
      const { key } = await makeMachine(operator)
      const path = `/api/v1/connections/${asked.connectionId}/credential`
      const answer = await callApi('POST', path, { key, body: { purpose: 'nightly' } })
      assert.deepEqual([answer.status, answer.body.code], [421, 'misdirected'])
      assert.equal(answer.body.address, `https://credentials.example.com${path}`)
      // Whoever has no key learns no address.
      assert.equal((await callApi('POST', path, { body: { purpose: 'nightly' } })).body.address, undefined)
      const reads = db().selectFrom('auditEvents').select('id').where('action', '=', 'credential.read')
      assert.deepEqual(await reads.where('objectId', '=', asked.connectionId).execute(), [])
      become('worker')
      assert.equal((await callApi('POST', path, { key, body: { purpose: 'nightly' } })).status, 200)
      assert.equal(countUnwraps(), 1)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

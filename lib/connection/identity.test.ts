import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { readCase } from '#lib/data/case.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { getConnection } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending } from './confirm.ts'
import { connect } from './connect.ts'
import { acceptPending } from './decide.ts'
import { openCredential } from './seal.ts'
import { retryWaiting } from './watch.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })
const connection = () => getConnection(db(), asked.holder)
const verdictOf = async () => (await statusOf(asked.connectionId)).verdictCode
const manager = (): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: 'stf_test', role: 'admin', address: null })

/** It was connected, and Pipedrive then stopped accepting the token; as the watch leaves it. */
async function connectThenStop(): Promise<void> {
  await connect(asked.holder, typed('admin'))
  assert.equal((await statusOf(asked.connectionId)).status, 'connected')
  await db()
    .updateTable('connections')
    .set({ status: 'stopped', verdictCode: 'STOPPED_WORKING', updatedAt: sql<Date>`now()` })
    .where('id', '=', asked.connectionId)
    .execute()
}

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      await db().deleteFrom('connectionChecks').execute()
      operator = await makeTeam()
      asked = await ask(operator)
    })

    // S21
    test('a company that was renamed meanwhile is followed on a repair, and the manager can read it', async () => {
      await connectThenStop()
      pipedrive.renameCompany('acme', 'acme-group')
      const renewed = pipedrive.regenerate('admin')
      assert.notEqual(renewed, fakeToken('admin'))
      await connect(asked.holder, { ...typed('admin'), apiToken: new Secret(renewed) })
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
      const kept = await inForce()
      assert.equal(kept?.host, 'acme-group.pipedrive.com')
      assert.equal(kept && (await openCredential(operator, kept, 'check_after_yes')).reveal(), renewed)
      const now = await connection()
      assert.deepEqual([now.typedDomain, now.providerCompanyDomain], ['acme-group', 'acme-group'])
      const { renamed } = await readCase(db(), now)
      assert.deepEqual([renamed?.from, renamed?.to], ['acme', 'acme-group'])
    })

    // S21, S25
    test('a value whose host is changed in the database opens no more', async () => {
      await connect(asked.holder, typed('admin'))
      await db()
        .updateTable('credentials')
        .set({ host: 'evil.pipedrive.com' })
        .where('connectionId', '=', asked.connectionId)
        .execute()
      const moved = await inForce()
      assert.ok(moved)
      await assert.rejects(openCredential(operator, moved, 'check_after_yes'))
    })

    test('a rename does not hide that another person gives the token', async () => {
      await connectThenStop()
      pipedrive.renameCompany('acme', 'acme-group')
      await connect(asked.holder, typed('editor'))
      assert.equal(await verdictOf(), 'USER_MISMATCH')
      await confirmPending(asked.holder)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.equal((await inForce())?.host, 'acme-group.pipedrive.com')
      assert.equal((await connection()).typedDomain, 'acme-group')
    })

    test('a rename while a repair waits for the provider is followed by the retry', async () => {
      await connectThenStop()
      const renewed = pipedrive.regenerate('admin')
      pipedrive.setDown('503_json')
      await connect(asked.holder, { ...typed('admin'), apiToken: new Secret(renewed) })
      assert.equal((await inForce())?.host, 'unverified')
      pipedrive.setDown(null)
      pipedrive.renameCompany('acme', 'acme-group')
      await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
      const [due] = await claimDueChecks({ limit: 1, leaseSeconds: 60 })
      assert.ok(due)
      await retryWaiting(due)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.equal((await inForce())?.host, 'acme-group.pipedrive.com')
    })

    test('on a first connection another domain stays a mismatch', async () => {
      pipedrive.renameCompany('acme', 'acme-group')
      await connect(asked.holder, typed('admin'))
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_customer',
        verdictCode: 'COMPANY_MISMATCH',
        version: 0,
      })
    })

    test('a company that took the old name is another company', async () => {
      await connectThenStop()
      pipedrive.renameCompany('acme', 'acme-group')
      pipedrive.renameCompany('acme-uk', 'acme')
      await connect(asked.holder, typed('acme-uk'))
      assert.equal(await verdictOf(), 'WRONG_ACCOUNT')
      assert.equal((await inForce())?.version, 1)
    })

    for (const [who, profile] of [
      ['feature-off', 'read-only-sync'],
      ['regular', 'full-setup'],
      ['deactivated', 'read-only-sync'],
    ] as const)
      test(`the company that the request names comes before what the token of "${who}" may do`, async () => {
        asked = await ask(operator, { expectedDomain: 'globex', profile })
        await connect(asked.holder, typed(who))
        assert.equal(await verdictOf(), 'WRONG_ACCOUNT')
        assert.equal(await acceptPending(manager(), asked.connectionId), 'nothing_pending')
        assert.equal(await inForce(), null)
      })

    test('a missing feature does not hide that another connection uses the token', async () => {
      const other = await ask(operator)
      await connect(other.holder, typed('feature-off'))
      assert.equal(await acceptPending(manager(), other.connectionId), 'done')
      await connect(asked.holder, typed('feature-off'))
      assert.equal(await verdictOf(), 'ALREADY_CONNECTED')
      await acceptPending(manager(), asked.connectionId)
      assert.equal(await verdictOf(), 'FEATURE_OFF')
      await acceptPending(manager(), asked.connectionId)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
    })

    test('two things that differ are asked one after the other, and each once', async () => {
      await connectThenStop()
      await connect(asked.holder, typed('no-persons'))
      assert.equal(await verdictOf(), 'USER_MISMATCH')
      await confirmPending(asked.holder)
      assert.equal(await verdictOf(), 'LIMITED_ACCESS')
      await confirmPending(asked.holder)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
    })

    test('a yes holds for the token it was given for, not for the next one', async () => {
      await connectThenStop()
      await connect(asked.holder, typed('no-persons'))
      await confirmPending(asked.holder)
      await connect(asked.holder, typed('editor'))
      assert.equal(await verdictOf(), 'USER_MISMATCH')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

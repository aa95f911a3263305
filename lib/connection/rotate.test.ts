import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { findStaffByEmail } from '#lib/data/staff.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending } from './confirm.ts'
import { connect } from './connect.ts'
import { asItsCustomerSees, askForNewToken } from './rotate.ts'
import { openCredential } from './seal.ts'

let pipedrive: FakePipedrive
let operator: Operator
let staff: Staff
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const pending = () => findCredential(db(), { ...asked.holder, state: 'pending' })
const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })

async function exposedAt(): Promise<Date | null> {
  const row = await db()
    .selectFrom('connections')
    .select('exposedAt')
    .where('id', '=', asked.connectionId)
    .executeTakeFirstOrThrow()
  return row.exposedAt
}

async function tokenInForce(): Promise<string> {
  const kept = await inForce()
  assert.ok(kept)
  return (await openCredential(operator, kept, 'regular_check')).reveal()
}

/** A connection whose customer said yes to its limits. */
async function connectWithLimits(): Promise<void> {
  asked = await ask(operator)
  await connect(asked.holder, typed('no-persons'))
  await confirmPending(asked.holder)
  assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
}

/** Whoever opens the link of the letter that asks for a new token. */
async function holder() {
  const { id } = await db()
    .selectFrom('secureLinks')
    .select('id')
    .where('requestId', '=', asked.requestId)
    .where('purpose', '=', 'repair')
    .executeTakeFirstOrThrow()
  return { ...asked.holder, linkId: id }
}

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      operator = await makeTeam()
      const member = await findStaffByEmail(db(), operator.teamId, 'maria@northwind.example')
      staff = proven<'staff'>({
        kind: 'staff',
        teamId: operator.teamId,
        staffId: member?.id ?? '',
        role: 'support',
        address: null,
      })
      asked = await ask(operator)
      await connect(asked.holder, typed('admin'))
    })

    test('a token that was seen is replaced while the connection goes on, and the old one was refused', async () => {
      const { connectionId } = asked
      assert.equal(await askForNewToken(staff, { connectionId, reason: null }), 'reason_needed')
      assert.equal(await askForNewToken(staff, { connectionId, reason: 'came by mail' }), 'done')
      assert.equal((await statusOf(connectionId)).status, 'connected')
      assert.deepEqual((await lettersOf(connectionId)).slice(-1), ['rotate'])
      const newer = pipedrive.regenerate('admin')
      await connect(await holder(), typed('admin', { apiToken: new Secret(newer) }))
      assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
      assert.equal(await exposedAt(), null)
      const { details } = await db()
        .selectFrom('auditEvents')
        .select('details')
        .where('objectId', '=', connectionId)
        .where('action', '=', 'connection.rotated')
        .executeTakeFirstOrThrow()
      assert.deepEqual(details, { oldToken: 'refused by Pipedrive' })
      const kept = await inForce()
      assert.ok(kept && (await openCredential(operator, kept, 'check_after_yes')).reveal() === newer)
    })

    test('the same token again is no new one, and the connection goes on with it', async () => {
      const { connectionId } = asked
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const outcome = await connect(await holder(), typed('admin'))
      assert.deepEqual(outcome, {
        kind: 'settled',
        status: 'connected',
        verdictCode: 'STILL_ALIVE',
        retryAfterSeconds: null,
        notKept: true,
      })
      assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      assert.notEqual(await exposedAt(), null)
    })

    for (const name of ['regenerated', 'other-company', 'editor'] as const)
      test(`a try with the token of "${name}" leaves the connection and its token as they were`, async () => {
        const { connectionId } = asked
        await askForNewToken(staff, { connectionId, reason: 'came by mail' })
        await connect(await holder(), typed(name))
        assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
        const kept = await inForce()
        assert.ok(kept && (await openCredential(operator, kept, 'check_after_yes')).reveal() === fakeToken('admin'))
        assert.notEqual(await exposedAt(), null)
      })

    test('the limits that a connection works with hold for the token that replaces the one that was seen', async () => {
      await connectWithLimits()
      const { connectionId } = asked
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const newer = pipedrive.regenerate('no-persons')
      await connect(await holder(), typed('no-persons', { apiToken: new Secret(newer) }))
      assert.deepEqual(await statusOf(connectionId), {
        status: 'connected_limited',
        verdictCode: 'LIMITED_ACCESS',
        version: 2,
      })
      assert.equal(await tokenInForce(), newer)
      assert.equal(await exposedAt(), null)
    })

    test('a replacement that is free of the limits of before lifts them', async () => {
      await connectWithLimits()
      const { connectionId } = asked
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const newer = pipedrive.regenerate('no-persons')
      pipedrive.setBehaviour('no-persons', {})
      await connect(await holder(), typed('no-persons', { apiToken: new Secret(newer) }))
      assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
    })

    test('limits that are new are asked about beside the token that works, and hold once the customer says yes', async () => {
      await connectWithLimits()
      const { connectionId } = asked
      const older = await tokenInForce()
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const newer = pipedrive.regenerate('no-persons')
      pipedrive.setBehaviour('no-persons', { persons: '403_no_permission', deals: '403_no_permission' })
      const outcome = await connect(await holder(), typed('no-persons', { apiToken: new Secret(newer) }))
      assert.ok(outcome.kind === 'settled' && outcome.verdictCode === 'LIMITED_ACCESS' && !outcome.notKept)
      const before = await statusOf(connectionId)
      assert.deepEqual(before, { status: 'connected_limited', verdictCode: 'LIMITED_ACCESS', version: 1 })
      assert.equal(await tokenInForce(), older)
      assert.notEqual(await exposedAt(), null)
      const letters = await lettersOf(connectionId)
      const asks = asItsCustomerSees(await getConnection(db(), asked.holder), await pending(), null)
      assert.equal(asks.status, 'needs_confirmation')

      const answers = await Promise.all([confirmPending(await holder()), confirmPending(await holder())])
      assert.ok(answers.some(({ kind }) => kind === 'settled'))
      assert.equal((await statusOf(connectionId)).version, 2)
      assert.equal(await tokenInForce(), newer)
      assert.equal(await exposedAt(), null)
      assert.deepEqual((await lettersOf(connectionId)).slice(letters.length), ['receipt', 'connected_notice'])
      assert.equal((await confirmPending(await holder())).kind, 'nothing_pending')
    })

    test('a replacement that waits for a yes gives way to the next one that is brought', async () => {
      const { connectionId } = asked
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const newer = pipedrive.regenerate('admin')
      pipedrive.setBehaviour('admin', { persons: '403_no_permission' })
      await connect(await holder(), typed('admin', { apiToken: new Secret(newer) }))
      assert.notEqual(await pending(), null)
      await connect(await holder(), typed('regenerated'))
      assert.equal(await pending(), null)
      assert.equal((await confirmPending(await holder())).kind, 'nothing_pending')
      assert.deepEqual(await statusOf(connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      assert.equal(await tokenInForce(), fakeToken('admin'))
    })

    test('a token that was seen and stopped working is replaced once, not twice', async () => {
      const { connectionId } = asked
      await askForNewToken(staff, { connectionId, reason: 'came by mail' })
      const newer = pipedrive.regenerate('admin')
      await db().updateTable('connections').set({ status: 'stopped' }).where('id', '=', connectionId).execute()
      await connect(await holder(), typed('admin', { apiToken: new Secret(newer) }))
      assert.equal((await statusOf(connectionId)).status, 'connected')
      assert.equal(await exposedAt(), null)
    })

    test('what is not connected has no token to replace', async () => {
      asked = await ask(operator)
      assert.equal(await askForNewToken(staff, { connectionId: asked.connectionId, reason: 'x' }), 'not_connected')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

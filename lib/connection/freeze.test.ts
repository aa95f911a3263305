import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { db } from '#lib/data/database.ts'
import { findFreezeAt } from '#lib/data/freezes.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, eventsOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import type { Frozen } from './freeze.ts'
import { findFreezable, freeze, tellFrozen, thaw } from './freeze.ts'
import { lookAgain } from './watch.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked
let key: string

before(async () => {
  pipedrive = await startFakePipedrive({ companies: ['freeze-1'] })
})
after(() => pipedrive.close())

async function staffOf(role: StaffRole): Promise<Staff> {
  const { teamId } = operator
  const staffId = await upsertStaff(db(), { teamId, email: `${role}@northwind.example`, name: `The ${role}`, role })
  return proven<'staff'>({ kind: 'staff', teamId, staffId, role, address: null })
}

const read = (connectionId: string) =>
  callApi('POST', `/api/v1/connections/${connectionId}/credential`, { key, body: { purpose: 'Nightly sync' } })

async function connected(name: string, domain: string): Promise<Asked> {
  const made = await ask(operator)
  await connect(made.holder, typed(name, { domain }))
  return made
}

/** What integrations are told of the connection itself. */
async function toldOf(connectionId: string): Promise<string[]> {
  await tellFrozen()
  return (await eventsOf(connectionId)).filter((type) => type.startsWith('connection.'))
}

async function auditOf(objectId: string) {
  const rows = await db()
    .selectFrom('auditEvents')
    .select(['action', 'actorKind', 'reason'])
    .where('objectId', '=', objectId)
    .where('action', 'in', ['hand_off.frozen', 'hand_off.thawed', 'credential.withheld'])
    .orderBy('id')
    .execute()
  return rows.map(({ action, actorKind, reason }) => [action, actorKind, reason])
}

async function frozenAt(scope: Frozen['scope']): Promise<Frozen & { id: string }> {
  if (scope === 'team') return { scope, id: operator.teamId }
  if (scope === 'connection') return { scope, connectionId: asked.connectionId, id: asked.connectionId }
  const customer = await findFreezable(operator, { connectionId: asked.connectionId })
  return { scope, customerId: customer?.id ?? '', id: customer?.id ?? '' }
}

async function freezeId(objectId: string): Promise<string> {
  return (await findFreezeAt(db(), { teamId: operator.teamId, objectId }))?.id ?? ''
}

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      await db().deleteFrom('connectionChecks').execute()
      operator = await makeTeam()
      key = (await makeMachine(operator)).key
      asked = await connected('admin', 'acme')
    })

    for (const scope of ['connection', 'customer', 'team'] as const)
      test(`support stops hand-off (${scope}): the next read is refused, and only an admin lets it go on`, async () => {
        const [support, admin, manager] = await Promise.all([
          staffOf('support'),
          staffOf('admin'),
          staffOf('account_manager'),
        ])
        const { id, ...frozen } = await frozenAt(scope)
        assert.equal((await read(asked.connectionId)).status, 200)
        assert.equal(await freeze(manager, { ...frozen, reason: 'Leak' }), 'not_allowed')
        assert.equal(await freeze(support, { ...frozen, reason: '  ' }), 'reason_needed')
        assert.equal((await read(asked.connectionId)).status, 200)

        assert.equal(await freeze(support, { ...frozen, reason: ' Leak ' }), 'done')
        assert.equal(await freeze(admin, { ...frozen, reason: 'Leak too' }), 'frozen_already')
        const unwraps = mock.method(keyProvider(), 'unwrap')
        const refused = await read(asked.connectionId)
        assert.equal(unwraps.mock.callCount(), 0)
        unwraps.mock.restore()
        assert.deepEqual([refused.status, refused.body.code], [423, 'hand_off_frozen'])
        assert.match(refused.body.type, /#hand_off_frozen$/)
        assert.equal(refused.body.frozen.scope, scope)
        assert.ok(!refused.text.includes('Leak') && !refused.text.includes(fakeToken('admin')))

        const open = await freezeId(id)
        for (const staff of [support, manager])
          assert.equal(await thaw(staff, { freezeId: open, reason: null }), 'not_allowed')
        assert.equal((await read(asked.connectionId)).status, 423)
        assert.equal(await thaw(admin, { freezeId: open, reason: 'Key replaced' }), 'done')
        assert.equal(await thaw(admin, { freezeId: open, reason: null }), 'not_frozen')
        assert.equal((await read(asked.connectionId)).status, 200)
        assert.deepEqual(
          (await auditOf(id)).filter(([action]) => action !== 'credential.withheld'),
          [
            ['hand_off.frozen', 'staff', 'Leak'],
            ['hand_off.thawed', 'staff', 'Key replaced'],
          ],
        )
        const withheld = (await auditOf(asked.connectionId)).filter(([action]) => action === 'credential.withheld')
        assert.deepEqual(withheld, Array(2).fill(['credential.withheld', 'integration', '“Nightly sync”']))
      })

    test('only what was named is stopped, and another team cannot touch it', async () => {
      const other = await connected('admin@freeze-1', 'freeze-1')
      await freeze(operator, { scope: 'connection', connectionId: asked.connectionId, reason: 'Leak' })
      assert.deepEqual([(await read(asked.connectionId)).status, (await read(other.connectionId)).status], [423, 200])
      const stranger = await makeTeam()
      assert.equal(await thaw(stranger, { freezeId: await freezeId(asked.connectionId), reason: null }), 'not_frozen')
      await freeze(stranger, { scope: 'team', reason: 'Ours alone' })
      assert.equal((await read(other.connectionId)).status, 200)
    })

    test('integrations hear of each connection once, however many stops hold it', async () => {
      const waiting = await ask(operator)
      await freeze(operator, { scope: 'connection', connectionId: asked.connectionId, reason: 'Leak' })
      await freeze(operator, { scope: 'team', reason: 'Leak' })
      const stopped = ['connection.ready', 'connection.frozen']
      assert.deepEqual(await toldOf(asked.connectionId), stopped)
      await thaw(operator, { freezeId: await freezeId(operator.teamId), reason: null })
      assert.deepEqual(await toldOf(asked.connectionId), stopped)
      assert.equal((await read(asked.connectionId)).status, 423)
      await thaw(operator, { freezeId: await freezeId(asked.connectionId), reason: null })
      assert.deepEqual(await toldOf(asked.connectionId), [...stopped, 'connection.thawed'])
      assert.deepEqual(await toldOf(waiting.connectionId), [])
    })

    test('every admin gets a mail that says what, who and why; nobody else does', async () => {
      const support = await staffOf('support')
      await freeze(support, { ...(await frozenAt('customer')), reason: 'A laptop was stolen' })
      const letters = await db()
        .selectFrom('outbox')
        .select(['letter', 'recipientEmail', 'payload'])
        .where('teamId', '=', operator.teamId)
        .where('letter', 'in', ['frozen_notice', 'thawed_notice'])
        .execute()
      assert.deepEqual(
        letters.map(({ letter, recipientEmail }) => [letter, recipientEmail]),
        [['frozen_notice', 'maria@northwind.example']],
      )
      assert.partialDeepStrictEqual(letters[0]?.payload, {
        what: 'all connections of Acme',
        who: 'The support',
        reason: 'A laptop was stolen',
      })
    })

    test('the watcher goes on while hand-off is stopped', async () => {
      await freeze(operator, { scope: 'team', reason: 'Leak' })
      const { calls } = pipedrive.stats
      await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
      await lookAgain(await claimDueChecks({ limit: 10, leaseSeconds: 60 }))
      assert.equal(pipedrive.stats.calls - calls, 1)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

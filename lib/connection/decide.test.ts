import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ROUNDS } from '#lib/testing/rounds.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { openCase } from './case.ts'
import { connect } from './connect.ts'
import { acceptPending, changeCompany, checkNow, refusePending } from './decide.ts'
import { findLinkByKey } from './links.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const member = (role: StaffRole, teamId = operator.teamId): Staff =>
  proven<'staff'>({ kind: 'staff', teamId, staffId: `stf_${role}`, role, address: null })

const pending = () => findCredential(db(), { ...asked.holder, state: 'pending' })
const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })

/** The token of this connection is one that another connection of the team uses. */
async function shareToken(): Promise<void> {
  const other = await ask(operator)
  await connect(other.holder, typed('admin'))
  await connect(asked.holder, typed('admin'))
  assert.equal((await statusOf(asked.connectionId)).verdictCode, 'ALREADY_CONNECTED')
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    test('both are wanted: the token that waited is checked again and put in force, and the customer hears of it', async () => {
      await shareToken()
      assert.equal(await acceptPending(member('account_manager'), asked.connectionId), 'done')
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      assert.equal(await pending(), null)
      assert.equal((await inForce())?.host, 'acme.pipedrive.com')
      assert.ok((await lettersOf(asked.connectionId)).includes('finished'))
    })

    test('a missing feature that is accepted connects with limits', async () => {
      await connect(asked.holder, typed('feature-off'))
      assert.equal(await acceptPending(member('admin'), asked.connectionId), 'done')
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
    })

    test('another token is asked for: what waited is erased, and the link goes out again', async () => {
      await shareToken()
      assert.equal(await refusePending(member('account_manager'), asked.connectionId), 'done')
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_customer')
      assert.equal(await pending(), null)
      assert.ok((await lettersOf(asked.connectionId)).includes('still_needed'))
      assert.equal(await acceptPending(member('admin'), asked.connectionId), 'nothing_pending')
    })

    test('of two decisions at once one counts', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        operator = await makeTeam()
        asked = await ask(operator)
        await shareToken()
        const [one, two] = await Promise.all([
          acceptPending(member('admin'), asked.connectionId),
          refusePending(member('account_manager'), asked.connectionId),
        ])
        assert.deepEqual([one, two].sort(), ['done', 'nothing_pending'])
        const { status } = await statusOf(asked.connectionId)
        assert.equal(status, one === 'done' ? 'connected' : 'needs_customer')
      }
    })

    test('the company that was given becomes the expected one, and the customer gets a new link', async () => {
      asked = await ask(operator, { expectedDomain: 'acme' })
      await connect(asked.holder, typed('other-company', { domain: 'globex' }))
      const change = { connectionId: asked.connectionId, domain: 'https://globex.pipedrive.com/deals' }
      assert.equal(await changeCompany(member('admin'), { ...change, domain: 'no company' }), 'not_a_company')
      assert.equal(await changeCompany(member('admin'), change), 'done')
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'replaced')
      const connection = await openCase(member('admin'), asked.connectionId)
      assert.deepEqual([connection?.status, connection?.expectedDomain], ['queued', 'globex'])
      assert.equal(await changeCompany(member('admin'), change), 'nothing_pending')
    })

    test('support decides nothing', async () => {
      await shareToken()
      assert.equal(await acceptPending(member('support'), asked.connectionId), 'not_allowed')
      assert.equal(await refusePending(member('support'), asked.connectionId), 'not_allowed')
      const change = { connectionId: asked.connectionId, domain: 'globex' }
      assert.equal(await changeCompany(member('support'), change), 'not_allowed')
      assert.ok(await pending())
    })

    test('a check that waits is run at the next turn; a connection that waits for nothing is not', async () => {
      const check = { connectionId: asked.connectionId, reason: 'Jane waits on the phone' }
      assert.equal(await checkNow(member('support'), check), 'not_waiting')
      await connect(asked.holder, typed('error-500'))
      assert.equal(await checkNow(member('support'), { ...check, reason: null }), 'reason_needed')
      assert.equal(await checkNow(member('support'), check), 'done')
      const due = await db()
        .selectFrom('connectionChecks')
        .select('dueAt')
        .where('connectionId', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.ok(due.dueAt.getTime() <= Date.now() + 1_000)
    })

    // S39
    test('an id of another team opens nothing and is written down, like one of nobody', async () => {
      const stranger = member('admin', (await makeTeam()).teamId)
      const ofNobody = `con_${'0'.repeat(26)}`
      for (const id of [asked.connectionId, ofNobody]) assert.equal(await openCase(stranger, id), null)
      const events = await db()
        .selectFrom('auditEvents')
        .select(['action', 'objectId', 'outcome'])
        .where('teamId', '=', stranger.teamId)
        .orderBy('id')
        .execute()
      assert.deepEqual(
        events,
        [asked.connectionId, ofNobody].map((objectId) => ({
          action: 'connection.unknown',
          objectId,
          outcome: 'refused',
        })),
      )
      assert.equal(await openCase(stranger, "con_'; drop table"), null)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

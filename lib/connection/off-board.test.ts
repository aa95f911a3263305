import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { findOffBoarding } from '#lib/data/off-boardings.ts'
import { addTally } from '#lib/data/provider-health.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, eventsOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { checkEnd, confirmOffBoarding, offBoard, withdraw } from './off-board.ts'
import { probeEnd } from './prove-end.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const close = () => offBoard(operator, { connectionId: asked.connectionId, reason: 'project over', days: 7 })
const ending = () => findOffBoarding(db(), asked.holder)
const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })

async function probe(): Promise<void> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  const due = await claimDueChecks({ limit: 10, leaseSeconds: 60 })
  const [mine] = due.filter(({ connectionId }) => connectionId === asked.connectionId)
  assert.equal(mine?.reason, 'off_board')
  await probeEnd(mine)
}

async function passTime(seconds: number): Promise<void> {
  const back = sql<Date>`make_interval(secs => ${seconds})`
  await sql`update off_boardings set first_refused_at = first_refused_at - ${back}, deadline = deadline - ${back}`.execute(
    db(),
  )
  // Somebody else's token was accepted meanwhile.
  await addTally('pipedrive', { fine: 1, refused: 0, unanswered: 0, companies: [] })
}

const events = () => eventsOf(asked.connectionId)

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      for (const table of ['connectionChecks', 'providerMinutes', 'providerIncidents'] as const)
        await db().deleteFrom(table).execute()
      operator = await makeTeam()
      asked = await ask(operator)
      await connect(asked.holder, typed('admin'))
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
    })

    test('closing asks the customer with a link of its own, tells integrations, and happens once', async () => {
      assert.deepEqual(await Promise.all([close(), close()]).then((ends) => ends.sort()), ['done', 'not_connected'])
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-1), ['withdraw'])
      const { purpose } = await db()
        .selectFrom('secureLinks')
        .select('purpose')
        .where('requestId', '=', asked.requestId)
        .where('replacedAt', 'is', null)
        .executeTakeFirstOrThrow()
      assert.equal(purpose, 'off_board')
      assert.deepEqual(await events(), ['request.sent', 'connection.ready', 'connection.offboarding'])
      assert.ok(await confirmOffBoarding(operator, asked.connectionId))
      assert.equal(await confirmOffBoarding(operator, asked.connectionId), false)
    })

    // S32
    test('refused twice, a minute apart: erased, proved, and both sides are told', async () => {
      await close()
      pipedrive.regenerate('admin')
      await probe()
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
      await probe()
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding', 'proved within the minute')
      await passTime(61)
      await probe()
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'closed', verdictCode: 'PROVEN_DEAD', version: 1 })
      assert.equal(await inForce(), null)
      const rows = await db()
        .selectFrom('credentials')
        .select(['sealed', 'wrappedKey', 'state'])
        .where('connectionId', '=', asked.connectionId)
        .execute()
      assert.deepEqual(rows, [{ sealed: null, wrappedKey: null, state: 'shredded' }])
      const over = await ending()
      assert.equal(over?.outcome, 'proved')
      assert.equal(over?.proof?.httpStatus, 401)
      assert.ok(over?.proof?.firstRefusedAt && over.proof.refusedAt && over.proof.firstRefusedAt < over.proof.refusedAt)
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-2), ['closed', 'closed_notice'])
      assert.deepEqual((await events()).slice(-1), ['connection.proved_dead'])
      assert.deepEqual(await claimDueChecks({ limit: 5, leaseSeconds: 60 }), [])
    })

    test('a token that still works is said to work, and a refusal before counts no more', async () => {
      await close()
      pipedrive.setBehaviour('admin', { identity: '401', times: 1 })
      await probe()
      assert.notEqual((await ending())?.firstRefusedAt, null)
      await passTime(61)
      await probe()
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'STILL_ALIVE')
      assert.equal((await ending())?.firstRefusedAt, null)
      assert.ok(await inForce())
    })

    for (const answer of ['500', '429_burst', '503_html', '403_api_off', 'reset'] as const)
      test(`${answer} proves nothing`, async () => {
        await close()
        pipedrive.setBehaviour('admin', { identity: answer })
        await probe()
        await passTime(61)
        await probe()
        assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
        assert.ok(await inForce())
      })

    test('at the deadline it is erased without a proof, and everybody reads that', async () => {
      await close()
      await passTime(8 * 86_400)
      await probe()
      assert.equal((await statusOf(asked.connectionId)).status, 'closed_unproven')
      assert.equal(await inForce(), null)
      assert.equal((await ending())?.outcome, 'unproven')
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-2), ['closed_unproven', 'closed_unproven_notice'])
    })

    test('the customer ends it by themselves; the link that they hold goes on working', async () => {
      assert.equal(await withdraw(asked.holder), 'done')
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
      assert.deepEqual((await events()).slice(2).sort(), ['connection.offboarding', 'connection.withdrawn'])
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-1), ['withdrawal_notice'])
      assert.equal(await checkEnd(asked.holder, 'regenerate'), 'asked')
      assert.equal((await ending())?.way, 'regenerate')
      assert.equal(await withdraw(asked.holder), 'not_connected')
    })

    test('no token is taken any more once the end has begun', async () => {
      await withdraw(asked.holder)
      assert.deepEqual(await connect(asked.holder, typed('editor')), { kind: 'done_before' })
    })

    test('what was never connected has nothing to withdraw', async () => {
      asked = await ask(operator)
      assert.equal(await close(), 'not_connected')
      assert.equal(await withdraw(asked.holder), 'not_connected')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

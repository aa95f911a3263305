import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { findOffBoarding } from '#lib/data/off-boardings.ts'
import { addTally } from '#lib/data/provider-health.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ROUNDS } from '#lib/testing/rounds.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, eventsOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { callOff } from './call-off.ts'
import { connect } from './connect.ts'
import { offBoard, withdraw } from './off-board.ts'
import { probeEnd } from './prove-end.ts'
import { lookAgain } from './watch.ts'

/** The second starts up to so much later, so that it meets every part of the first. */
const RACE_STEP_MS = 12

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive({ companies: Array.from({ length: ROUNDS }, (_, round) => `race-${round}`) })
})
after(() => pipedrive.close())

const staffAs = (role: StaffRole): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: 'stf_test', role, address: null })
const close = () => offBoard(operator, { connectionId: asked.connectionId, reason: 'project over', days: 7 })
const keep = (role: StaffRole = 'account_manager') =>
  callOff(staffAs(role), { connectionId: asked.connectionId, reason: 'It goes on after all.' })
const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })

async function claimMine() {
  const due = await claimDueChecks({ limit: 500, leaseSeconds: 60 })
  return due.filter(({ connectionId }) => connectionId === asked.connectionId)
}

/** The time of every check has come. */
async function makeDue(): Promise<void> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
}

async function probe(): Promise<void> {
  await makeDue()
  for (const due of await claimMine()) await probeEnd(due)
}

async function passTime(seconds: number): Promise<void> {
  const back = sql<Date>`make_interval(secs => ${seconds})`
  await sql`update off_boardings set first_refused_at = first_refused_at - ${back}`.execute(db())
  await sql`update connections set suspect_since = suspect_since - ${back}`.execute(db())
  // Somebody else's token was accepted meanwhile.
  await addTally('pipedrive', { fine: 1, refused: 0, unanswered: 0, companies: [] })
}

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

    test('the connection goes on with its token, is looked at at once, and everybody is told', async () => {
      await close()
      assert.equal(await keep(), 'done')
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      assert.ok(await inForce())
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-1), ['kept'])
      assert.deepEqual((await eventsOf(asked.connectionId)).slice(-2), ['connection.offboarding', 'connection.kept'])
      const link = await findNewestLink(db(), asked.holder)
      assert.deepEqual([link?.purpose, link?.state], ['off_board', 'revoked'])
      const due = await claimMine()
      assert.deepEqual(
        due.map(({ reason, urgent }) => [reason, urgent]),
        [['watch', true]],
      )
      await lookAgain(due)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      const { reason, details } = await db()
        .selectFrom('auditEvents')
        .select(['reason', 'details'])
        .where('action', '=', 'connection.called_off')
        .where('objectId', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.deepEqual([reason, details], ['It goes on after all.', { to: 'connected' }])
    })

    test('it can be closed again afterwards, as if for the first time', async () => {
      await close()
      await keep()
      assert.equal(await findOffBoarding(db(), asked.holder), null)
      assert.equal(await close(), 'done')
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
      assert.equal((await findOffBoarding(db(), asked.holder))?.outcome, null)
    })

    test('limits that were accepted before are there again', async () => {
      await db()
        .updateTable('connections')
        .set({ status: 'connected_limited', verdictCode: 'LIMITED_ACCESS' })
        .where('id', '=', asked.connectionId)
        .execute()
      await close()
      await keep()
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'connected_limited',
        verdictCode: 'LIMITED_ACCESS',
        version: 1,
      })
    })

    test('a token that was withdrawn meanwhile stops the connection, and its customer gets a link for a new one', async () => {
      await close()
      pipedrive.regenerate('admin')
      await probe()
      await passTime(61)
      assert.equal(await keep(), 'done')
      await lookAgain(await claimMine())
      assert.equal((await statusOf(asked.connectionId)).status, 'stopped')
      assert.ok((await lettersOf(asked.connectionId)).includes('stopped'))
      const link = await findNewestLink(db(), asked.holder)
      assert.deepEqual([link?.purpose, link?.state], ['repair', 'live'])
    })

    test('one refusal while it was closing is still one: the second comes a minute later', async () => {
      await close()
      pipedrive.regenerate('admin')
      await probe()
      await keep()
      await lookAgain(await claimMine())
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      await passTime(61)
      await makeDue()
      await lookAgain(await claimMine())
      assert.equal((await statusOf(asked.connectionId)).status, 'stopped')
    })

    test('what had stopped before has stopped again, with a link for its repair', async () => {
      await db()
        .updateTable('connections')
        .set({ status: 'stopped', verdictCode: 'STOPPED_WORKING', stoppedAt: sql<Date>`now()` })
        .where('id', '=', asked.connectionId)
        .execute()
      await close()
      await keep()
      assert.equal((await statusOf(asked.connectionId)).status, 'stopped')
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-2), ['kept', 'stopped'])
      const link = await findNewestLink(db(), asked.holder)
      assert.deepEqual([link?.purpose, link?.state], ['repair', 'live'])
    })

    test('it is too late once the token is erased', async () => {
      await close()
      pipedrive.regenerate('admin')
      await probe()
      await passTime(61)
      await probe()
      const closed = await statusOf(asked.connectionId)
      assert.equal(closed.status, 'closed')
      assert.equal(await keep(), 'too_late')
      assert.deepEqual(await statusOf(asked.connectionId), closed)
    })

    test('what a customer ended by themselves stays ended', async () => {
      await withdraw(asked.holder)
      assert.equal(await keep(), 'customers_wish')
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
    })

    test('support may not, nobody may without a reason, and nothing happens where nothing is closing', async () => {
      assert.equal(await keep(), 'not_closing')
      await close()
      assert.equal(await keep('support'), 'not_allowed')
      const silent = callOff(staffAs('admin'), { connectionId: asked.connectionId, reason: null })
      assert.equal(await silent, 'reason_needed')
      assert.equal((await statusOf(asked.connectionId)).status, 'off_boarding')
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-1), ['withdraw'])
    })

    test('of two who call it off at once one does, and its customer hears of it once', async () => {
      await close()
      const outcomes = await Promise.all([keep(), keep('admin')])
      assert.deepEqual(outcomes.toSorted(), ['done', 'not_closing'])
      const letters = await lettersOf(asked.connectionId)
      assert.equal(letters.filter((letter) => letter === 'kept').length, 1)
    })

    // R5
    test('called off and proved dead at once: it goes on with its token, or is closed without one', async (t) => {
      const endings: Record<string, number> = {}
      for (let round = 0; round < ROUNDS; round++) {
        const company = `race-${round}`
        asked = await ask(operator)
        await connect(asked.holder, typed(`admin@${company}`, { domain: company }))
        await close()
        pipedrive.regenerate(`admin@${company}`)
        await probe()
        await passTime(61)
        await makeDue()
        const [due] = await claimMine()
        assert.ok(due)
        const proving = probeEnd(due)
        await sleep(round % RACE_STEP_MS)
        const [outcome] = await Promise.all([keep(), proving])
        const { status } = await statusOf(asked.connectionId)
        const isKept = outcome === 'done'
        assert.deepEqual([outcome, status], isKept ? ['done', 'connected'] : ['too_late', 'closed'])
        assert.equal((await inForce()) !== null, isKept)
        const letters = await lettersOf(asked.connectionId)
        assert.deepEqual([letters.includes('kept'), letters.includes('closed')], [isKept, !isKept])
        endings[status] = (endings[status] ?? 0) + 1
      }
      t.diagnostic(`of ${ROUNDS} rounds: ${JSON.stringify(endings)}`)
    })

    test('a question that was under way when it was called off writes nothing', async () => {
      await close()
      pipedrive.regenerate('admin')
      await probe()
      await passTime(61)
      await makeDue()
      const [late] = await claimMine()
      assert.ok(late)
      await keep()
      await probeEnd(late)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.ok(await inForce())
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

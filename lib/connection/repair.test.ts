import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { addTally } from '#lib/data/provider-health.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, eventsOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending } from './confirm.ts'
import { connect } from './connect.ts'
import { openCredential } from './seal.ts'
import { lookAgain, retryWaiting } from './watch.ts'

/**
 * C8 while Pipedrive is away: the token stopped working, its customer brings another one, and nobody can say yet whether
 * it is right.
 */
let pipedrive: FakePipedrive
let operator: Operator
let key: string
let asked: Asked
/** What Pipedrive gives the customer after "Generate new token". */
let newer: string

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })
const pending = () => findCredential(db(), { ...asked.holder, state: 'pending' })
const handOut = () =>
  callApi('POST', `/api/v1/connections/${asked.connectionId}/credential`, { key, body: { purpose: 'nightly sync' } })
const bring = (apiToken: string) => connect(asked.holder, typed('admin', { apiToken: new Secret(apiToken) }))

async function claimMine() {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  const due = await claimDueChecks({ limit: 10, leaseSeconds: 60 })
  return due.filter(({ connectionId }) => connectionId === asked.connectionId)
}

async function look(): Promise<void> {
  await lookAgain(await claimMine())
}

/** Pipedrive is asked again for what waits. */
async function retry(): Promise<void> {
  const [due] = await claimMine()
  assert.equal(due?.reason, 'waiting')
  await retryWaiting(due)
}

/** The watcher saw the old token refused twice, and its customer holds the link for the repair. */
async function stopWorking(): Promise<void> {
  newer = pipedrive.regenerate('admin')
  await look()
  await sql`update connections set suspect_since = suspect_since - interval '61 seconds'`.execute(db())
  await addTally('pipedrive', { fine: 1, refused: 0, unanswered: 0, companies: [] })
  await look()
  assert.equal((await statusOf(asked.connectionId)).status, 'stopped')
  const link = await findNewestLink(db(), asked.holder)
  assert.equal(link?.purpose, 'repair')
  asked.holder = { ...asked.holder, linkId: link.id }
}

/** Nothing leaves for an integration but a token that was verified. */
async function assertNothingIsHandedOut(code: string): Promise<void> {
  const { status, body } = await handOut()
  assert.deepEqual([status, body.code], [409, code])
}

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      for (const table of ['connectionChecks', 'providerMinutes', 'providerIncidents', 'providerPauses'] as const)
        await db().deleteFrom(table).execute()
      operator = await makeTeam()
      key = (await makeMachine(operator)).key
      asked = await ask(operator)
      await connect(asked.holder, typed('admin'))
      await stopWorking()
    })

    const away: FakeAnswer[] = ['500', '503_html', 'reset', 'html_200', '429_burst']
    for (const answer of away)
      test(`${answer}: the new token is sealed and waits, and ends connected in the same place, one version on`, async () => {
        pipedrive.setBehaviour('admin', { identity: answer })
        await bring(newer)
        assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
        const kept = await inForce()
        assert.equal(kept?.host, 'unverified')
        assert.equal((await openCredential(operator, kept, 'check_while_waiting')).reveal(), newer)
        await assertNothingIsHandedOut('waiting_for_provider')

        await retry()
        assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
        assert.ok(await inForce(), 'a try without an answer lost the token')

        pipedrive.setBehaviour('admin', {})
        await db().deleteFrom('providerPauses').execute()
        await retry()
        assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
        assert.equal((await inForce())?.host, 'acme.pipedrive.com')
        assert.deepEqual((await eventsOf(asked.connectionId)).slice(-1), ['connection.replaced'])
        const letters = await lettersOf(asked.connectionId)
        assert.deepEqual(letters.slice(-2), ['finished', 'connected_notice'])
        const handed = await handOut()
        assert.deepEqual([handed.body.version, handed.body.headers], [2, { 'x-api-token': newer }])
      })

    test('Pipedrive knows the person and says nothing more: the new token waits all the same', async () => {
      pipedrive.setBehaviour('admin', { reads: '500' })
      await bring(newer)
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
      await assertNothingIsHandedOut('waiting_for_provider')
      pipedrive.setBehaviour('admin', {})
      await retry()
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
    })

    test('the token that stopped working is recognised while Pipedrive is away, and nobody is asked', async () => {
      pipedrive.setDown('500')
      const calls = pipedrive.stats.calls
      await bring(fakeToken('admin'))
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_customer',
        verdictCode: 'TOKEN_SAME_AS_BEFORE',
        version: 1,
      })
      assert.equal(pipedrive.stats.calls, calls)
      await bring(newer)
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
    })

    test('a replacement that Pipedrive refuses in the end is asked for again, and the old token is still recognised', async () => {
      pipedrive.setDown('500')
      await bring('0123456789abcdef0123456789abcdef01234567')
      pipedrive.setDown(null)
      await retry()
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_customer',
        verdictCode: 'TOKEN_REJECTED',
        version: 2,
      })
      assert.ok((await lettersOf(asked.connectionId)).includes('still_needed'))
      await assertNothingIsHandedOut('needs_action')

      pipedrive.setDown('500')
      await bring(fakeToken('admin'))
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'TOKEN_SAME_AS_BEFORE')
      pipedrive.setDown(null)
      await bring(newer)
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 3 })
    })

    test('a replacement that could not be used yet is no token that stopped working: brought again, it connects', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      pipedrive.setDown(null)
      pipedrive.setBehaviour('admin', { identity: '402' })
      await retry()
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'ACCOUNT_NOT_OPEN')
      pipedrive.setBehaviour('admin', {})
      await bring(newer)
      const { status, verdictCode } = await statusOf(asked.connectionId)
      assert.deepEqual([status, verdictCode], ['connected', 'OK'])
    })

    test('a token that waited for a yes, and gave way to a wrong one, may be brought again', async () => {
      const editors = fakeToken('editor')
      await bring(editors)
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'USER_MISMATCH')
      await bring('0123456789abcdef0123456789abcdef01234567')
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'TOKEN_REJECTED')
      await bring(editors)
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'USER_MISMATCH')
    })

    test('somebody else’s token that waited is kept for a yes, and nothing leaves before', async () => {
      pipedrive.setDown('500')
      await bring(fakeToken('editor'))
      pipedrive.setDown(null)
      await retry()
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_confirmation',
        verdictCode: 'USER_MISMATCH',
        version: 2,
      })
      assert.equal(await inForce(), null)
      const kept = await pending()
      assert.ok(kept && (await openCredential(operator, kept, 'check_after_yes')).reveal() === fakeToken('editor'))
      await assertNothingIsHandedOut('needs_action')
      await confirmPending(asked.holder)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.deepEqual((await handOut()).body.headers, { 'x-api-token': fakeToken('editor') })
    })

    test('a look at the old token that was under way when the new one came changes nothing', async () => {
      pipedrive.setDown('500')
      const due = await claimMine()
      await bring(newer)
      await lookAgain(due)
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
      pipedrive.setDown(null)
      await retry()
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

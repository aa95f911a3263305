import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending, forgetUnanswered } from './confirm.ts'
import { connect } from './connect.ts'
import { openCredential } from './seal.ts'
import { retryWaiting } from './watch.ts'

let pipedrive: FakePipedrive
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })

async function claim(leaseSeconds = 60) {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
  const [due] = await claimDueChecks({ limit: 1, leaseSeconds })
  assert.equal(due?.connectionId, asked.connectionId)
  return due
}

// R11
onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      await db().deleteFrom('connectionChecks').execute()
      asked = await ask(await makeTeam())
      pipedrive.setBehaviour('admin', { identity: '503_json' })
      await connect(asked.holder, typed('admin'))
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
    })

    test('while Pipedrive is down the token is kept for no host, and nothing says connected', async () => {
      assert.equal((await inForce())?.host, 'unverified')
      assert.deepEqual(await lettersOf(asked.connectionId), [])
      const sealedBefore = await inForce()
      await retryWaiting(await claim())
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
      assert.deepEqual(await inForce(), sealedBefore, 'sealed again for nothing')
      assert.equal(await countRows('verifications', asked.connectionId), 2)
    })

    test('when Pipedrive is back the token is sealed for its host, once, and the customer is told', async () => {
      pipedrive.setBehaviour('admin', {})
      await retryWaiting(await claim())
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      const kept = await inForce()
      assert.equal(kept?.host, 'acme.pipedrive.com')
      assert.ok(kept && (await openCredential(asked.holder, kept, 'check_after_yes')).reveal() === fakeToken('admin'))
      assert.deepEqual(await lettersOf(asked.connectionId), ['finished', 'connected_notice'])
      assert.deepEqual(await claimDueChecks({ limit: 5, leaseSeconds: 60 }), [])
    })

    test('a token that is refused after the wait is destroyed, and the customer is asked again', async () => {
      pipedrive.setBehaviour('admin', { identity: '401' })
      await retryWaiting(await claim())
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_customer')
      assert.equal(await inForce(), null)
      const rows = await db()
        .selectFrom('credentials')
        .select(['sealed', 'wrappedKey'])
        .where('connectionId', '=', asked.connectionId)
        .execute()
      assert.deepEqual(rows, [{ sealed: null, wrappedKey: null }])
      assert.deepEqual(await lettersOf(asked.connectionId), ['still_needed', 'manager_notice'])
    })

    // R13
    test('a worker that lost its lease writes nothing', async () => {
      pipedrive.setBehaviour('admin', {})
      const mine = await claim()
      await db().updateTable('connectionChecks').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute()
      const theirs = await claim()
      assert.notEqual(theirs.lease, mine.lease)
      await retryWaiting(mine)
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
      assert.equal(await countRows('verifications', asked.connectionId), 1)
      await retryWaiting(theirs)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      await retryWaiting(theirs)
      assert.equal(await countRows('verifications', asked.connectionId), 2)
    })

    test('a yes to limits is remembered while the provider is away', async () => {
      await db().deleteFrom('connectionChecks').execute()
      asked = await ask(await makeTeam())
      await connect(asked.holder, typed('no-persons'))
      pipedrive.setDown('503_json')
      await confirmPending(asked.holder)
      assert.equal((await statusOf(asked.connectionId)).status, 'waiting_provider')
      pipedrive.setDown(null)
      await retryWaiting(await claim())
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
    })

    test('what waits for a yes is erased after 24 hours, and not an hour before', async () => {
      asked = await ask(await makeTeam())
      await connect(asked.holder, typed('no-persons'))
      const age = (hours: number) =>
        db()
          .updateTable('credentials')
          .set({ expiresAt: sql<Date>`created_at + interval '24 hours' - make_interval(hours => ${hours})` })
          .where('connectionId', '=', asked.connectionId)
          .execute()
      const { left } = await db()
        .selectFrom('credentials')
        .select(sql<number>`extract(epoch from expires_at - created_at)::int`.as('left'))
        .where('connectionId', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.equal(left, 24 * 3_600)
      await age(23)
      await forgetUnanswered()
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_confirmation')
      await age(24)
      // Dead for its reader even before the housekeeping comes by.
      assert.deepEqual(await confirmPending(asked.holder), { kind: 'nothing_pending' })
      await forgetUnanswered()
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_customer')
      const rows = await db()
        .selectFrom('credentials')
        .select(['state', 'sealed', 'wrappedKey'])
        .where('connectionId', '=', asked.connectionId)
        .execute()
      assert.deepEqual(rows, [{ state: 'shredded', sealed: null, wrappedKey: null }])
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

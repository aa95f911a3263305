import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db, useDatabase as setDatabase } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending } from './confirm.ts'
import { connect } from './connect.ts'
import { openCredential } from './seal.ts'
import type { Status } from './status.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })
const pending = () => findCredential(db(), { ...asked.holder, state: 'pending' })
const letters = () => lettersOf(asked.connectionId)

/** What differs from "typed what is right" leads where. `host`: what the kept value is bound to, null when none is kept. */
const endings: [who: string, code: VerdictCode, status: Status, host: string | null][] = [
  ['admin', 'OK', 'connected', 'acme.pipedrive.com'],
  ['regenerated', 'TOKEN_REJECTED', 'needs_customer', null],
  ['other-company', 'COMPANY_MISMATCH', 'needs_customer', 'globex.pipedrive.com'],
  ['no-persons', 'LIMITED_ACCESS', 'needs_confirmation', 'acme.pipedrive.com'],
  ['feature-off', 'FEATURE_OFF', 'needs_manager', 'acme.pipedrive.com'],
  ['error-500', 'PIPEDRIVE_DOWN', 'waiting_provider', 'unverified'],
  ['html-200', 'UNEXPECTED_ANSWER', 'waiting_provider', 'unverified'],
  ['burst', 'RATE_LIMITED', 'waiting_provider', 'unverified'],
]

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    for (const [who, code, status, host] of endings)
      test(`the token of "${who}" ends as ${code}, ${status}, sealed for ${host ?? 'nobody'}`, async () => {
        const outcome = await connect(asked.holder, typed(who))
        assert.equal(outcome.kind, 'settled')
        const { status: stored, verdictCode } = await statusOf(asked.connectionId)
        assert.deepEqual([stored, verdictCode], [status, code])
        const kept = (await inForce()) ?? (await pending())
        assert.equal(kept?.host ?? null, host)
        if (kept) assert.equal((await openCredential(operator, kept, 'check_after_yes')).reveal(), fakeToken(who))
        const checks = await db()
          .selectFrom('connectionChecks')
          .select('reason')
          .where('connectionId', '=', asked.connectionId)
          .execute()
        const reason = { waiting_provider: 'waiting', connected: 'watch', connected_limited: 'watch' }[status as string]
        assert.deepEqual(checks, reason ? [{ reason }] : [])
      })

    // R3
    test('a form that is sent 20 times is checked once, sealed once and mailed once', async () => {
      const form = typed('admin')
      const first = await connect(asked.holder, form)
      const callsBefore = pipedrive.stats.calls
      for (let press = 0; press < 18; press++) assert.deepEqual(await connect(asked.holder, form), first)
      assert.equal(pipedrive.stats.calls, callsBefore)
      assert.equal(await countRows('credentials', asked.connectionId), 1)
      assert.equal((await statusOf(asked.connectionId)).version, 1)
      assert.deepEqual(await letters(), ['receipt', 'connected_notice'])
    })

    test('two presses at once have one check and one answer', async () => {
      const form = typed('admin')
      const [one, two] = await Promise.all([connect(asked.holder, form), connect(asked.holder, form)])
      assert.deepEqual(one, two)
      assert.equal(await countRows('verifications', asked.connectionId), 1)
    })

    test('the same form with another token is another submission', async () => {
      const form = typed('regenerated')
      await connect(asked.holder, form)
      await connect(asked.holder, { ...form, apiToken: typed('admin').apiToken })
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
    })

    // R9
    test('when the answer to COMMIT is lost, what the database kept is the answer', async () => {
      const form = typed('admin')
      const outcome = await withBrokenTransactions('after', () => connect(asked.holder, form))
      assert.deepEqual(outcome, {
        kind: 'settled',
        verdictCode: 'OK',
        status: 'connected',
        retryAfterSeconds: null,
      })
      assert.deepEqual(await connect(asked.holder, form), outcome)
      assert.equal(await countRows('credentials', asked.connectionId), 1)
      assert.deepEqual(await letters(), ['receipt', 'connected_notice'])
    })

    test('when the database dies before COMMIT nothing is kept, and pressing again works at once', async () => {
      const form = typed('admin')
      await assert.rejects(
        withBrokenTransactions('before', () => connect(asked.holder, form)),
        /connection lost/,
      )
      assert.equal(await countRows('credentials', asked.connectionId), 0)
      assert.equal(await countRows('verifications', asked.connectionId), 0)
      const startedMs = Date.now()
      assert.equal((await connect(asked.holder, form)).kind, 'settled')
      assert.ok(Date.now() - startedMs < 10_000, 'waited for the lease of the first press')
    })

    // S9
    test('the eleventh check in ten minutes is refused, and each refusal comes at once', async () => {
      for (let press = 0; press < 10; press++)
        assert.equal((await connect(asked.holder, typed('regenerated'))).kind, 'settled')
      const callsBefore = pipedrive.stats.calls
      const form = typed('admin')
      for (let press = 0; press < 2; press++) {
        const startedMs = Date.now()
        const outcome = await connect(asked.holder, form)
        assert.ok(outcome.kind === 'throttled' && outcome.retryAfterSeconds > 0 && outcome.retryAfterSeconds <= 600)
        assert.ok(Date.now() - startedMs < 10_000, 'waited for the lease of the first press')
      }
      assert.equal(pipedrive.stats.calls, callsBefore)
      assert.equal((await inForce()) ?? null, null)
      const others = await ask(operator)
      assert.equal((await connect(others.holder, typed('admin'))).kind, 'settled', 'another link is not throttled')
    })

    test('after a stored submission none is taken any more', async () => {
      await connect(asked.holder, typed('admin'))
      assert.deepEqual(await connect(asked.holder, typed('editor')), { kind: 'done_before' })
      assert.equal((await inForce())?.version, 1)
    })

    test('a token that stopped working is recognised before anybody is asked', async () => {
      await connect(asked.holder, typed('admin'))
      await stop()
      const callsBefore = pipedrive.stats.calls
      await connect(asked.holder, typed('admin'))
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_customer',
        verdictCode: 'TOKEN_SAME_AS_BEFORE',
        version: 1,
      })
      assert.equal(pipedrive.stats.calls, callsBefore)
    })

    test('a repair with a token of another person needs a yes, and a yes puts it in force', async () => {
      await connect(asked.holder, typed('admin'))
      await stop()
      await connect(asked.holder, typed('editor'))
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'USER_MISMATCH')
      assert.equal((await pending())?.version, 2)
      assert.equal((await inForce())?.version, 1)
      await confirmPending(asked.holder)
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
      const kept = await inForce()
      assert.ok(kept && (await openCredential(operator, kept, 'check_after_yes')).reveal() === fakeToken('editor'))
    })

    test('a repair with a token of another company is stopped', async () => {
      await connect(asked.holder, typed('admin'))
      await stop()
      await connect(asked.holder, typed('other-company', { domain: 'globex' }))
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'WRONG_ACCOUNT')
      assert.equal(await pending(), null)
    })

    test('another company than the request names is stopped, and no yes helps', async () => {
      asked = await ask(operator, { expectedDomain: 'acme' })
      await connect(asked.holder, typed('other-company', { domain: 'globex' }))
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_manager',
        verdictCode: 'WRONG_ACCOUNT',
        version: 0,
      })
      assert.deepEqual(await letters(), ['manager_notice'])
      assert.deepEqual(await confirmPending(asked.holder), { kind: 'nothing_pending' })
    })

    test('a token that another connection of the team uses needs the manager; in another team it does not', async () => {
      const other = await ask(operator)
      await connect(other.holder, typed('admin'))
      await connect(asked.holder, typed('admin'))
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_manager',
        verdictCode: 'ALREADY_CONNECTED',
        version: 0,
      })
      const elsewhere = await ask(await makeTeam())
      await connect(elsewhere.holder, typed('admin'))
      assert.equal((await statusOf(elsewhere.connectionId)).status, 'connected')
    })

    test('a yes to limits connects with limits; a second yes finds nothing', async () => {
      await connect(asked.holder, typed('no-persons'))
      assert.equal((await confirmPending(asked.holder)).kind, 'settled')
      assert.equal((await statusOf(asked.connectionId)).status, 'connected_limited')
      assert.deepEqual(await confirmPending(asked.holder), { kind: 'nothing_pending' })
    })

    // S20
    test('nothing but GET ever reached Pipedrive, and no token outside its header', () => {
      assert.equal(pipedrive.stats.writes, 0)
      assert.equal(pipedrive.stats.tokensOutsideHeader, 0)
      assert.ok(pipedrive.stats.calls > 0)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

/** As the watch leaves a connection whose token died. */
async function stop(): Promise<void> {
  await db()
    .updateTable('connections')
    .set({ status: 'stopped', verdictCode: 'STOPPED_WORKING', updatedAt: sql<Date>`now()` })
    .where('id', '=', asked.connectionId)
    .execute()
}

/** Every transaction loses its connection: before its COMMIT reached the database, or after, when only the answer is lost. */
async function withBrokenTransactions<T>(when: 'before' | 'after', work: () => Promise<T>): Promise<T> {
  const whole = db()
  const lost = () => Object.assign(new Error('connection lost'), { code: '08006' })
  const transaction = () => ({
    execute: async (inner: Parameters<ReturnType<typeof whole.transaction>['execute']>[0]) => {
      await whole.transaction().execute(async (trx) => {
        await inner(trx)
        if (when === 'before') throw lost()
      })
      throw lost()
    },
  })
  const broken = new Proxy(whole, {
    get(target, name) {
      if (name === 'transaction') return transaction
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  setDatabase(broken)
  try {
    return await work()
  } finally {
    setDatabase(whole)
  }
}

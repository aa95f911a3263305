import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { admitBackgroundChecks } from '#lib/data/provider-pauses.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import { providers } from '#lib/providers/registry.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { admit } from './admit.ts'
import { connect } from './connect.ts'
import { heedLimits, SHORT_WINDOW_SECONDS } from './pace.ts'
import { retryWaiting } from './watch.ts'

const started: FakePipedrive[] = []
let pipedrive: FakePipedrive
let operator: Operator
after(() => Promise.all(started.map((fake) => fake.close())))

const at = (company: string) => ({ teamId: operator.teamId, provider: 'pipedrive', company })
const answer = (who: string, identity: FakeAnswer, times?: number) =>
  pipedrive.setBehaviour(who, { identity, ...(times && { times }) })

const secondsOf = async (company: string, checks = 1): Promise<number[]> => {
  const same = Array.from({ length: checks }, (_, index) => ({ ...at(company), connectionId: String(index) }))
  return [...(await admitBackgroundChecks(same, SHORT_WINDOW_SECONDS)).values()]
}

async function submit(who: string, domain: string): Promise<Asked & { code: string; calls: number }> {
  const asked = await ask(operator)
  const before = pipedrive.stats.calls
  const outcome = await connect(asked.holder, typed(who, { domain }))
  assert.ok(outcome.kind === 'settled', outcome.kind)
  return { ...asked, code: outcome.verdictCode, calls: pipedrive.stats.calls - before }
}

/** Runs the check of a connection that waits, and answers how many calls that took. */
async function retry({ connectionId }: Asked): Promise<number> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now() + interval '1 day'` }).execute()
  await db()
    .updateTable('connectionChecks')
    .set({ dueAt: sql<Date>`now()` })
    .where('connectionId', '=', connectionId)
    .execute()
  const [due] = await claimDueChecks({ limit: 1, leaseSeconds: 60 })
  assert.equal(due?.connectionId, connectionId)
  const before = pipedrive.stats.calls
  for (const check of await admit([due])) await retryWaiting(check)
  return pipedrive.stats.calls - before
}

async function queued({ connectionId }: Asked) {
  return db()
    .selectFrom('connectionChecks')
    .select(['attempt', 'lease', sql<boolean>`due_at > now()`.as('isLater')])
    .where('connectionId', '=', connectionId)
    .executeTakeFirstOrThrow()
}

const forgetPauses = () => db().deleteFrom('providerPauses').execute()

// R12
onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      operator = await makeTeam()
    })

    test('after a spent day that names its end nobody calls the company before it, and nobody is asked twice', async () => {
      answer('admin@one', '429_daily_retry_date')
      const first = await submit('admin@one', 'one')
      assert.deepEqual([first.code, first.calls], ['DAILY_LIMIT', 1])
      assert.equal(await retry(first), 0)

      const second = await submit('regular@one', 'ONE')
      assert.deepEqual([second.code, second.calls], ['DAILY_LIMIT', 0])
      assert.equal((await statusOf(second.connectionId)).status, 'waiting_provider')
      assert.equal(await countRows('credentials', second.connectionId), 1)
      const seen = await getConnection(db(), second.holder)
      assert.equal(seen.checkedAt, null, 'nothing was checked')
      const { everyoneUntil } = await db()
        .selectFrom('providerPauses')
        .select('everyoneUntil')
        .where('company', '=', 'one')
        .where('teamId', '=', operator.teamId)
        .executeTakeFirstOrThrow()
      assert.ok(seen.nextCheckAt && seen.nextCheckAt >= everyoneUntil, 'sooner than Pipedrive wants it')

      assert.equal((await submit('admin@two', 'two')).code, 'OK')
      operator = await makeTeam()
      assert.equal((await submit('regular@one', 'one')).code, 'OK', 'another team is held up by nobody')
    })

    test("the short window is one token's own: it stops nobody who has another one", async () => {
      answer('admin@one', '429_retry_date')
      const first = await submit('admin@one', 'one')
      assert.equal(first.code, 'RATE_LIMITED')
      assert.equal((await submit('regular@one', 'one')).code, 'OK')
      assert.equal(await retry(first), 0)
    })

    test('the short window is waited out: the customer gets a real answer', async () => {
      answer('admin@one', '429_burst', 1)
      assert.equal((await submit('admin@one', 'one')).code, 'RATE_LIMITED')
      assert.equal((await submit('regular@one', 'one')).code, 'OK')
    })

    test('a limit without a time keeps the background still for a while, not people', async () => {
      for (const [who, limit, code] of [
        ['admin@one', '429_daily', 'DAILY_LIMIT'],
        ['admin@two', '403_cloudflare', 'RATE_LIMITED'],
      ] as const) {
        answer(who, limit)
        const waiting = await submit(who, who.slice(6))
        assert.equal(waiting.code, code)
        answer(who, 'ok')
        assert.equal(await retry(waiting), 0)
        assert.deepEqual(await queued(waiting), { attempt: 0, lease: null, isLater: true })
        assert.equal((await submit(`regular@${who.slice(6)}`, who.slice(6))).code, 'OK')
        await forgetPauses()
        assert.ok((await retry(waiting)) > 0)
        assert.equal((await statusOf(waiting.connectionId)).status, 'connected')
      }
    })

    test('of many background checks of a company one goes at a time', async () => {
      const seconds = (await Promise.all(Array.from({ length: 8 }, () => secondsOf('one')))).flat()
      assert.equal(seconds.filter((wait) => wait === 0).length, 1)
      const [first, second, third] = await secondsOf('two', 3)
      assert.deepEqual([first, Number(third) - Number(second)], [0, SHORT_WINDOW_SECONDS])
      assert.deepEqual(await secondsOf('three'), [0])
    })

    test('the background waits while a person’s check runs, never the other way round', async () => {
      answer('admin@one', '500', 1)
      const waiting = await submit('admin@one', 'one')
      answer('regular@one', 'slow')
      const running = submit('regular@one', 'one')
      while (pipedrive.calls.at(-1)?.token !== 'regular@one') await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(await retry(waiting), 0)
      assert.equal((await running).code, 'OK')
      assert.ok((await retry(waiting)) > 0)
      // Its spacing holds only others of its kind.
      assert.notDeepEqual(await secondsOf('one'), [0])
      assert.equal((await submit('regular@one', 'one')).code, 'ALREADY_CONNECTED')
    })

    test('the background waits while Pipedrive says that little is left', async () => {
      const verdict = { code: 'OK', retryAfterSeconds: null } as Verdict
      await heedLimits(at('one'), { ...verdict, burst: { left: 40, resetSeconds: 2 } })
      assert.deepEqual(await secondsOf('one'), [0])
      await heedLimits(at('two'), { ...verdict, burst: { left: 5, resetSeconds: 2 } })
      assert.notDeepEqual(await secondsOf('two'), [0])
    })

    // R11
    test('after a day of waiting the manager is told, once, whether Pipedrive is asked or not', async () => {
      answer('admin@one', '429_retry_date')
      const waiting = await submit('admin@one', 'one')
      const age = (hours: number) =>
        db()
          .updateTable('connections')
          .set({ waitingSince: sql<Date>`now() - make_interval(hours => ${hours})` })
          .where('id', '=', waiting.connectionId)
          .execute()
      await age(23)
      assert.equal(await retry(waiting), 0)
      assert.deepEqual(await lettersOf(waiting.connectionId), [])
      await age(24)
      assert.equal(await retry(waiting), 0)
      assert.deepEqual(await lettersOf(waiting.connectionId), ['waiting_notice'])
      await forgetPauses()
      answer('admin@one', '500')
      assert.equal(await retry(waiting), 1)
      assert.deepEqual(await lettersOf(waiting.connectionId), ['waiting_notice'])
      answer('admin@one', 'ok')
      await forgetPauses()
      await retry(waiting)
      assert.deepEqual(await lettersOf(waiting.connectionId), ['waiting_notice', 'finished', 'connected_notice'])
    })

    // R14; the last one, because the host rests from here on.
    test('a check that the open breaker refused is no try: it comes again, and nothing is said about Pipedrive', async () => {
      answer('admin@one', '500')
      const waiting = await submit('admin@one', 'one')
      for (let round = 0; round < 5; round++)
        await providers.pipedrive.verify({
          apiToken: new Secret(fakeToken('hang')),
          companyDomain: 'acme',
          needs: { capabilities: [], accountAdmin: false, startDate: null },
          depth: 'identity',
          fakeBaseUrl: pipedrive.url,
          timeoutMs: 60,
        })
      assert.equal(await retry(waiting), 0)
      assert.deepEqual(await queued(waiting), { attempt: 0, lease: null, isLater: true })
      assert.equal(await countRows('verifications', waiting.connectionId), 1)
      const person = await submit('regular@one', 'one')
      assert.deepEqual([person.code, person.calls], ['PIPEDRIVE_DOWN', 0])
    })
  },
  async () => {
    pipedrive = await startFakePipedrive({ companies: ['one', 'two'] })
    started.push(pipedrive)
    return { PIPEDRIVE_BASE_URL: pipedrive.url }
  },
)

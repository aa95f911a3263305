import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ROUNDS } from '#lib/testing/rounds.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending } from './confirm.ts'
import { connect } from './connect.ts'
import { decline } from './decline.ts'
import { handOver } from './hand-over.ts'
import { reissueLink, revokeLink } from './links.ts'

let pipedrive: FakePipedrive
before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const STEPS = 6

/**
 * Runs both at once, each round on a connection of its own. The second starts later from round to round, up to the
 * time that the first took before, so that it meets every part of it.
 */
async function race<One, Two>(
  t: TestContext,
  operator: Operator,
  contest: (asked: Asked) => [() => Promise<One>, () => Promise<Two>],
  judge: (asked: Asked, ends: { one: One; two: Two }) => Promise<void>,
): Promise<void> {
  let tookMs = 0
  const endings: Record<string, number> = {}
  for (let round = 0; round < ROUNDS; round++) {
    const asked = await ask(operator)
    const [first, second] = contest(asked)
    const startedMs = Date.now()
    const timed = first().finally(() => {
      tookMs = Date.now() - startedMs
    })
    await sleep((tookMs * (round % STEPS)) / STEPS)
    const [one, two] = await Promise.all([timed, second()])
    await judge(asked, { one, two })
    const ending = `${nameOf(one)}, ${nameOf(two)}`
    endings[ending] = (endings[ending] ?? 0) + 1
    await forgetTokens(operator)
  }
  t.diagnostic(`of ${ROUNDS} rounds: ${JSON.stringify(endings)}`)
}

/** How one side of a race ended, for the figures of a run. */
function nameOf(end: unknown): string {
  if (typeof end === 'string') return end
  return end && typeof end === 'object' && 'kind' in end ? String(end.kind) : 'done'
}

/** So that the next round's token is not one that another connection uses. */
async function forgetTokens({ teamId }: Operator): Promise<void> {
  await db()
    .updateTable('credentials')
    .set({ state: 'shredded', sealed: null, wrappedKey: null })
    .where('teamId', '=', teamId)
    .execute()
}

const linksOf = (requestId: string, state: 'live' | 'any') => {
  const all = db().selectFrom('secureLinks').select('id').where('requestId', '=', requestId)
  return (
    state === 'any'
      ? all
      : all.where('revokedAt', 'is', null).where('replacedAt', 'is', null).where('expiresAt', '>', sql<Date>`now()`)
  ).execute()
}

/** Stored and acknowledged, or refused and nothing stored: never one without the other. */
async function assertWhole({ connectionId }: Asked, kind: string): Promise<void> {
  const stored = kind === 'settled' ? 1 : 0
  assert.equal(await countRows('credentials', connectionId), stored)
  assert.equal(await countRows('verifications', connectionId), stored)
  assert.deepEqual(await lettersOf(connectionId), stored ? ['receipt', 'connected_notice'] : [])
  assert.equal((await statusOf(connectionId)).version, stored)
}

// R5
onEachEngine(
  () => {
    test('two tabs: one is stored, the other reads that it was done before', async (t) => {
      await race(
        t,
        await makeTeam(),
        ({ holder }) => [() => connect(holder, typed('admin')), () => connect(holder, typed('editor'))],
        async (asked, { one, two }) => {
          assert.deepEqual([one.kind, two.kind].sort(), ['done_before', 'settled'])
          await assertWhole(asked, 'settled')
        },
      )
    })

    test('submit and revoke: stored and connected, or refused and revoked', async (t) => {
      const operator = await makeTeam()
      await race(
        t,
        operator,
        ({ holder, requestId }) => [
          () => connect(holder, typed('admin')),
          () => revokeLink(operator, { requestId, reason: 'race' }),
        ],
        async (asked, { one }) => {
          await assertWhole(asked, one.kind)
          const { status } = await statusOf(asked.connectionId)
          assert.equal(status, one.kind === 'settled' ? 'connected' : 'revoked')
          assert.deepEqual(await linksOf(asked.requestId, 'live'), [])
        },
      )
    })

    // S10
    test('submit and re-send: stored under the old link, or refused because it is dead; one link lives', async (t) => {
      const operator = await makeTeam()
      await race(
        t,
        operator,
        ({ holder, requestId }) => [
          () => connect(holder, typed('admin')),
          () => reissueLink(operator, { requestId, deliver: 'link' }),
        ],
        async (asked, { one }) => {
          assert.ok(one.kind === 'settled' || (one.kind === 'link_ended' && one.state === 'replaced'), one.kind)
          await assertWhole(asked, one.kind)
          assert.equal((await linksOf(asked.requestId, 'live')).length, 1)
          assert.equal((await linksOf(asked.requestId, 'any')).length, 2)
        },
      )
    })

    test('two re-sends at once leave one link alive', async (t) => {
      const operator = await makeTeam()
      await race(
        t,
        operator,
        ({ requestId }) => [
          () => reissueLink(operator, { requestId, deliver: 'link' }),
          () => reissueLink(operator, { requestId, deliver: 'link' }),
        ],
        async ({ requestId }) => {
          assert.equal((await linksOf(requestId, 'any')).length, 3)
          assert.equal((await linksOf(requestId, 'live')).length, 1)
        },
      )
    })

    test('submit and expire: stored, or refused and nothing stored', async (t) => {
      await race(
        t,
        await makeTeam(),
        ({ holder }) => [
          () => connect(holder, typed('admin')),
          () =>
            db()
              .updateTable('secureLinks')
              .set({ expiresAt: sql<Date>`now() - interval '1 day'` })
              .where('id', '=', holder.linkId)
              .execute(),
        ],
        async (asked, { one }) => {
          assert.ok(one.kind === 'settled' || (one.kind === 'link_ended' && one.state === 'expired'), one.kind)
          await assertWhole(asked, one.kind)
        },
      )
    })

    test('submit and hand-over: stored and nothing to pass on, or passed on and nothing stored', async (t) => {
      await race(
        t,
        await makeTeam(),
        ({ holder }) => [
          () => connect(holder, typed('admin')),
          () => handOver(holder, { name: 'Omar Haddad', email: 'omar@acme.example', note: null }),
        ],
        async ({ requestId, connectionId }, { one, two }) => {
          const stored = one.kind === 'settled'
          assert.ok(stored || (one.kind === 'link_ended' && one.state === 'handed_over'), one.kind)
          assert.equal(two, stored ? 'nothing_open' : 'done')
          assert.equal(await countRows('credentials', connectionId), stored ? 1 : 0)
          assert.equal((await statusOf(connectionId)).status, stored ? 'connected' : 'queued')
          assert.equal((await linksOf(requestId, 'live')).length, stored ? 1 : 0)
        },
      )
    })

    test('submit and "I am not the right person": stored, or refused and nothing stored', async (t) => {
      await race(
        t,
        await makeTeam(),
        ({ holder }) => [() => connect(holder, typed('admin')), () => decline(holder, { reason: 'left', text: '' })],
        async ({ connectionId }, { one }) => {
          const stored = one.kind === 'settled'
          assert.ok(stored || (one.kind === 'link_ended' && one.state === 'declined'), one.kind)
          assert.equal(await countRows('credentials', connectionId), stored ? 1 : 0)
          assert.equal((await statusOf(connectionId)).status, stored ? 'connected' : 'declined')
        },
      )
    })

    test('two hand-overs at once: one colleague has the connection', async (t) => {
      const passTo = (name: string) => ({ name, email: `${name}@acme.example`, note: null })
      await race(
        t,
        await makeTeam(),
        ({ holder }) => [() => handOver(holder, passTo('omar')), () => handOver(holder, passTo('olga'))],
        async ({ requestId }, { one, two }) => {
          assert.deepEqual([one, two].sort(), ['done', 'link_ended'])
          assert.deepEqual(await linksOf(requestId, 'live'), [])
        },
      )
    })

    test('two yeses at once put one credential in force', async () => {
      const operator = await makeTeam()
      for (let round = 0; round < ROUNDS; round++) {
        const { holder, connectionId } = await ask(operator)
        await connect(holder, typed('no-persons'))
        const ends = await Promise.all([confirmPending(holder), confirmPending(holder)])
        assert.equal(ends.filter(({ kind }) => kind === 'settled').length, 1, JSON.stringify(ends))
        assert.deepEqual(await lettersOf(connectionId), ['receipt', 'connected_notice'])
        await forgetTokens(operator)
      }
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

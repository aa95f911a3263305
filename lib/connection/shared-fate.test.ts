import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { FATE_SHARERS_MAX } from '#lib/data/shared-fate.ts'
import { findLatestVerification } from '#lib/data/verifications.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, holderOf, keyOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { acceptPending } from './decide.ts'
import { requestConnections } from './request.ts'
import { asContactSees, listSharedFate } from './shared-fate.ts'

const ROUNDS = 8

let pipedrive: FakePipedrive
let operator: Operator

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const manager = (): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: 'stf_test', role: 'admin', address: null })

async function fateOf({ holder }: Asked) {
  const connection = await getConnection(db(), holder)
  return listSharedFate(connection, await findLatestVerification(db(), holder))
}

const idsOf = async (asked: Asked) => (await fateOf(asked)).sharers.map(({ connectionId }) => connectionId)

/** Connects with a token that is in use already, as the team may allow. */
async function connectToo(asked: Asked, who = 'admin'): Promise<void> {
  await connect(asked.holder, typed(who))
  if ((await statusOf(asked.connectionId)).status === 'needs_manager')
    await acceptPending(manager(), asked.connectionId)
  assert.match((await statusOf(asked.connectionId)).status, /^connected/)
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
    })

    test('connections of one token are listed for each other, and nobody else', async () => {
      const [one, two, three] = [await ask(operator), await ask(operator), await ask(operator)]
      await connectToo(one)
      assert.deepEqual(await fateOf(one), { sharers: [], hasMore: false })
      await connectToo(two)
      await connectToo(three, 'editor')
      assert.deepEqual(await idsOf(one), [two.connectionId])
      assert.deepEqual(await idsOf(two), [one.connectionId])
      assert.deepEqual(await idsOf(three), [])
      const elsewhere = await ask(await makeTeam())
      await connect(elsewhere.holder, typed('admin'))
      assert.deepEqual(await idsOf(elsewhere), [])
    })

    test('another token of the same user shares its fate too, and is told apart', async () => {
      const [one, two] = [await ask(operator), await ask(operator)]
      await connectToo(one, 'admin')
      // In the fake's catalogue both belong to the same person of the same company.
      await connectToo(two, 'slow')
      const { sharers } = await fateOf(one)
      assert.deepEqual(
        sharers.map(({ connectionId, isSameToken }) => [connectionId, isSameToken]),
        [[two.connectionId, false]],
      )
    })

    test('a token that waits for a yes is looked at before it is in force', async () => {
      const [one, two] = [await ask(operator), await ask(operator)]
      await connectToo(one)
      await connect(two.holder, typed('admin'))
      assert.equal((await statusOf(two.connectionId)).verdictCode, 'ALREADY_CONNECTED')
      assert.deepEqual(await idsOf(two), [one.connectionId])
      assert.deepEqual(await idsOf(one), [], 'what waits breaks nothing yet')
    })

    // S12
    test('a customer reads the names of their own connections, and only how many others there are', async () => {
      const mine = await ask(operator)
      const mineToo = await ask(operator)
      const stranger = await requestConnections(operator, {
        customer: 'Other customer',
        contact: { name: 'Omar Haddad', email: 'omar@other.example' },
        deliver: 'link',
        connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
      })
      await connectToo(mine)
      await connectToo(mineToo)
      const connectionId = stranger.connections[0]?.id ?? ''
      const linkKey = keyOf(stranger.link)
      const holder = await holderOf(linkKey, connectionId)
      await connectToo({ requestId: stranger.id, connectionId, linkKey, holder })
      const seen = asContactSees(await fateOf(mine))
      assert.deepEqual(seen, {
        own: [{ connectionId: mineToo.connectionId, name: 'Acme sales' }],
        others: 1,
        hasMore: false,
      })
      assert.doesNotMatch(JSON.stringify(seen), /Other customer|Omar/)
    })

    test('the list ends, and says that there are more', async () => {
      const first = await ask(operator)
      await connectToo(first)
      const { id: customerId } = await db()
        .selectFrom('customers')
        .select('id')
        .where('teamId', '=', operator.teamId)
        .executeTakeFirstOrThrow()
      await copyConnected(first, customerId, FATE_SHARERS_MAX + 5)
      const { sharers, hasMore } = await fateOf(first)
      assert.deepEqual([sharers.length, hasMore], [FATE_SHARERS_MAX, true])
    })

    // R5
    test('of two connections that take one token in the same instant, one waits for the manager', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        operator = await makeTeam()
        const pair = [await ask(operator), await ask(operator)]
        await Promise.all(pair.map(({ holder }) => connect(holder, typed('admin'))))
        const ends = await Promise.all(pair.map(({ connectionId }) => statusOf(connectionId)))
        assert.deepEqual(ends.map(({ status }) => status).sort(), ['connected', 'needs_manager'])
        const second = pair[ends.findIndex(({ status }) => status === 'needs_manager')]
        assert.ok(second)
        assert.equal((await statusOf(second.connectionId)).verdictCode, 'ALREADY_CONNECTED')
        assert.equal(await countRows('credentials', second.connectionId), 1)
        assert.deepEqual(await lettersOf(second.connectionId), ['manager_notice'])
        assert.equal(await acceptPending(manager(), second.connectionId), 'done')
        assert.equal((await statusOf(second.connectionId)).status, 'connected')
      }
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

/** More connections of the same token than anybody would make by hand. */
async function copyConnected({ connectionId }: Asked, customerId: string, count: number): Promise<void> {
  await sql`insert into connections (id, team_id, request_id, customer_id, provider, profile, name, status, customer_name, sort_name, search)
    select 'con_copy' || lpad(i::text, 18, '0') || ${operator.teamId}, team_id, request_id, ${customerId}, provider, profile, name, status, '', '', ''
    from connections, generate_series(1, ${count}::int) i where connections.id = ${connectionId}`.execute(db())
  await sql`insert into credentials (id, team_id, connection_id, version, state, sealed, wrapped_key, key_id, host, fingerprint)
    select 'crd_copy' || lpad(i::text, 18, '0') || ${operator.teamId}, team_id, 'con_copy' || lpad(i::text, 18, '0') || ${operator.teamId},
      version, state, sealed, wrapped_key, key_id, host, fingerprint
    from credentials, generate_series(1, ${count}::int) i where connection_id = ${connectionId}`.execute(db())
}

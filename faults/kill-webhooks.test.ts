import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { createWebhook } from '#lib/connection/webhooks.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { recordConnectionEvent } from '#lib/data/events.ts'
import { serverUrl } from '#lib/testing/engines.ts'
import type { Receiver } from '#lib/testing/receiver.ts'
import { startReceiver } from '#lib/testing/receiver.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { install, startPortal } from './portal.ts'
import { seededRandom } from './random.ts'

/**
 * R7: events are numbered, queued and sent to a real receiver while the portal is killed again and again. None is lost, none
 * is queued twice, and one that arrives twice carries the same webhook-id.
 */
const KILLS = Number(process.env.KILL_ROUNDS) || 20
const EVENTS_PER_ROUND = 40
/** From the moment that the portal answers: some kills meet the numbering, some the sending. */
const KILLED_WITHIN_MS = 1_500
const ANSWER_WITHIN_MS = 60
const REFUSED_SHARE = 0.05
/** After a lease, what a killed portal had taken is free again. */
const LEASE_MS = 65_000
const FINISH_TIMEOUT_MS = 120_000

const random = seededRandom()

let receiver: Receiver
let refuses = true
before(async () => {
  receiver = await startReceiver()
  receiver.answer((_request, response) => {
    const status = refuses && random.chance(REFUSED_SHARE) ? 503 : 204
    setTimeout(() => response.writeHead(status).end(), random.upTo(ANSWER_WITHIN_MS))
  })
})
after(() => receiver.down())

for (const engine of ['embedded', 'server Postgres'] as const) {
  const skip = engine === 'embedded' || serverUrl() ? false : 'TEST_DATABASE_URL is not set'
  describe(engine, { skip }, () => {
    test(`${KILLS} kills while webhooks leave: none is lost, and a double is the same message`, async (t) => {
      t.diagnostic(`FAULT_SEED=${random.seed}`)
      receiver.received.length = 0
      refuses = true
      const there = await install(engine, {})
      const story = await there.inDatabase(beginStory)
      for (let round = 0; round < KILLS; round++) {
        await there.inDatabase(() => letThingsHappen(story))
        const portal = await startPortal(there)
        await sleep(random.upTo(KILLED_WITHIN_MS))
        await portal.kill()
      }
      const before = receiver.received.length
      refuses = false
      await there.inDatabase(bringForward)
      const portal = await startPortal(there)
      await sleep(LEASE_MS)
      const isQuiet = async () => {
        const count = receiver.received.length
        await sleep(10_000)
        return receiver.received.length === count
      }
      for (let waited = 0; !(await isQuiet()) && waited < FINISH_TIMEOUT_MS; waited += 10_000);
      await portal.stop()
      const events = await there.inDatabase(judge)
      const doubles = receiver.received.length - events
      t.diagnostic(`${KILLS} kills, ${events} events, ${before} messages before the last kill, ${doubles} sent again`)
      await there.remove()
    })
  })
}

type Story = { operator: Operator; connectionId: string }

async function beginStory(): Promise<Story> {
  const operator = await makeTeam()
  const { connectionId } = await ask(operator)
  await createWebhook(operator, { name: 'Killed', url: receiver.url })
  return { operator, connectionId }
}

async function letThingsHappen({ operator, connectionId }: Story): Promise<void> {
  for (let count = 0; count < EVENTS_PER_ROUND; count++)
    await inTransaction((trx) => recordConnectionEvent(trx, operator, { type: 'connection.degraded', connectionId }))
}

/** A second try is due after minutes, a later one after hours. */
async function bringForward(): Promise<void> {
  await db()
    .updateTable('webhookDeliveries')
    .set({ dueAt: sql<Date>`now()` })
    .where('deliveredAt', 'is', null)
    .execute()
}

/** Every event has its place, one delivery that arrived, and was seen by the receiver. Answers how many there are. */
async function judge(): Promise<number> {
  const events = await db().selectFrom('events').select(['id', 'seq']).orderBy('id').execute()
  const ids = events.map(({ id }) => id)
  assert.ok(events.every(({ seq }) => seq !== null))
  const deliveries = await db().selectFrom('webhookDeliveries').select(['messageId', 'deliveredAt']).execute()
  assert.deepEqual(deliveries.map(({ messageId }) => messageId).sort(), ids)
  assert.deepEqual(
    deliveries.filter(({ deliveredAt }) => deliveredAt === null),
    [],
  )
  assert.deepEqual([...new Set(receiver.received.map(({ id }) => id))].sort(), ids)
  return ids.length
}

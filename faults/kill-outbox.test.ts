import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { requestConnections } from '#lib/connection/request.ts'
import { db } from '#lib/data/database.ts'
import { serverUrl } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import type { Mail } from './mail-server.ts'
import { startMailServer } from './mail-server.ts'
import { install, startPortal } from './portal.ts'
import { seededRandom } from './random.ts'

/**
 * R6: link letters and reminders leave by a real mail server while the portal is killed again and again. None is lost,
 * and one that leaves twice carries the same Message-ID.
 */
const KILLS = Number(process.env.KILL_ROUNDS) || 20
/** Each waits with a letter and a reminder: enough for every round, and some for the one that is not killed. */
const REQUESTS_PER_ROUND = 12
const KILLED_WITHIN_MS = 2_000
const ANSWER_WITHIN_MS = 60
/** After a lease of the outbox, what a killed portal had taken is free again, and goes out once more. */
const LEASE_MS = 125_000
const FINISH_TIMEOUT_MS = 300_000

const random = seededRandom()

let mailServer: Awaited<ReturnType<typeof startMailServer>>
let mails: Mail[]
before(async () => {
  mailServer = await startMailServer({ answerAfterMs: () => random.upTo(ANSWER_WITHIN_MS) })
  mails = mailServer.mails
})
after(() => mailServer.close())

for (const engine of ['embedded', 'server Postgres'] as const) {
  const skip = engine === 'embedded' || serverUrl() ? false : 'TEST_DATABASE_URL is not set'
  describe(engine, { skip }, () => {
    test(`${KILLS} kills while letters leave: none is lost, and a double is the same letter`, async (t) => {
      t.diagnostic(`FAULT_SEED=${random.seed}`)
      mails.length = 0
      const there = await install(engine, { SMTP_URL: mailServer.url })
      const addresses = await there.inDatabase(queueLetters)

      for (let round = 0; round < KILLS; round++) {
        const portal = await startPortal(there)
        await aMailArrives()
        await sleep(random.upTo(KILLED_WITHIN_MS))
        await portal.kill()
      }
      const before = mails.length
      const portal = await startPortal(there)
      await sleep(LEASE_MS)
      for (let waited = 0; isMissing(addresses) && waited < FINISH_TIMEOUT_MS; waited += 500) await sleep(500)
      await portal.stop()

      const doubles = judge(addresses)
      await there.inDatabase(nothingWaits)
      t.diagnostic(
        `${KILLS} kills, ${before} mails before the last, ${mails.length} in all, ${doubles} of them doubles`,
      )
      await there.remove()
    })
  })
}

/** Link letters, and for each the first reminder: due now, as after an outage of days. */
async function queueLetters(): Promise<string[]> {
  const operator = await makeTeam()
  const addresses: string[] = []
  for (let index = 0; index < KILLS * REQUESTS_PER_ROUND; index++) {
    const email = `jane@customer-${index}.example`
    await requestConnections(operator, {
      customer: `Customer ${index}`,
      contact: { name: 'Jane Miller', email },
      connections: [{ provider: 'pipedrive', profile: 'two-way-crm' }],
    })
    addresses.push(email)
  }
  await db()
    .updateTable('outbox')
    .set({ dueAt: sql<Date>`now()` })
    .where('letter', '=', 'reminder')
    .where(sql<number>`(payload->>'order')::int`, '=', 0)
    .execute()
  // A reminder is written only where the link was sent before.
  await db().updateTable('connections').set({ status: 'sent' }).where('status', '=', 'queued').execute()
  return addresses
}

function aMailArrives(): Promise<void> {
  return new Promise((resolve) => {
    mailServer.onMail = resolve
    // What is left may be leased to one that died: the kill then meets a portal that looks for work.
    setTimeout(resolve, 5_000).unref()
  })
}

const kindOf = ({ subject }: Mail) => (/^Reminder/.test(subject) ? 'reminder' : 'secure_link')
const isMissing = (addresses: string[]) =>
  new Set(mails.map((mail) => `${kindOf(mail)} ${mail.to}`)).size < addresses.length * 2

/** Every address has one letter of each kind, however often it came. Answers how many came more than once. */
function judge(addresses: string[]): number {
  for (const address of addresses) {
    const theirs = mails.filter(({ to }) => to === address)
    for (const kind of ['secure_link', 'reminder'] as const) {
      const ids = new Set(theirs.filter((mail) => kindOf(mail) === kind).map(({ messageId }) => messageId))
      assert.equal(ids.size, 1, `${kind} to ${address}: ${ids.size} letters`)
    }
  }
  return mails.length - new Set(mails.map(({ messageId }) => messageId)).size
}

async function nothingWaits(): Promise<void> {
  const waiting = await db()
    .selectFrom('outbox')
    .select(['id', 'letter', 'lastError'])
    .where('dueAt', '<=', sql<Date>`now()`)
    .where('acceptedAt', 'is', null)
    .execute()
  assert.deepEqual(waiting, [])
  const kept = await db()
    .selectFrom('outbox')
    .select('id')
    .where('acceptedAt', 'is not', null)
    .where('sealedLink', 'is not', null)
    .execute()
  assert.deepEqual(kept, [], 'a letter that left keeps its link')
}

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { LinkHolder, Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import type { EventType } from '#lib/connection/events.ts'
import { offBoard } from '#lib/connection/off-board.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { db } from '#lib/data/database.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { runCommand } from '#lib/operator/commands.ts'
import { examineAll } from '#lib/operator/doctor.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { serverUrl } from '#lib/testing/engines.ts'
import { eventsOf, holderOf, keyOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { startMailServer } from './mail-server.ts'
import type { Installation } from './portal.ts'
import { install, startWorker } from './portal.ts'
import { seededRandom } from './random.ts'

/**
 * R13, R18, R26: two workers look at tokens, finish what waited, prove ends and send letters, and both are killed again
 * and again. Nothing is checked never again, nothing happens twice, and whatever a worker held is free within two minutes.
 */
const KILLS = Number(process.env.KILL_ROUNDS) || 80
/** Two workers die in each round. */
const ROUNDS = Math.ceil(KILLS / 2)
const HEALTHY = 16
/** As long as Pipedrive takes to answer: most kills meet checks that are under way. */
const PIPEDRIVE_MS = 120
const ANSWER_WITHIN_MS = 60
const KILLED_WITHIN_MS = 900
/** No lease is longer. */
const LEASE_SECONDS_MAX = 120
/** Between two rounds: longer than any lease, and than two refusals must lie apart. */
const PASSED_SECONDS = 130
const WORK_TIMEOUT_MS = 180_000
const FINISH_ROUNDS_MAX = 20

/** What happens to a connection while workers die, and what is left of it in the end. */
const courses = {
  healthy: {
    status: 'connected',
    version: 1,
    checks: ['OK'],
    letters: ['receipt'],
    events: ['request.sent', 'connection.ready'],
  },
  waiting: {
    status: 'connected',
    version: 1,
    checks: ['PIPEDRIVE_DOWN', 'OK'],
    letters: ['finished'],
    events: ['request.sent', 'connection.ready'],
  },
  repaired: {
    status: 'connected',
    version: 2,
    checks: ['OK', 'STOPPED_WORKING', 'OK'],
    letters: ['receipt', 'stopped', 'receipt'],
    events: ['request.sent', 'connection.ready', 'connection.needs_attention', 'connection.replaced'],
  },
  ended: {
    status: 'closed',
    version: 1,
    checks: ['OK', 'TOKEN_REJECTED', 'PROVEN_DEAD'],
    letters: ['receipt', 'withdraw', 'closed'],
    events: ['request.sent', 'connection.ready', 'connection.offboarding', 'connection.proved_dead'],
  },
} as const satisfies Record<
  string,
  { status: string; version: number; checks: string[]; letters: string[]; events: EventType[] }
>
type Course = keyof typeof courses

type Customer = { company: string; course: Course; connectionId: string; holder: LinkHolder; email: string }

const random = seededRandom()
const companies = [
  ...Array.from({ length: HEALTHY }, (_, index) => `healthy-${index}`),
  ...Array.from({ length: ROUNDS }, (_, index) => [`waiting-${index}`, `repaired-${index}`, `ended-${index}`]).flat(),
]

let pipedrive: FakePipedrive
let mailServer: Awaited<ReturnType<typeof startMailServer>>
before(async () => {
  pipedrive = await startFakePipedrive({ companies, latencyMs: PIPEDRIVE_MS })
  mailServer = await startMailServer({ answerAfterMs: () => random.upTo(ANSWER_WITHIN_MS) })
})
after(async () => {
  await pipedrive.close()
  await mailServer.close()
})

describe('server Postgres', { skip: serverUrl() ? false : 'TEST_DATABASE_URL is not set' }, () => {
  test(`${ROUNDS * 2} workers killed at work: nothing is lost, and nothing happens twice`, async (t) => {
    t.diagnostic(`FAULT_SEED=${random.seed}`)
    const there = await install('server Postgres', {
      PIPEDRIVE_BASE_URL: pipedrive.url,
      SMTP_URL: mailServer.url,
    })
    await there.inDatabase(async () => {
      const operator = await makeTeam()
      const customers: Customer[] = []
      for (let index = 0; index < HEALTHY; index++) customers.push(await begin(operator, 'healthy', `healthy-${index}`))

      let held = 0
      let left: string[] = []
      for (let round = 0; round < ROUNDS; round++) {
        customers.push(await begin(operator, 'waiting', `waiting-${round}`))
        customers.push(await begin(operator, 'repaired', `repaired-${round}`))
        customers.push(await begin(operator, 'ended', `ended-${round}`))
        await passTime()
        left = await workAndDie(there)
        held += left.length
        await repairStopped(customers)
      }
      const takenOverMs = await takeOver(there, left)
      await finish(there, customers)

      for (const customer of customers) await judge(customer)
      await examine()
      const { mails } = mailServer
      const doubles = mails.length - new Set(mails.map(({ messageId }) => messageId)).size
      t.diagnostic(
        `${ROUNDS * 2} kills, ${customers.length} connections, ${held} leases held by the dead, the last of them taken ` +
          `over after ${Math.round(takenOverMs / 1000)} s (${left.length}), ${mails.length} mails, ${doubles} of them doubles`,
      )
      assert.ok(held > ROUNDS / 2, `${held} leases held by the dead show nothing`)
    })
    await there.remove()
  })
})

/** Connects a customer, or leaves them waiting, and begins what is to happen to them. */
async function begin(operator: Operator, course: Course, company: string): Promise<Customer> {
  const email = `jane@${company}.example`
  const { link, connections } = await requestConnections(operator, {
    customer: `Customer of ${company}`,
    contact: { name: 'Jane Miller', email },
    deliver: 'link',
    connections: [{ provider: 'pipedrive', profile: 'two-way-crm' }],
  })
  const connectionId = connections[0]?.id ?? ''
  const holder = await holderOf(keyOf(link), connectionId)
  const who = `admin@${company}`
  if (course === 'waiting') pipedrive.setBehaviour(who, { identity: '500' })
  await connect(holder, typed(who, { domain: company }))
  assert.equal((await statusOf(connectionId)).status, course === 'waiting' ? 'waiting_provider' : 'connected')

  if (course === 'waiting') pipedrive.setBehaviour(who, {})
  if (course === 'ended') await offBoard(operator, { connectionId, reason: 'The project is over.', days: 30 })
  if (course === 'ended' || course === 'repaired') pipedrive.regenerate(who)
  return { company, course, connectionId, holder, email }
}

/** Two workers with everything due, each killed at a moment of its own. Answers the leases that the dead still hold. */
async function workAndDie(there: Installation): Promise<string[]> {
  const before = pipedrive.stats.calls
  await makeAllDue()
  const workers = [startWorker(there), startWorker(there)]
  await until('a worker that works', () => pipedrive.stats.calls > before)
  await Promise.all(
    workers.map(async (worker) => {
      await sleep(random.upTo(KILLED_WITHIN_MS))
      await worker.kill()
    }),
  )
  const leases = await heldLeases()
  for (const { seconds } of leases) assert.ok(seconds <= LEASE_SECONDS_MAX, `a lease of ${seconds} s`)
  return leases.map(({ lease }) => lease)
}

/** What a worker holds, and for how long, by the database's clock. */
async function heldLeases(): Promise<{ lease: string; seconds: number }[]> {
  const { rows } = await sql<{ lease: string; seconds: number }>`
    select lease, extract(epoch from leased_until - now())::float8 as seconds from (
      select lease, leased_until from connection_checks union all select lease, leased_until from outbox) as leases
    where leased_until > now()`.execute(db())
  return rows
}

/** Every look is due, as after an interval. What waits for its second look has its own time. */
async function makeAllDue(): Promise<void> {
  await sql`update connection_checks set due_at = now() from connections
    left join off_boardings on off_boardings.connection_id = connections.id
    where connections.id = connection_checks.connection_id and connection_checks.reason in ('watch', 'off_board')
      and suspect_since is null and first_refused_at is null`.execute(db())
}

/** Two minutes go by: leases run out, and what was put off for seconds is due. */
async function passTime(): Promise<void> {
  const back = sql`make_interval(secs => ${PASSED_SECONDS})`
  await sql`update connection_checks set due_at = due_at - ${back}, leased_until = leased_until - ${back}`.execute(db())
  await sql`update outbox set due_at = due_at - ${back}, leased_until = leased_until - ${back}`.execute(db())
  await sql`update connections set suspect_since = suspect_since - ${back}`.execute(db())
  await sql`update off_boardings set first_refused_at = first_refused_at - ${back}`.execute(db())
  assert.deepEqual(await heldLeases(), [], 'held for longer than two minutes')
}

/** Whoever was asked for another token hands it over; not all at once, as the dead work on their letters. */
async function repairStopped(customers: Customer[]): Promise<void> {
  for (const { course, company, connectionId, holder } of customers) {
    if (course !== 'repaired' || (await statusOf(connectionId)).status !== 'stopped') continue
    const link = await findNewestLink(db(), holder)
    const apiToken = new Secret(fakeToken(`${fakeToken(`admin@${company}`)} regenerated`))
    await connect({ ...holder, linkId: link?.id ?? '' }, typed(`admin@${company}`, { domain: company, apiToken }))
    assert.equal((await statusOf(connectionId)).status, 'connected')
  }
}

/** The clock is left alone: how long it takes until a living worker has done everything that the last dead ones held. */
async function takeOver(there: Installation, leases: string[]): Promise<number> {
  const started = Date.now()
  const worker = startWorker(there)
  await until('leases that are taken over', async () => (await countRows(leases)) === 0)
  const ms = Date.now() - started
  await worker.stop()
  return ms
}

async function countRows(leases: string[]): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select ((select count(*) from connection_checks where lease = any(${leases}::text[]))
      + (select count(*) from outbox where lease = any(${leases}::text[])))::int as n`.execute(db())
  return rows[0]?.n ?? 0
}

/** A worker that lives, until nothing is left to happen. */
async function finish(there: Installation, customers: Customer[]): Promise<void> {
  for (let round = 0; round < FINISH_ROUNDS_MAX; round++) {
    await repairStopped(customers)
    await passTime()
    const before = await checkedTimes()
    await makeAllDue()
    const worker = startWorker(there)
    await until('every watched connection looked at', async () => {
      const times = await checkedTimes()
      return [...before].every(([id, at]) => times.get(id) !== at)
    })
    await until('no work that is due', async () => (await dueWork()) === 0)
    await worker.stop()
    if (await areAllThere(customers)) return
  }
}

/** When each connected one was last looked at: who is not looked at any more was lost. */
async function checkedTimes(): Promise<Map<string, number>> {
  const rows = await db()
    .selectFrom('connections')
    .innerJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select(['id', 'lastChecks.checkedAt'])
    .where('connections.status', '=', 'connected')
    .where('suspectSince', 'is', null)
    .execute()
  return new Map(rows.map(({ id, checkedAt }) => [id, checkedAt?.getTime() ?? 0]))
}

async function dueWork(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select ((select count(*) from connection_checks where due_at <= now())
      + (select count(*) from outbox where due_at <= now() and accepted_at is null and failed_at is null))::int as n`.execute(
    db(),
  )
  return rows[0]?.n ?? 0
}

async function areAllThere(customers: Customer[]): Promise<boolean> {
  for (const { connectionId, course } of customers) {
    const { status, version } = await statusOf(connectionId)
    if (status !== courses[course].status || version !== courses[course].version) return false
  }
  return true
}

/** Everything that was to happen to a connection happened once, in its order. */
async function judge({ connectionId, course, email, company }: Customer): Promise<void> {
  const wanted = courses[course]
  const { status, version } = await statusOf(connectionId)
  assert.deepEqual({ status, version }, { status: wanted.status, version: wanted.version }, company)
  const checks = await db()
    .selectFrom('verifications')
    .select('verdictCode')
    .where('connectionId', '=', connectionId)
    .orderBy('createdAt')
    .orderBy('id')
    .execute()
  assert.deepEqual(
    checks.map(({ verdictCode }) => verdictCode),
    wanted.checks,
    company,
  )
  assert.deepEqual(await eventsOf(connectionId), wanted.events, company)
  const letters = await db()
    .selectFrom('outbox')
    .select('letter')
    .where('connectionId', '=', connectionId)
    .where('recipientEmail', '=', email)
    .orderBy('createdAt')
    .orderBy('id')
    .execute()
  assert.deepEqual(
    letters.map(({ letter }) => letter),
    wanted.letters,
    company,
  )
  const ids = mailServer.mails.filter(({ to }) => to === email).map(({ messageId }) => messageId)
  assert.equal(new Set(ids).size, wanted.letters.length, `${company}: another mail than those that were written`)
  const watched = await db()
    .selectFrom('connectionChecks')
    .select('reason')
    .where('connectionId', '=', connectionId)
    .execute()
  assert.deepEqual(watched, status === 'connected' ? [{ reason: 'watch' }] : [], company)
}

/** What the operator would ask after a bad night. Nobody is at work by now; of the killed this shows after a minute. */
async function examine(): Promise<void> {
  const { exitCode, output } = await runCommand({ argv: ['audit', 'verify'], folder: '/', input: null })
  assert.equal(exitCode, 0, JSON.stringify(output))
  const toMend = (await examineAll()).filter(({ check, ok }) => !ok && check !== 'workers')
  assert.deepEqual(toMend, [])
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < WORK_TIMEOUT_MS; waited += 50) {
    if (await isSo()) return
    await sleep(50)
  }
  throw new Error(`waited in vain for ${what}`)
}

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operator } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { openCredential } from '#lib/connection/seal.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { runCommand } from '#lib/operator/commands.ts'
import { examineAll } from '#lib/operator/doctor.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { serverUrl } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { CustomerBrowser } from './customer-browser.ts'
import { type Installation, install, startPortal } from './portal.ts'
import { type Random, seededRandom } from './random.ts'

/**
 * R1b: customers hand tokens over by real HTTP while the portal is killed again and again. What was acknowledged is
 * there, nothing is there by half, and every sealed value opens.
 */
const KILLS = Number(process.env.KILL_ROUNDS) || 40
const CUSTOMERS_PER_ROUND = 4
const CUSTOMERS_AT_ONCE = 3
/** A portal is killed after so many of them, at most, have read that they are connected, and so much later. */
const CONNECTED_BEFORE_KILL_MAX = 5
const KILLED_WITHIN_MS = 250
const ROUNDS_BETWEEN_LOOKS = 10

type Customer = {
  company: string
  link: string
  connectionId: string
  browser: CustomerBrowser
  /** The portal answered that the token is stored. */
  acknowledged: boolean
}

const companyOf = (index: number) => `killed-${index}`
const count = KILLS * CUSTOMERS_PER_ROUND

let pipedrive: FakePipedrive
before(async () => {
  pipedrive = await startFakePipedrive({ companies: Array.from({ length: count }, (_, index) => companyOf(index)) })
})
after(() => pipedrive.close())

for (const engine of ['embedded', 'server Postgres'] as const) {
  const skip = engine === 'embedded' || serverUrl() ? false : 'TEST_DATABASE_URL is not set'
  describe(engine, { skip }, () => {
    test(`${KILLS} kills while customers submit: nothing acknowledged is lost, nothing is half-written`, async (t) => {
      const random = seededRandom()
      t.diagnostic(`FAULT_SEED=${random.seed}`)
      const there = await install(engine, { PIPEDRIVE_BASE_URL: pipedrive.url })
      const { operator, customers } = await there.inDatabase(() => invite(there))
      const cut = await killAgainAndAgain(there, { operator, customers, random })
      const acknowledged = customers.filter((customer) => customer.acknowledged).length
      assert.ok(acknowledged > KILLS && cut > KILLS / 2, `${acknowledged} stored and ${cut} cut off show nothing`)
      await finish(there, customers)
      const stored = await there.inDatabase(() => look(operator, customers))
      assert.equal(stored, count, 'whoever goes on to the end is connected')
      await there.inDatabase(examine)
      t.diagnostic(
        `${KILLS} kills, ${acknowledged} acknowledged before the last, ${cut} requests cut off, ${stored} stored`,
      )
      await there.remove()
    })
  })
}

async function invite({ origin }: Installation): Promise<{ operator: Operator; customers: Customer[] }> {
  const operator = await makeTeam()
  const customers: Customer[] = []
  for (let index = 0; index < count; index++) {
    const { link, connections } = await requestConnections(operator, {
      customer: `Customer ${index}`,
      contact: { name: 'Jane Miller', email: `jane@${companyOf(index)}.example` },
      deliver: 'link',
      connections: [{ provider: 'pipedrive', profile: 'two-way-crm' }],
    })
    const browser = new CustomerBrowser(origin)
    customers.push({
      company: companyOf(index),
      link,
      connectionId: connections[0]?.id ?? '',
      browser,
      acknowledged: false,
    })
  }
  return { operator, customers }
}

type Course = { operator: Operator; customers: Customer[]; random: Random }

async function killAgainAndAgain(there: Installation, { operator, customers, random }: Course): Promise<number> {
  let cut = 0
  for (let round = 1; round <= KILLS; round++) {
    const portal = await startPortal(there)
    const waiting = customers.slice(0, round * CUSTOMERS_PER_ROUND).filter(({ acknowledged }) => !acknowledged)
    const near = nearlyAfter(random.upTo(CONNECTED_BEFORE_KILL_MAX + 1))
    const submitting = submitAtOnce(waiting, {
      again: () => random.chance(0.5),
      onPost: near.start,
      onStored: near.count,
    })
    await Promise.race([near.reached, submitting])
    await sleep(random.upTo(KILLED_WITHIN_MS))
    await portal.kill()
    cut += await submitting
    if (round % ROUNDS_BETWEEN_LOOKS === 0) await there.inDatabase(() => look(operator, customers))
  }
  return cut
}

type Watched = { onPost?: () => void; onStored?: () => void }

/** By what happened, not by the clock: a slow machine is killed at the same points as a fast one. */
function nearlyAfter(times: number) {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  let counted = 0
  return {
    reached,
    start: () => times === 0 && resolve(),
    count: () => {
      counted += 1
      if (counted === times) resolve()
    },
  }
}

/** Some customers press again on the page they have, others open the link anew. Answers how many were cut off. */
async function submitAtOnce(
  waiting: Customer[],
  { again, onPost = () => {}, onStored = () => {} }: Watched & { again: () => boolean },
): Promise<number> {
  let cut = 0
  let isDead = false
  const left = [...waiting]
  const lane = async () => {
    for (let customer = left.shift(); customer && !isDead; customer = left.shift()) {
      try {
        await submit(customer, { again: again(), onPost })
        onStored()
      } catch (error) {
        // Whoever answers with a fault is alive; a cut line is the kill.
        if (error instanceof assert.AssertionError) throw error
        cut += 1
        isDead = true
      }
    }
  }
  await Promise.all(Array.from({ length: CUSTOMERS_AT_ONCE }, lane))
  return cut
}

async function submit(customer: Customer, { again, onPost }: { again: boolean; onPost: () => void }): Promise<void> {
  const { browser, link, company } = customer
  if (!again || !browser.hasForm) await browser.open(link)
  // A receipt: the answer was lost, the token was not.
  if (browser.hasForm) {
    onPost()
    await browser.submit({ domain: company, apiToken: fakeToken(`admin@${company}`) })
  }
  customer.acknowledged = true
}

/** The portal lives again: whoever was cut off comes back. */
async function finish(there: Installation, customers: Customer[]): Promise<void> {
  const portal = await startPortal(there)
  const waiting = customers.filter(({ acknowledged }) => !acknowledged)
  assert.equal(await submitAtOnce(waiting, { again: () => false }), 0)
  await portal.stop()
}

/** Every connection is whole: all of a submission, or none of it. Answers how many are stored. */
async function look({ teamId }: Operator, customers: Customer[]): Promise<number> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId })
  let stored = 0
  for (const { connectionId, acknowledged, company } of customers) {
    const parts = await partsOf(connectionId)
    const isStored = parts.status === 'connected'
    if (acknowledged) assert.ok(isStored, `${connectionId} was acknowledged and is ${parts.status}`)
    const all = { credentials: 1, verifications: 1, results: 1, version: 1 }
    const none = { credentials: 0, verifications: 0, results: 0, version: 0 }
    const { status, audited, letters, ...counts } = parts
    assert.deepEqual(counts, isStored ? all : none, connectionId)
    assert.deepEqual(letters, isStored ? ['connected_notice', 'receipt'] : [], connectionId)
    assert.deepEqual(audited, isStored ? ['connection.verified', 'credential.sealed'] : [], connectionId)
    if (!isStored) {
      assert.ok(status === 'sent' || status === 'visited', status)
      continue
    }
    const credential = await findCredential(db(), { teamId, connectionId, state: 'in_force' })
    assert.ok(credential, connectionId)
    const opened = await openCredential(watcher, credential, 'check_after_yes')
    assert.equal(opened.reveal(), fakeToken(`admin@${company}`))
    stored += 1
  }
  return stored
}

/** Everything that one submission writes, counted. */
async function partsOf(connectionId: string) {
  const of = (table: 'credentials' | 'verifications' | 'submissions') =>
    db().selectFrom(table).select('connectionId').where('connectionId', '=', connectionId)
  const { status, version } = await db()
    .selectFrom('connections')
    .select(['status', 'version'])
    .where('id', '=', connectionId)
    .executeTakeFirstOrThrow()
  const letters = await db().selectFrom('outbox').select('letter').where('connectionId', '=', connectionId).execute()
  const audited = await db()
    .selectFrom('auditEvents')
    .select('action')
    .where('objectId', '=', connectionId)
    .where('action', 'in', ['connection.verified', 'credential.sealed'])
    .execute()
  return {
    status,
    version,
    credentials: (await of('credentials').execute()).length,
    verifications: (await of('verifications').execute()).length,
    results: (await of('submissions').where('result', 'is not', null).execute()).length,
    letters: letters.map(({ letter }) => letter).sort(),
    audited: audited.map(({ action }) => action).sort(),
  }
}

/** What the operator would ask after a bad night. Nobody is at work by now; of the killed this shows after a minute. */
async function examine(): Promise<void> {
  const { exitCode, output } = await runCommand({ argv: ['audit', 'verify'], folder: '/', input: null })
  assert.equal(exitCode, 0, JSON.stringify(output))
  const toMend = (await examineAll()).filter(({ check, ok }) => !ok && check !== 'workers')
  assert.deepEqual(toMend, [])
}

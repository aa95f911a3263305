import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { db } from '#lib/data/database.ts'
import { findOpenIncident } from '#lib/data/provider-health.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { installClock, passTime } from '#lib/testing/clock.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { lookAgain } from './watch.ts'

const companies = Array.from({ length: 6 }, (_, index) => `incident-${index}`)

let pipedrive: FakePipedrive
let operator: Operator

before(async () => {
  pipedrive = await startFakePipedrive({ companies })
})
after(() => pipedrive.close())

/** Looks at everything that is watched, as if its time had come. */
async function look(): Promise<void> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  await lookAgain(await claimDueChecks({ limit: 100, leaseSeconds: 60 }))
}

async function connectAll(domains: readonly string[]): Promise<void> {
  for (const domain of domains) await connect((await ask(operator)).holder, typed(`admin@${domain}`, { domain }))
}

/** Whom a team's notices of an outage go to. */
async function toldIn({ teamId }: Operator): Promise<string[]> {
  const rows = await db()
    .selectFrom('outbox')
    .select(['letter', 'recipientEmail', 'payload'])
    .where('teamId', '=', teamId)
    .where('letter', '=', 'outage_notice')
    .orderBy('recipientEmail')
    .execute()
  for (const { payload } of rows) assert.equal(payload.what, 'Pipedrive')
  return rows.map(({ recipientEmail }) => recipientEmail)
}

/** How many letters of any other kind there are, to anybody. */
async function othersTold(): Promise<number> {
  const rows = await db().selectFrom('outbox').select('id').where('letter', '<>', 'outage_notice').execute()
  return rows.length
}

const isOpen = async () => (await findOpenIncident(db(), 'pipedrive')) !== null

async function lookThrough(answer: FakeAnswer | null, times: number): Promise<void> {
  pipedrive.setDown(answer)
  for (let time = 0; time < times; time++) {
    await passTime(90)
    await look()
  }
}

onEachEngine(
  () => {
    before(installClock)
    beforeEach(async () => {
      pipedrive.reset()
      for (const table of ['connectionChecks', 'providerMinutes', 'providerIncidents'] as const)
        await db().deleteFrom(table).execute()
      await db().updateTable('connections').set({ suspectSince: null }).execute()
      operator = await makeTeam()
      const { teamId } = operator
      await upsertStaff(db(), { teamId, email: 'omar@northwind.example', name: 'Omar Haddad', role: 'admin' })
      await upsertStaff(db(), { teamId, email: 'ines@northwind.example', name: 'Ines Wolf', role: 'support' })
    })

    for (const answer of ['401', '503_json'] as const)
      test(`an outage (${answer}) is told to each admin once, whatever comes and goes, and to no customer`, async () => {
        await connectAll(companies)
        const stranger = await makeTeam()
        const before = await othersTold()
        await lookThrough(answer, 8)
        assert.ok(await isOpen())
        const isOpenAfter: boolean[] = []
        for (let round = 0; round < 8; round++) {
          await lookThrough(null, 1)
          isOpenAfter.push(await isOpen())
        }
        const overAfter = isOpenAfter.indexOf(false)
        assert.deepEqual([overAfter >= 0, isOpenAfter.lastIndexOf(true) < overAfter], [true, true], 'over, and at once')
        await lookThrough(answer, 8)
        assert.ok(await isOpen(), 'it came back')
        assert.deepEqual(await toldIn(operator), ['maria@northwind.example', 'omar@northwind.example'])
        assert.deepEqual(await toldIn(stranger), [], 'a team without connections need not know')
        assert.equal(await othersTold(), before)

        await lookThrough(null, 8)
        await passTime(3_600)
        await lookThrough(answer, 8)
        assert.equal((await toldIn(operator)).length, 4, 'the next outage is another one')
      })

    test('one company in trouble is no outage, however often it is asked', async () => {
      await connectAll(companies.slice(0, 1))
      await lookThrough('503_json', 6)
      assert.ok(!(await isOpen()))
    })

    test('spent budgets are no outage: they are each company’s own', async () => {
      await connectAll(companies)
      await lookThrough('429_burst', 3)
      assert.ok(!(await isOpen()))
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

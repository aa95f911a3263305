import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { findOpenIncident } from '#lib/data/provider-health.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { installClock, passTime } from '#lib/testing/clock.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { insertWatched } from '#lib/testing/watched.ts'
import { runDueChecks } from './schedule.ts'

/** `npm run test:faults` asks for the same number on both engines. */
const CONNECTIONS = Number(process.env.OUTAGE_CONNECTIONS) || 0
const STEP_SECONDS = 10
const MINUTE = 60 / STEP_SECONDS
/** So many of the connections share each of the first companies, the others have one of their own. */
const SHARED = { companies: 4, connections: 5 }
const CALLS_PER_SECOND_MAX = 300
/** One look, and the quick second try of a call that was cut off. */
const CALLS_PER_COMPANY_MAX = 2

let pipedrive: FakePipedrive
let operator: Operator
after(() => pipedrive?.close())

const companyOf = (index: number) => {
  const { companies, connections } = SHARED
  return index < companies * connections ? index % companies : index - companies * (connections - 1)
}

function ownerOf(index: number) {
  const at = companyOf(index)
  const isFirst = index < SHARED.companies || index >= SHARED.companies * SHARED.connections
  const companyId = 7_200_000 + at
  const [who, userId] = isFirst ? ['admin', companyId * 10 + 1] : ['regular', companyId * 10 + 2]
  return { company: `outage-${at}`, companyId, userId, apiToken: fakeToken(`${who}@outage-${at}`) }
}

type Figures = { calls: number; most: number; mostOfCompany: number }

/** Minutes of the watcher's work, in steps; the provider gives everybody this answer. */
async function live(minutes: number, answer: FakeAnswer | null): Promise<Figures> {
  pipedrive.setDown(answer)
  const figures = { calls: 0, most: 0, mostOfCompany: 0 }
  for (let step = 0; step < minutes * MINUTE; step++) {
    await passTime(STEP_SECONDS)
    mock.timers.tick(STEP_SECONDS * 1_000)
    pipedrive.calls.length = 0
    const startedAt = performance.now()
    await runDueChecks()
    // Between two steps that clock runs too, as long as the work of a step takes.
    const windows = Math.ceil((performance.now() - startedAt) / 1_000) + 1
    const perCompany = Map.groupBy(pipedrive.calls, ({ token }) => token?.split('@')[1])
    figures.calls += pipedrive.calls.length
    figures.most = Math.max(figures.most, pipedrive.calls.length / windows)
    figures.mostOfCompany = Math.max(figures.mostOfCompany, ...[...perCompany.values()].map(({ length }) => length))
  }
  return figures
}

async function countConnections() {
  const { rows } = await sql<Record<string, number>>`
    select count(*)::int as all, count(*) filter (where status <> 'connected')::int as changed,
      count(suspect_since)::int as suspect, count(stopped_at)::int as stopped, count(degraded_since)::int as degraded,
      count(*) filter (where due_at < now())::int as late, count(*) filter (where attempt > 0)::int as unanswered
    from connections join connection_checks on connection_id = connections.id
    where connections.team_id = ${operator.teamId}`.execute(db())
  return rows[0]
}

async function letters(): Promise<string[]> {
  const rows = await db().selectFrom('outbox').select(['letter', 'recipientEmail']).orderBy('id').execute()
  return rows.map(({ letter, recipientEmail }) => `${letter} to ${recipientEmail}`)
}

// R11, R12, R13
onEachEngine(
  (engine) => {
    const count = CONNECTIONS || (engine === 'embedded' ? 200 : 1_000)

    before(async () => {
      await installClock()
      mock.timers.enable({ apis: ['Date'], now: Date.now() })
    })
    after(() => mock.timers.reset())

    test(`an hour without an answer for ${count} connections: nobody is called broken, one notice, all caught up`, async (t) => {
      operator = await makeTeam()
      await insertWatched(db(), operator, { count, withinSeconds: 3_600, ownerOf })
      const report = async (title: string, figures: Figures) => {
        t.diagnostic(`${title}: ${JSON.stringify({ ...figures, ...(await countConnections()) })}`)
        assert.ok(figures.most <= CALLS_PER_SECOND_MAX, `${title}: ${figures.most} calls a second`)
        assert.ok(figures.mostOfCompany <= CALLS_PER_COMPANY_MAX, `${title}: ${figures.mostOfCompany} of a company`)
      }
      await report('well', await live(5, null))
      assert.deepEqual(await letters(), [])

      await report('503', await live(30, '503_json'))
      await report('cut off', await live(30, 'reset'))
      assert.equal((await findOpenIncident(db(), 'pipedrive'))?.kind, 'unanswered')
      assert.deepEqual(await letters(), ['outage_notice to maria@northwind.example'])
      const { changed, suspect, stopped } = (await countConnections()) ?? {}
      assert.deepEqual({ changed, suspect, stopped }, { changed: 0, suspect: 0, stopped: 0 })

      // As if nobody had worked for hours: all are due at once, when Pipedrive is back.
      await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
      await report('well again', await live(15, null))
      assert.equal(await findOpenIncident(db(), 'pipedrive'), null)
      const nothing = { changed: 0, suspect: 0, stopped: 0, degraded: 0, late: 0, unanswered: 0 }
      assert.deepEqual(await countConnections(), { all: count, ...nothing })
      assert.deepEqual(await letters(), ['outage_notice to maria@northwind.example'])
    })
  },
  async () => {
    pipedrive ??= await startFakePipedrive({
      companies: Array.from({ length: CONNECTIONS || 1_000 }, (_, index) => `outage-${index}`),
    })
    return { PIPEDRIVE_BASE_URL: pipedrive.url }
  },
)

import { createServer } from 'node:http'
import { example } from '../lib/providers/pipedrive/fake.ts'
import { runChild } from './domain.mjs'
import { temporaryDatabase, temporaryFolder } from './server.mjs'

const SIZES = [1_000, 100_000]
const CHECKS = 1_000
const ROUNDS = 9
/** As many as the worker has on the way: a loop would wait for one answer after the other, which no worker does. */
const AT_ONCE = 128
const RATIO_MAX = 2
const GROWTH_MAX = 1.3
const SPEEDUP_MIN = 1.7
/** Nothing, which leaves the processors alone to be measured; what a call to Pipedrive takes at least; and a usual one. */
const WAYS_MS = [0, 50, 200]
const SHARED_CHECKS = 3_000
const CHILD_START_MS = 5_000

/** What watching costs: a worker's re-checks against the bare requests, at two sizes, and two workers against one. */
export async function measureWatching(report) {
  if (!process.env.TEST_DATABASE_URL) {
    process.stderr.write('TEST_DATABASE_URL is not set: the re-checks are LEFT OUT, they are for server Postgres.\n')
    return
  }
  const way = { ms: WAYS_MS[0] }
  const fake = await startOwnerFake(way)
  const installations = []
  for (const count of SIZES) installations.push(await fill(count, fake.url))
  const [small, big] = installations

  const task = { rounds: ROUNDS, checks: CHECKS, atOnce: AT_ONCE }
  const figures = []
  for (const { run } of installations) figures.push(await run({ do: 'race', ...task }))
  const [few, many] = figures
  compare(report, { ...few, ms: way.ms })
  const against = `the same with ${SIZES[0]} connections instead of ${SIZES[1]}`
  for (const [title, key, unit, per] of [
    ['re-checks, time', 'ms', 'ms for one re-check', CHECKS],
    ['re-checks, processor time', 'cpuMs', 'ms of the worker for one re-check', CHECKS],
    ['re-checks, memory', 'rssMb', 'MB of the worker, resident', 1],
  ])
    report(title, {
      value: many.worker[key] / per,
      baseline: few.worker[key] / per,
      budget: (few.worker[key] / per) * GROWTH_MAX,
      unit,
      against,
    })

  for (const ms of WAYS_MS) {
    way.ms = ms
    if (ms === WAYS_MS[1]) compare(report, { ...(await small.run({ do: 'race', ...task })), ms })
    const one = await share(big, 1)
    const two = await share(big, 2)
    report(`re-checks, two workers, ${ms} ms to the provider`, {
      value: two,
      baseline: one,
      budget: one / SPEEDUP_MIN,
      unit: `ms for ${SHARED_CHECKS} re-checks`,
      speedup: one / two,
      against: 'one worker; the fake and the database share the processors',
    })
  }
  await fake.close()
}

function compare(report, { worker, bare, loop, ms }) {
  for (const [baseline, against] of [
    [bare, `the same requests by fetch alone, ${AT_ONCE} at once`],
    [loop, 'the same requests by fetch alone, in a loop, one after the other'],
  ])
    report(`re-checks, one worker, ${ms} ms to the provider`, {
      value: worker.ms / CHECKS,
      baseline: baseline.ms / CHECKS,
      budget: (baseline.ms / CHECKS) * RATIO_MAX,
      unit: 'ms for one re-check',
      perSecond: Math.round((CHECKS * 1_000) / worker.ms),
      baselinePerSecond: Math.round((CHECKS * 1_000) / baseline.ms),
      against,
    })
}

async function fill(count, fakeUrl) {
  const given = {
    DATA_DIR: temporaryFolder(),
    DATABASE_URL: await temporaryDatabase(),
    PIPEDRIVE_BASE_URL: fakeUrl,
  }
  const run = (task) => runChild('watch.ts', [JSON.stringify(task)], given)
  await run({ do: 'fill', count })
  return { run }
}

/** Milliseconds until so many workers together have made all checks that are due. */
async function share({ run }, workers) {
  await run({ do: 'ready', checks: SHARED_CHECKS })
  const startAt = Date.now() + CHILD_START_MS
  const took = await Promise.all(Array.from({ length: workers }, () => run({ do: 'share', startAt })))
  return Math.max(...took)
}

/** Answers who a token belongs to, as Pipedrive does, for as many tokens as anybody can count; see `watch.ts`. */
async function startOwnerFake(way) {
  const { headers, body } = example('users-me.200.admin').response
  const server = createServer((request, response) => {
    const index = Number.parseInt(request.headers['x-api-token'], 16)
    const owner = { id: index + 1, company_id: index + 1, company_name: 'Bench', company_domain: `bench-${index}` }
    const answer = () => {
      response.writeHead(200, headers)
      response.end(JSON.stringify({ ...body, data: { ...body.data, ...owner } }))
    }
    if (way.ms === 0) answer()
    else setTimeout(answer, way.ms)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  }
}

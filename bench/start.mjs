import { setTimeout as sleep } from 'node:timers/promises'
import { startBareNext, startPortal, temporaryDatabase, temporaryFolder } from './server.mjs'

const START_MS_MAX = 3_000
const EMBEDDED_MB_MAX = 350
const SERVER_POSTGRES_MB_MAX = 200
const ROUNDS = 3
const SETTLE_MS = 3_000

/** From `node bin/start.mjs` to the first page, and what the process holds when nobody asks for anything. */
export async function measureStart(report) {
  const bare = await repeat(() => startBareNext())
  const against = 'the same build under Next alone'

  const kept = temporaryFolder()
  const fresh = await repeat(() => startPortal({ DATA_DIR: temporaryFolder(), BUILD_KEY_DIR: '.data' }), 1)
  await (await startPortal({ DATA_DIR: kept, BUILD_KEY_DIR: '.data' })).stop()
  const existing = await repeat(() => startPortal({ DATA_DIR: kept, BUILD_KEY_DIR: '.data' }))
  for (const [title, measured] of [
    ['start, existing data', existing],
    ['start, empty DATA_DIR', fresh],
  ])
    report(title, {
      value: measured.readyMs,
      baseline: bare.readyMs,
      budget: START_MS_MAX,
      unit: 'ms to the first page',
      against,
    })
  report('idle memory, embedded database', {
    value: existing.rssMb,
    baseline: bare.rssMb,
    budget: EMBEDDED_MB_MAX,
    unit: 'MB resident',
    afterTheVeryFirstStart: Math.round(fresh.rssMb),
    against,
  })

  if (!process.env.TEST_DATABASE_URL) return
  const databaseUrl = await temporaryDatabase()
  const server = await repeat(() => startPortal({ DATA_DIR: kept, BUILD_KEY_DIR: '.data', DATABASE_URL: databaseUrl }))
  report('idle memory, server Postgres', {
    value: server.rssMb,
    baseline: bare.rssMb,
    budget: SERVER_POSTGRES_MB_MAX,
    unit: 'MB resident',
    against,
  })
}

/** The middle one of a few starts; memory is read from the last one, when it has come to rest. */
async function repeat(start, rounds = ROUNDS) {
  const times = []
  for (let round = 1; ; round++) {
    const server = await start()
    times.push(server.readyMs)
    if (round < rounds) {
      await server.stop()
      continue
    }
    await sleep(SETTLE_MS)
    const { rssMb } = await server.usage()
    await server.stop()
    return { readyMs: times.sort((a, b) => a - b)[Math.floor(rounds / 2)], rssMb }
  }
}

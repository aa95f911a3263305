import { spawn } from 'node:child_process'
import path from 'node:path'
import { root } from '../bin/process.mjs'
import { fakeToken, startFakePipedrive } from '../lib/providers/pipedrive/fake.ts'
import { settings, temporaryDatabase, temporaryFolder } from './server.mjs'

const OVERHEAD_MS_MAX = 30
const UPSTREAM_LATENCY_MS = 50
const SUBMISSIONS = 50

/** Sealing, against the cipher alone. More is better, so the ratio is the other way round: how often slower. */
export async function measureSealing(report) {
  const { sealed, bare } = await runChild('seal.ts')
  report('seal and open', {
    value: 1e6 / sealed,
    baseline: 1e6 / bare,
    unit: 'µs for one value',
    perSecond: Math.round(sealed),
    baselinePerSecond: Math.round(bare),
    against: 'AES-256-GCM by node:crypto over the same bytes',
  })
}

/** What a check costs beyond the calls to Pipedrive that it is made of. */
export async function measureVerdict(report) {
  const companies = Array.from({ length: SUBMISSIONS }, (_, index) => `bench-${index + 1}`)
  const fake = await startFakePipedrive({ companies, latencyMs: UPSTREAM_LATENCY_MS })
  const tokens = await tokensOf(fake, companies)
  const engines = [['embedded database', {}]]
  if (process.env.TEST_DATABASE_URL) engines.push(['server Postgres', { DATABASE_URL: await temporaryDatabase() }])
  for (const [engine, given] of engines) {
    const rows = await runChild('verdict.ts', [JSON.stringify(tokens)], {
      DATA_DIR: temporaryFolder(),
      PIPEDRIVE_BASE_URL: fake.url,
      ...given,
    })
    const own = rows.map(({ totalMs, chainMs }) => totalMs - chainMs)
    const chain = percentile(
      rows.map(({ chainMs }) => chainMs),
      50,
    )
    report(`verdict, ${engine}`, {
      value: percentile(
        rows.map(({ totalMs }) => totalMs),
        50,
      ),
      baseline: chain,
      budget: chain + OVERHEAD_MS_MAX,
      unit: 'ms from the press to the stored verdict, p50',
      ownMsP50: percentile(own, 50),
      ownMsP95: percentile(own, 95),
      against: `the same calls made bare; each answer takes ${UPSTREAM_LATENCY_MS} ms`,
    })
  }
  await fake.close()
}

async function tokensOf(fake, companies) {
  return Promise.all(
    companies.map(async (company) => {
      const apiToken = fakeToken(`admin@${company}`)
      const answer = await fetch(`${fake.url}/v1/users/me`, { headers: { 'x-api-token': apiToken } })
      return { company, apiToken, userId: (await answer.json()).data.id }
    }),
  )
}

/** The domain's code needs other import conditions than the fake, and its own processor. */
export function runChild(file, args = [], given = {}) {
  const script = path.join(import.meta.dirname, file)
  const child = spawn(process.execPath, ['--conditions=react-server', script, ...args], {
    cwd: root,
    env: settings(given),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
}

function percentile(numbers, percent) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]
}

import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { chromium } from '@playwright/test'
import sparticuz from '@sparticuz/chromium'
import { requestConnection, startPortal, temporaryFolder } from './server.mjs'

const SCRIPTS_BYTES_MAX = 150_000
const CONTENT_BYTES_MAX = 60_000
const CPU_RATIO_MAX = 1.5
const WARM_UP_REQUESTS = 200
const ROUNDS = 5
const REQUESTS_PER_ROUND = 60

/**
 * The customer's page against the page for unknown addresses, which is the emptiest one of the build: the same frame,
 * headers and nonce, a heading and one link, no cookie and no database.
 */
export async function measureCustomerPage(report) {
  const dataDir = temporaryFolder()
  const portal = await startPortal({ DATA_DIR: dataDir, BUILD_KEY_DIR: '.data' })
  const link = await requestConnection(portal, dataDir)
  const empty = `${portal.origin}/no-such-page`
  await measureBytes(report, { link, empty })
  await measureCpu(report, portal, { ...(await openLink(link)), empty })
  await portal.stop()
}

async function measureBytes(report, { link, empty }) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROME || (await sparticuz.executablePath()),
    args: ['--no-sandbox'],
  })
  const [page, floor] = [await load(browser, link), await load(browser, empty)]
  await browser.close()
  report('customer page, scripts', {
    value: page.scripts,
    baseline: floor.scripts,
    budget: SCRIPTS_BYTES_MAX,
    unit: 'bytes gzip -9 at load',
    files: page.scriptFiles,
    against: 'scripts of the emptiest page of the build',
  })
  report('customer page, HTML + CSS + pictures', {
    value: page.content,
    baseline: floor.content,
    budget: CONTENT_BYTES_MAX,
    unit: 'bytes gzip -9',
    html: page.html,
    requestsToOtherHosts: page.otherHosts,
    against: 'the same of the emptiest page',
  })
}

/** Everything that a fresh browser fetches for one page, each body compressed by itself. */
async function load(browser, address) {
  const context = await browser.newContext()
  const page = await context.newPage()
  const answers = []
  page.on('response', (answer) => answers.push(answer))
  await page.goto(address, { waitUntil: 'networkidle' })
  const { host } = new URL(page.url())
  const sizes = []
  for (const answer of answers) {
    // A redirect has no body, and what stands in the page itself is counted there.
    if (answer.status() >= 300 && answer.status() < 400) continue
    if (answer.url().startsWith('data:')) continue
    const kind = answer.request().resourceType()
    sizes.push({ kind, bytes: gzipSync(await answer.body(), { level: 9 }).length })
  }
  await context.close()
  const sum = (rows) => rows.reduce((total, { bytes }) => total + bytes, 0)
  const scripts = sizes.filter(({ kind }) => kind === 'script')
  return {
    scripts: sum(scripts),
    scriptFiles: scripts.length,
    content: sum(sizes.filter(({ kind }) => kind !== 'script')),
    html: sum(sizes.filter(({ kind }) => kind === 'document')),
    otherHosts: answers.filter((answer) => !answer.url().startsWith('data:') && new URL(answer.url()).host !== host)
      .length,
  }
}

/** Follows the secure link without a browser: the page's address and its cookies. */
async function openLink(link) {
  const answer = await fetch(link, { redirect: 'manual' })
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  return { page: new URL(answer.headers.get('location'), link).href, cookie }
}

/** One request after the other; both pages in turns, so that a busy neighbour is felt by both. */
async function measureCpu(report, portal, { page, cookie, empty }) {
  const targets = [
    { address: page, status: 200, headers: { cookie }, cpu: [], wall: [] },
    { address: empty, status: 404, headers: {}, cpu: [], wall: [] },
  ]
  for (const target of targets) await ask(target, WARM_UP_REQUESTS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const [before, startedAt] = [await portal.usage(), performance.now()]
      await ask(target, REQUESTS_PER_ROUND)
      target.wall.push((performance.now() - startedAt) / REQUESTS_PER_ROUND)
      target.cpu.push(((await portal.usage()).cpuMs - before.cpuMs) / REQUESTS_PER_ROUND)
      await sleep(100)
    }
  }
  const [customer, floor] = targets.map(({ cpu, wall }) => ({ cpu: median(cpu), wall: median(wall) }))
  report('customer page, CPU', {
    value: customer.cpu,
    baseline: floor.cpu,
    budget: floor.cpu * CPU_RATIO_MAX,
    unit: 'CPU ms for a request',
    wallMs: round(customer.wall),
    baselineWallMs: round(floor.wall),
    against: 'the emptiest dynamic page of the build',
  })
}

async function ask({ address, status, headers }, times) {
  for (let count = 0; count < times; count++) {
    const answer = await fetch(address, { headers, redirect: 'manual' })
    await answer.arrayBuffer()
    if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}`)
  }
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function round(number) {
  return Math.round(number * 100) / 100
}

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import path from 'node:path'
import pg from 'pg'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectAccessible, expectBadge, fakeToken, operate, requestOf, test } from './fixtures.ts'

/**
 * A portal of its own on a server Postgres, reached through a line that the tests cut. Left out, and the run says so,
 * where TEST_DATABASE_URL names no server.
 */
const server = process.env.TEST_DATABASE_URL
const [portalPort, fakePort, linePort] = [PORT + 10, PORT + 11, PORT + 12]
const origin = `http://localhost:${portalPort}`
const database = `latchkey_outage_${portalPort}`
const environment = {
  DATA_DIR: path.resolve('.data/e2e-outage'),
  PORTAL_ORIGIN: origin,
  DATABASE_URL: server ? addressOf('127.0.0.1', linePort) : '',
}

test.describe.configure({ mode: 'serial', timeout: 90_000 })
test.skip(!server, 'TEST_DATABASE_URL names no server Postgres')
test.use({ baseURL: origin })

let portal: ChildProcess
const line = { server: null as Server | null, sockets: new Set<Socket>(), silent: false }

test.beforeAll(async () => {
  await administer(`drop database if exists ${database} with (force)`, `create database ${database}`)
  await join()
  portal = spawn(process.execPath, ['e2e/portal.mjs'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      PORT: String(portalPort),
      FAKE_PORT: String(fakePort),
      E2E_DATA: 'e2e-outage',
      E2E_DATABASE_URL: environment.DATABASE_URL,
    },
  })
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true)
})

test.afterAll(async () => {
  portal?.kill('SIGTERM')
  await cut()
})

test('without its database every page says so, and recovers by itself', async ({ page }) => {
  const { link } = await requestOf(environment)
  await page.goto(link)
  await expectBadge(page, 'sent')

  await cut()
  const answer = await page.goto(link)
  expect(answer?.status()).toBe(503)
  expect(answer?.headers()['retry-after']).toBe('5')
  await expect(page.getByRole('heading', { name: 'This page could not be shown' })).toBeVisible()
  await expect(page.locator('code')).not.toBeEmpty()
  await expectAccessible(page)

  await join()
  await expect.poll(async () => (await page.goto(link))?.status(), { timeout: 10_000 }).toBe(200)
})

test('a line that goes silent ends in the same answer', async ({ request: http }) => {
  line.silent = true
  const answer = await http.get('/l/unknown-key', { timeout: 10_000 })
  const second = await http.get(`/l/${'k'.repeat(43)}`, { timeout: 10_000 })
  line.silent = false
  expect([answer.status(), second.status()]).toContain(503)
  await expect.poll(async () => (await http.get(`/l/${'k'.repeat(43)}`)).status(), { timeout: 10_000 }).toBe(404)
})

test('an outage while submitting stores nothing, and the form stays filled', async ({ page, tolerate }) => {
  tolerate(/status of 500/)
  const { link, connections } = await requestOf(environment)
  await page.goto(link)
  await page.getByLabel('Name for this connection').fill('Acme north')
  await cut()
  await connect(page, { domain: 'e2e-1', token: fakeToken('admin@e2e-1') })
  await expectBadge(page, 'sent', 'INTERNAL')
  await expect(page.getByRole('heading', { name: 'We could not finish' })).toBeFocused()
  await expect(page.getByText(/^Reference [0-9a-f]{8}$/)).toBeVisible()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-1')
  await expect(page.getByLabel('Name for this connection')).toHaveValue('Acme north')
  await expect(page.getByLabel('Personal API token')).toHaveValue(fakeToken('admin@e2e-1'))
  await expectAccessible(page)

  await join()
  await expect.poll(isReady, { timeout: 10_000 }).toBe(true)
  expect(await countStored(connections[0]?.id ?? '')).toBe(0)
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
})

test('what cannot be audited does not happen', async ({ page }) => {
  const { link, connections } = await requestOf(environment)
  await page.goto(link)
  await page.mouse.click(5, 5)
  await page.waitForResponse('**/visited').catch(() => {})
  await inDatabase(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$`,
    'create trigger refuse before insert on audit_events for each row execute function refuse()',
  )
  await connect(page, { domain: 'e2e-2', token: fakeToken('admin@e2e-2') })
  await expect(page.locator('main [data-verdict=INTERNAL]')).toHaveCount(1)
  expect(await countStored(connections[0]?.id ?? '')).toBe(0)
  await inDatabase('drop trigger refuse on audit_events', 'drop function refuse()')
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('the outage is said in words too', async ({ page }) => {
    const { link } = await requestOf(environment)
    await page.goto(link)
    await cut()
    await connect(page, { domain: 'e2e-3', token: fakeToken('admin@e2e-3') })
    await expect(page.getByRole('heading', { name: 'This page could not be shown' })).toBeVisible()
    await expect(page.getByText(/^Reference/)).toBeVisible()
    await join()
    await expect.poll(isReady, { timeout: 10_000 }).toBe(true)
    await page.goto(link)
    await connect(page, { domain: 'e2e-3', token: fakeToken('admin@e2e-3') })
    await expectBadge(page, 'connected', 'OK')
  })
})

test('while Pipedrive is in trouble the console says so, until it is over', async ({ page }) => {
  const email = 'ines@northwind.example'
  await operate(environment, ['member', 'add', email, '--name', 'Ines Wolf', '--role', 'support'])
  const { link } = (await operate(environment, ['sign-in-link', email])) as { link: string }
  await page.goto(link)
  await page.locator('main form button[type=submit]').click()
  await page.waitForURL('**/connections')
  const notice = page.getByRole('status').filter({ hasText: 'Pipedrive is in trouble' })
  await expect(notice).toHaveCount(0)

  await inDatabase("insert into provider_incidents (id, provider, kind) values ('inc_told', 'pipedrive', 'unanswered')")
  for (const address of ['/connections', '/support']) {
    await page.goto(address)
    await expect(notice).toContainText('Checks of many companies at once end without a usable answer.')
    await expect(notice).toContainText('No connection counts as broken meanwhile')
    await expectAccessible(page)
  }
  await inDatabase("update provider_incidents set ended_at = now() where id = 'inc_told'")
  await page.reload()
  await expect(notice).toHaveCount(0)
})

test('where Pipedrive cannot be reached from here it is our fault, and the customer is done', async ({ page }) => {
  const { link } = await requestOf(environment)
  await page.goto(link)
  // For good, so this is the last test.
  await fetch(`http://127.0.0.1:${fakePort}/__control/leave`, { method: 'POST' })
  await connect(page, { domain: 'e2e-4', token: fakeToken('admin@e2e-4') })
  await expectBadge(page, 'waiting_provider', 'CANNOT_REACH')
  await expectAccessible(page)
})

/** Opens the line: everything goes through to the real server. */
async function join(): Promise<void> {
  const { hostname, port } = new URL(server ?? '')
  line.server = createServer((near) => {
    const far = dial(Number(port || 5432), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      line.sockets.add(from)
      from.on('data', (bytes) => line.silent || to.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        line.sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => line.server?.listen(linePort, '127.0.0.1', resolve))
}

/** Cuts it: open connections break, new ones are refused. */
async function cut(): Promise<void> {
  const closed = new Promise((resolve) => (line.server ? line.server.close(resolve) : resolve(null)))
  for (const socket of line.sockets) socket.destroy()
  await closed
}

async function isReady(): Promise<boolean> {
  const answer = await fetch(`${origin}/api/ready`).catch(() => null)
  return answer?.status === 200
}

function addressOf(host: string, port: number): string {
  const url = new URL(server ?? '')
  url.hostname = host
  url.port = String(port)
  url.pathname = `/${database}`
  return url.href
}

async function countStored(connectionId: string): Promise<number> {
  const [row] = await inDatabase(`select count(*)::int as n from credentials where connection_id = '${connectionId}'`)
  return Number(row?.n)
}

async function inDatabase(...statements: string[]): Promise<Record<string, unknown>[]> {
  const { hostname, port } = new URL(server ?? '')
  return runSql(addressOf(hostname, Number(port || 5432)), statements)
}

async function administer(...statements: string[]): Promise<void> {
  await runSql(server ?? '', statements)
}

async function runSql(connectionString: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { openSync } from 'node:fs'
import path from 'node:path'
import type { Page } from '@playwright/test'
import pg from 'pg'
import type { FakeVault } from '../lib/crypto/vault/fake.ts'
import { startFakeVault } from '../lib/crypto/vault/fake.ts'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectAccessible, expectBadge, fakeToken, operate, test } from './fixtures.ts'
import { linkIn, mailPortal } from './mail-portal.ts'

/**
 * An installation with its keys in Vault: a portal that can only wrap, and a worker that opens. Vault gives each a token
 * of its own and writes down what they ask. Left out, and the run says so, where TEST_DATABASE_URL names no server.
 */
const server = process.env.TEST_DATABASE_URL
const [portalPort, vaultPort, workerPort] = [PORT + 24, PORT + 28, PORT + 29]
const database = `latchkey_wrap_only_${portalPort}`
const [WEB, WORKER] = ['hvs.web', 'hvs.worker']
const workerOrigin = `http://127.0.0.1:${workerPort}`
const settings = {
  KEY_PROVIDER: 'vault-transit',
  VAULT_ADDR: `http://127.0.0.1:${vaultPort}`,
  VAULT_TRANSIT_KEY: 'latchkey',
  VAULT_TOKEN: WEB,
  CREDENTIAL_API_ORIGIN: workerOrigin,
}
const databaseUrl = server ? Object.assign(new URL(server), { pathname: database }).href : ''
const there = mailPortal('e2e-wrap-only', portalPort, { settings: { ...settings, E2E_DATABASE_URL: databaseUrl } })
const { origin, mailTo } = there
/** The worker’s, and the operator’s. */
const opening = {
  ...there.environment,
  ...settings,
  NODE_ENV: 'production' as const,
  DATABASE_URL: databaseUrl,
  VAULT_TOKEN: WORKER,
  WORKER_PORT: String(workerPort),
  PIPEDRIVE_BASE_URL: `http://127.0.0.1:${portalPort + 1}`,
}

test.describe.configure({ mode: 'serial', timeout: 600_000 })
test.skip(!server, 'TEST_DATABASE_URL names no server Postgres')
test.use({ baseURL: origin })

let vault: FakeVault
let worker: ChildProcess

test.beforeAll(async () => {
  test.setTimeout(900_000)
  const admin = new pg.Client(server)
  await admin.connect()
  await admin.query(`drop database if exists ${database} with (force)`)
  await admin.query(`create database ${database}`)
  await admin.end()
  const tokens = { [WEB]: ['encrypt'], [WORKER]: ['encrypt', 'decrypt', 'keys'] } as const
  vault = await startFakeVault({ tokens, port: vaultPort })
  await there.start()
  await startWorker()
})
test.afterAll(async () => {
  await stopWorker()
  await there.stop()
  await vault?.stop()
})

async function startWorker(): Promise<void> {
  const log = openSync(path.resolve('.data/e2e-wrap-only-worker.log'), 'a')
  worker = spawn(process.execPath, ['--conditions=react-server', 'bin/worker.ts'], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...opening },
  })
  const isReady = () =>
    fetch(`${workerOrigin}/api/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
  await expect.poll(isReady, { timeout: 30_000 }).toBe(true)
}

async function stopWorker(): Promise<void> {
  if (!worker || worker.exitCode !== null) return
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  worker.kill('SIGTERM')
  await ended
}

async function signIn(page: Page): Promise<void> {
  const email = 'sam@northwind.example'
  await operate(opening, ['member', 'add', email, '--name', 'Sam Okoye', '--role', 'account_manager'])
  const { link } = (await operate(opening, ['sign-in-link', email])) as { link: string }
  await page.goto(link)
  await page.locator('main form button[type=submit]').click()
  await page.waitForURL('**/connections')
}

/** As the manager does it; the link comes by mail, which the worker writes. */
async function askByMail(page: Page, customer: string): Promise<{ email: string; link: string }> {
  const email = `jane-${randomUUID().slice(0, 6)}@acme.example`
  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill(customer)
  await page.getByLabel('Contact’s e-mail').fill(email)
  await page.getByLabel('What the integration does').first().selectOption('two-way-crm')
  await page.getByRole('button', { name: 'Send request' }).click()
  await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
  return { email, link: linkIn(await mailTo(email, /asks you to connect Pipedrive/)) }
}

async function openCase(page: Page, customer: string): Promise<string> {
  await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
  await page
    .getByRole('link', { name: new RegExp(`^${customer}`) })
    .first()
    .click()
  await page.waitForURL(/\/connections\/con_/)
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

test('a connection with limits that the customer accepts, and a check that the team asks for', async ({
  page,
  browser,
}) => {
  await signIn(page)
  const { email, link } = await askByMail(page, 'Wrap limits')
  const theirs = await (await browser.newContext({ baseURL: origin })).newPage()
  await theirs.goto(link)
  await connect(theirs, { domain: 'e2e-1', token: fakeToken('regular@e2e-1') })
  await expectBadge(theirs, 'needs_confirmation', 'LIMITED_ACCESS')
  await theirs.getByRole('button', { name: 'Connect with limits' }).click()
  await expectBadge(theirs, 'connected_limited', 'LIMITED_ACCESS')
  await mailTo(email, /Pipedrive is connected to/)

  await openCase(page, 'Wrap limits')
  await page.getByRole('link', { name: 'Check now' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Check now' }).click()
  await expect(page.getByText('The check runs within a second or two.')).toBeVisible()
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('region', { name: 'Access log' })).toContainText('Regular check', { timeout: 1_000 })
  }).toPass({ timeout: 20_000 })
  await expectAccessible(page)
})

test('two connections with one token: the team says yes', async ({ page, browser }) => {
  await signIn(page)
  const theirs = await (await browser.newContext({ baseURL: origin })).newPage()
  for (const customer of ['Wrap twin one', 'Wrap twin two']) {
    const { link } = await askByMail(page, customer)
    await theirs.goto(link)
    await connect(theirs, { domain: 'e2e-2', token: fakeToken('admin@e2e-2') })
    await expect(theirs.locator('main [data-verdict]')).toBeVisible()
  }
  await openCase(page, 'Wrap twin two')
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-verdict', 'ALREADY_CONNECTED')
  await page.getByRole('link', { name: 'Both are wanted' }).click()
  await page.getByRole('button', { name: 'Both are wanted' }).click()
  await expect(page.getByText('Decided. The customer hears of it by mail.')).toBeVisible()
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'connected')
})

test('a machine is sent from the portal to the worker, and gets its credential there', async ({
  page,
  browser,
  request: http,
}) => {
  await signIn(page)
  const { link } = await askByMail(page, 'Wrap machine')
  const theirs = await (await browser.newContext({ baseURL: origin })).newPage()
  await theirs.goto(link)
  await connect(theirs, { domain: 'e2e-3', token: fakeToken('admin@e2e-3') })
  await theirs.waitForURL('**/done')
  const connectionId = await openCase(page, 'Wrap machine')
  const argv = ['api-key', 'create', '--name', 'Sync', '--scopes', 'credentials:read']
  const { key } = (await operate(opening, argv)) as { key: string }
  const call = (address: string) =>
    http.post(address, { headers: { authorization: `Bearer ${key}` }, data: { purpose: 'nightly sync' } })
  const refused = await call(`${origin}/api/v1/connections/${connectionId}/credential`)
  expect(refused.status()).toBe(421)
  const { address } = (await refused.json()) as { address: string }
  expect(address).toBe(`${workerOrigin}/api/v1/connections/${connectionId}/credential`)
  const given = await call(address)
  expect(given.status()).toBe(200)
  expect(((await given.json()) as { headers: Record<string, string> }).headers['x-api-token']).toBe(
    fakeToken('admin@e2e-3'),
  )
  await page.reload()
  await expect(page.getByRole('region', { name: 'Access log' })).toContainText('nightly sync')
  const { servers } = (await (await fetch(`${origin}/api/openapi.json`)).json()).paths[
    '/api/v1/connections/{connectionId}/credential'
  ].post
  expect(servers[0].url).toBe(workerOrigin)
})

test('a token that somebody saw is replaced, and the old one proved dead', async ({ page, browser }) => {
  await signIn(page)
  const { email, link } = await askByMail(page, 'Wrap seen')
  const theirs = await (await browser.newContext({ baseURL: origin })).newPage()
  await theirs.goto(link)
  await connect(theirs, { domain: 'e2e-5', token: fakeToken('admin@e2e-5') })
  await theirs.waitForURL('**/done')
  const connectionId = await openCase(page, 'Wrap seen')
  await page.goto(`/connections/${connectionId}?do=rotate`)
  await page.getByLabel('Why').fill('It came by mail')
  await page.getByRole('dialog').getByRole('button', { name: 'Ask for a new token' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await theirs.goto(linkIn(await mailTo(email, /new/i)))
  const made = await fetch(`http://127.0.0.1:${portalPort + 1}/__control/regenerate`, {
    method: 'POST',
    body: JSON.stringify({ name: 'admin@e2e-5' }),
  })
  const { token } = (await made.json()) as { token: string }
  await theirs.getByLabel('Personal API token').fill(token)
  await theirs.getByRole('button', { name: 'Check and connect' }).click()
  await theirs.waitForURL('**/done')
  await expectBadge(theirs, 'connected', 'OK')
  await page.reload()
  await expect(page.getByRole('region', { name: 'Access log' })).toContainText('Check whether the old token is dead')
})

test('a new token for one that was seen waits for Pipedrive, and the worker puts it in its place', async ({
  page,
  browser,
}) => {
  await signIn(page)
  const { email, link } = await askByMail(page, 'Wrap seen later')
  const theirs = await (await browser.newContext({ baseURL: origin })).newPage()
  await theirs.goto(link)
  await connect(theirs, { domain: 'e2e-13', token: fakeToken('admin@e2e-13') })
  await theirs.waitForURL('**/done')
  const connectionId = await openCase(page, 'Wrap seen later')
  await page.goto(`/connections/${connectionId}?do=rotate`)
  await page.getByLabel('Why').fill('It came by mail')
  await page.getByRole('dialog').getByRole('button', { name: 'Ask for a new token' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await theirs.goto(linkIn(await mailTo(email, /new/i)))
  const control = async (command: string, body: object) =>
    fetch(`http://127.0.0.1:${portalPort + 1}/__control/${command}`, { method: 'POST', body: JSON.stringify(body) })
  const name = 'admin@e2e-13'
  const { token } = (await (await control('regenerate', { name })).json()) as { token: string }
  await control('behaviour', { name, behaviour: { identity: '500' } })
  await theirs.getByLabel('Personal API token').fill(token)
  await theirs.getByRole('button', { name: 'Check and connect' }).click()
  await expectBadge(theirs, 'waiting_provider', 'PIPEDRIVE_DOWN')
  await theirs.reload()
  await expectBadge(theirs, 'waiting_provider', 'PIPEDRIVE_DOWN')
  await control('behaviour', { name, behaviour: {} })
  await theirs.waitForURL('**/done', { timeout: 60_000 })
  await expectBadge(theirs, 'connected', 'OK')
})

test('while no worker runs, no yes is lost: each page keeps its question, and tokens are taken all the same', async ({
  page,
  browser,
}) => {
  const unfinished = 'We could not finish just now'
  await signIn(page)
  const links: Record<string, string> = {}
  for (const customer of ['Alone', 'Alone without scripts', 'Alone elsewhere', 'Alone twin', 'Alone other twin'])
    links[customer] = (await askByMail(page, customer)).link
  await stopWorker()
  const scripted = await browser.newContext({ baseURL: origin })
  const plain = await browser.newContext({ baseURL: origin, javaScriptEnabled: false })
  const theirs = await scripted.newPage()
  const doctor = operate(opening, ['doctor']).catch(({ stdout }: { stdout: string }) => JSON.parse(stdout))
  expect(JSON.stringify(await doctor)).toMatch(/No worker has been seen since [^"]+Z: start one with npm run worker\./)

  for (const [customer, one] of [
    ['Alone without scripts', await plain.newPage()],
    ['Alone', theirs],
  ] as const) {
    await one.goto(links[customer] ?? '')
    await connect(one, { domain: 'e2e-4', token: fakeToken('regular@e2e-4') })
    await expectBadge(one, 'needs_confirmation', 'LIMITED_ACCESS')
    await one.getByRole('button', { name: 'Connect with limits' }).click()
    const answer = one.getByRole('status').filter({ hasText: unfinished })
    await expect(answer).toContainText(/tell Sam Okoye the reference [0-9a-f]{8}\./, { timeout: 10_000 })
    await expect(answer).toBeInViewport()
    await expectBadge(one, 'needs_confirmation', 'LIMITED_ACCESS')
  }
  await expectAccessible(theirs)

  const elsewhere = await plain.newPage()
  await elsewhere.goto(links['Alone elsewhere'] ?? '')
  await connect(elsewhere, { domain: 'acme', token: fakeToken('admin@e2e-14') })
  await elsewhere.getByRole('button', { name: 'Use e2e-14' }).click()
  await expect(elsewhere.getByRole('status').filter({ hasText: unfinished })).toBeVisible({ timeout: 10_000 })
  await expectBadge(elsewhere, 'needs_customer', 'COMPANY_MISMATCH')

  const twin = await scripted.newPage()
  for (const customer of ['Alone twin', 'Alone other twin']) {
    await twin.goto(links[customer] ?? '')
    await connect(twin, { domain: 'e2e-6', token: fakeToken('admin@e2e-6') })
    await expect(twin.locator('main [data-verdict]')).toBeVisible()
  }
  await openCase(page, 'Alone other twin')
  await page.getByRole('link', { name: 'Both are wanted' }).click()
  await page.getByRole('button', { name: 'Both are wanted' }).click()
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText(unfinished, { timeout: 10_000 })

  await startWorker()
  await theirs.getByRole('button', { name: 'Connect with limits' }).click()
  await expectBadge(theirs, 'connected_limited', 'LIMITED_ACCESS')
  await elsewhere.getByRole('button', { name: 'Use e2e-14' }).click()
  await expectBadge(elsewhere, 'connected', 'OK')
  await page.getByRole('button', { name: 'Both are wanted' }).click()
  await expect(page.getByText('Decided. The customer hears of it by mail.')).toBeVisible()
})

test('in all this the portal asked Vault for nothing but to wrap', async () => {
  const actionsOf = (token: string) =>
    new Set(vault.calls.filter((one) => one.token === token).map((one) => one.action))
  expect([...actionsOf(WEB)]).toEqual(['encrypt'])
  expect([...actionsOf(WORKER)]).toEqual(expect.arrayContaining(['decrypt', 'keys']))
  expect(vault.calls.filter(({ status }) => status !== 200)).toEqual([])
})

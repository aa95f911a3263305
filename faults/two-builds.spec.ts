import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { connect, expect, expectBadge, fakeToken, operate, test } from '../e2e/fixtures.ts'
import { FAKE_PORT, PORT } from '../playwright.config.ts'
import { buildCopy } from './copy-build.mjs'

/** R17: a form that was opened on one build is sent to the next one, at the same address and on the same data. */
const port = PORT + 5
const origin = `http://localhost:${port}`
const environment = { DATA_DIR: path.resolve('.data/e2e-two-builds'), PORTAL_ORIGIN: origin, PORT: String(port) }
const HELP_THEN = 'Help and privacy, as of the next version'

test.describe.configure({ mode: 'serial', timeout: 300_000 })
test.use({ baseURL: origin })

type Build = { folder: string; buildId: string }
const now: Build = { folder: '.', buildId: readFileSync('.next/latchkey-build', 'utf8') }
let then: Build
let portal: ChildProcess

test.beforeAll(async () => {
  test.setTimeout(900_000)
  process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = readFileSync('.data/keys/server-actions.key', 'utf8').trim()
  const folder = await buildCopy('next-version', { buildId: 'next-version', change: sayIt })
  then = { folder, buildId: 'next-version' }
})
test.afterAll(() => stop())

/** What the next version says otherwise, so that a page tells which build drew it. */
function sayIt(folder: string): void {
  const file = path.join(folder, 'messages/pages.en.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"help": "Help and privacy"', `"help": "${HELP_THEN}"`))
}

async function start({ folder, buildId }: Build): Promise<void> {
  const next = path.resolve('node_modules/next/dist/bin/next')
  const { E2E_BUILD: _build, DATABASE_URL: _database, SMTP_URL: _smtp, ...inherited } = process.env
  portal = spawn(process.execPath, [next, 'start', folder, '--port', String(port), '--hostname', '127.0.0.1'], {
    stdio: 'ignore',
    env: {
      ...inherited,
      ...environment,
      NODE_ENV: 'production',
      LATCHKEY_BUILD_ID: buildId,
      PIPEDRIVE_BASE_URL: `http://127.0.0.1:${FAKE_PORT}`,
    },
  })
  const isReady = () =>
    fetch(`${origin}/api/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
  await expect.poll(isReady, { timeout: 120_000 }).toBe(true)
}

async function stop(): Promise<void> {
  if (!portal || portal.exitCode !== null || portal.signalCode !== null) return
  const gone = once(portal, 'exit')
  portal.kill('SIGTERM')
  await gone
}

async function deploy(build: Build): Promise<void> {
  await stop()
  await start(build)
}

/** A fresh portal of today's build, and a link that it sent. */
async function linkOfToday(): Promise<string> {
  await stop()
  if (existsSync(environment.DATA_DIR)) rmSync(environment.DATA_DIR, { recursive: true })
  await start(now)
  const argv = ['request', 'create', '--customer', 'Acme', '--email', 'jane@acme.example', '--profile', 'two-way-crm']
  const { link } = (await operate(environment, [...argv, '--no-mail'])) as { link: string }
  return link
}

test('the open form says that the page was updated, keeps what was typed, and the second try succeeds', async ({
  page,
}) => {
  await page.goto(await linkOfToday())
  await page.getByLabel('Name for this connection').fill('Acme north')
  await page.getByLabel('Your Pipedrive address').fill('e2e-1')
  await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-1'))
  await deploy(then)
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await expect(page.getByText('This page was updated while it was open.')).toBeVisible()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-1')
  await expect(page.getByLabel('Personal API token')).toHaveValue(fakeToken('admin@e2e-1'))

  await page.getByRole('button', { name: 'Reload this page' }).click()
  await expect(page.getByRole('link', { name: HELP_THEN })).toBeVisible()
  await expect(page.getByLabel('Name for this connection')).toHaveValue('Acme north')
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-1')
  await expect(page.getByLabel('Personal API token')).toHaveValue('')
  await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-1'))
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await expectBadge(page, 'connected', 'OK')
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('the posted form leads back to the page, which says so, and the second try succeeds', async ({ page }) => {
    await page.goto(await linkOfToday())
    await page.getByLabel('Your Pipedrive address').fill('e2e-2')
    await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-2'))
    await deploy(then)
    await page.getByRole('button', { name: 'Check and connect' }).click()
    await expect(page.getByText('This page was updated while it was open, so nothing was sent.')).toBeVisible()
    await expect(page.getByRole('link', { name: HELP_THEN })).toBeVisible()
    expect(await page.content()).not.toContain(fakeToken('admin@e2e-2'))
    await connect(page, { domain: 'e2e-2', token: fakeToken('admin@e2e-2') })
    await expectBadge(page, 'connected', 'OK')
  })
})

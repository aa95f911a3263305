import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import type { Page } from '@playwright/test'
import pg from 'pg'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectBadge, fake, fakeToken, mailsTo, operate, requestOf, test } from './fixtures.ts'

/**
 * The two long journeys, with a clock that the test moves: from a dead token to its repair, and from the wish to end to
 * the proof. Nobody asks for a check: the portal of its own looks by itself, as on any day. It runs on a server Postgres,
 * whose clock is what everything goes by; left out, and the run says so, where TEST_DATABASE_URL names none.
 */
const server = process.env.TEST_DATABASE_URL
const [portalPort, fakePort] = [PORT + 13, PORT + 14]
const origin = `http://localhost:${portalPort}`
const fakeOrigin = `http://127.0.0.1:${fakePort}`
const database = `latchkey_clock_${portalPort}`
const environment = {
  DATA_DIR: path.resolve('.data/e2e-clock'),
  PORTAL_ORIGIN: origin,
  DATABASE_URL: databaseUrl(),
  PIPEDRIVE_BASE_URL: fakeOrigin,
}

/** What the profile of these requests says, and what R13 allows on top: two refusals a minute apart, and the mail. */
const INTERVAL_SECONDS = 4 * 3_600
const AFTER_INTERVAL_SECONDS = 120

test.describe.configure({ mode: 'serial', timeout: 120_000 })
test.skip(!server, 'TEST_DATABASE_URL names no server Postgres')
test.use({ baseURL: origin })

let portal: ChildProcess
let key: string

test.beforeAll(async () => {
  await administer(`drop database if exists ${database} with (force)`)
  await administer(`create database ${database}`)
  portal = spawn(process.execPath, ['e2e/portal.mjs'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      PORT: String(portalPort),
      FAKE_PORT: String(fakePort),
      E2E_DATA: 'e2e-clock',
      E2E_DATABASE_URL: environment.DATABASE_URL,
    },
  })
  const isReady = () =>
    fetch(`${origin}/api/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true)
  const scopes = 'connections:read,credentials:read,events:read'
  const made = await operate(environment, ['api-key', 'create', '--name', 'Nightly sync', '--scopes', scopes])
  key = String(made.key)
})

test.afterAll(async () => {
  portal?.kill('SIGTERM')
  await administer(`drop database if exists ${database} with (force)`)
})

test('a dead token: the customer is mailed in time, mends it in place, and integrations go on', async ({ page }) => {
  const email = 'dead@acme.example'
  const { id, reference } = await connected(page, { company: 'e2e-77', email, customer: 'Dead Ltd' })
  // Somebody else's connection shows that Pipedrive itself is well.
  const well = await connected(page, { company: 'e2e-78', email: 'well@acme.example', customer: 'Well Ltd' })
  // Not looked at in the very moment of the refusal, which would say nothing of the time after it.
  await inDatabase(`update connection_checks set due_at = due_at + interval '1 day' where connection_id = '${well.id}'`)
  const cursor = await cursorNow()
  const { token } = await fake('regenerate', { name: 'admin@e2e-77' }, fakeOrigin)

  let passed = await passUntilCheckOf(id)
  await expect.poll(() => isSuspect(id), { timeout: 20_000 }).toBe(true)
  await othersAccepted(`(select suspect_since from connections where id = '${id}')`)
  passed += await passUntilCheckOf(id)
  const letter = await mailTo(email, 'stopped accepting the token')
  expect(passed).toBeLessThanOrEqual(INTERVAL_SECONDS + AFTER_INTERVAL_SECONDS)

  await signIn(page)
  await page.goto(`/connections?q=${reference}`)
  await expect(page.locator('main [data-status=stopped]').first()).toHaveText('Stopped working')
  const refused = await read(`/api/v1/connections/${id}/credential`)
  expect([refused.status, refused.body.code]).toEqual([409, 'stopped'])

  await page.goto(linkIn(letter))
  await expectBadge(page, 'stopped', 'STOPPED_WORKING')
  await page.getByLabel('Personal API token').fill(String(token))
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL(`**/${id}/done`)
  await expectBadge(page, 'connected', 'OK')

  const told = async () => (await api(`/api/v1/events?cursor=${cursor}`)).data.map(eventOf)
  await expect
    .poll(told)
    .toEqual([`connection.needs_attention ${id} stopped 1`, `connection.replaced ${id} connected 2`])
  const handed = await read(`/api/v1/connections/${id}/credential`)
  expect([handed.status, handed.body.version, handed.body.headers]).toEqual([200, 2, { 'x-api-token': token }])
})

test('an end: asked, withdrawn, refused twice, and proved on a certificate', async ({ page }) => {
  const email = 'end@acme.example'
  const { id } = await connected(page, { company: 'e2e-79', email, customer: 'Ending Ltd' })
  const cursor = await cursorNow()
  await signIn(page)
  await page.goto(`/connections/${id}?do=close`)
  await page.getByLabel('Why').fill('The project is over')
  await page.getByRole('dialog').getByRole('button', { name: 'Close connection' }).click()
  await expect(page.getByText('The connection is closing.')).toBeVisible()

  await fake('regenerate', { name: 'admin@e2e-79' }, fakeOrigin)
  await page.goto(linkIn(await mailTo(email, 'withdraw')))
  await page.waitForURL(`**/disconnect/${id}`)
  await page.getByLabel('The token belongs to a person').check()
  await page.getByRole('button', { name: 'I did it, check now' }).click()
  await expect(page.getByText('Pipedrive refused the token', { exact: true })).toBeVisible({ timeout: 30_000 })
  await othersAccepted(`(select first_refused_at from off_boardings where connection_id = '${id}')`)
  await passUntilCheckOf(id)

  await expect(page.getByRole('heading', { name: 'The token is dead' })).toBeVisible({ timeout: 40_000 })
  await expectBadge(page, 'closed', 'PROVEN_DEAD')
  await expect(page.getByText('Refused for the first time')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Print this proof' })).toBeVisible()
  await mailTo(email, 'has ended')
  const told = async () => (await api(`/api/v1/events?cursor=${cursor}`)).data.map(eventOf)
  await expect
    .poll(told)
    .toEqual([`connection.offboarding ${id} off_boarding 1`, `connection.proved_dead ${id} closed 1`])
  const [sealed] = await inDatabase(`select count(sealed)::int as n from credentials where connection_id = '${id}'`)
  expect(sealed?.n).toBe(0)
  await page.goto(`/connections/${id}`)
  await expect(page.getByRole('heading', { name: 'Proof of the end' })).toBeVisible()
})

async function connected(
  page: Page,
  { company, email, customer }: { company: string; email: string; customer: string },
): Promise<{ id: string; reference: string }> {
  const { link, reference, connections } = await requestOf(environment, { email, customer })
  await page.goto(link)
  await connect(page, { domain: company, token: fakeToken(`admin@${company}`) })
  await page.waitForURL('**/done')
  return { id: connections[0]?.id ?? '', reference }
}

async function signIn(page: Page): Promise<void> {
  const email = 'sam@northwind.example'
  await operate(environment, ['member', 'add', email, '--name', 'Sam Okoye', '--role', 'account_manager'])
  const { link } = await operate(environment, ['sign-in-link', email])
  await page.goto(String(link))
  await page.locator('main form button[type=submit]').click()
  await page.waitForURL('**/connections')
}

/** Moves the clock on to the next check of a connection. Answers by how many seconds. */
async function passUntilCheckOf(id: string): Promise<number> {
  const [check] = await inDatabase(
    `select ceil(extract(epoch from due_at - now()))::int as seconds from connection_checks where connection_id = '${id}'`,
  )
  const seconds = Math.max(0, Number(check?.seconds))
  await pass(seconds)
  return seconds
}

/** As if so many seconds had gone by: everything that is remembered or due lies as much further back. */
async function pass(seconds: number): Promise<void> {
  const back = (...columns: string[]) =>
    columns.map((column) => `${column} = ${column} - interval '${seconds} seconds'`)
  await inDatabase(
    `update connection_checks set ${back('due_at')} where leased_until is null or leased_until < now()`,
    `update connections set ${back('suspect_since', 'connected_at')}`,
    `update last_checks set ${back('checked_at')}`,
    `update provider_minutes set ${back('fine_at')}`,
    `update off_boardings set ${back('started_at', 'first_refused_at', 'deadline')}`,
    `update outbox set ${back('due_at')} where accepted_at is null and failed_at is null and letter <> 'reminder'`,
  )
}

async function isSuspect(id: string): Promise<boolean> {
  const [row] = await inDatabase(`select suspect_since is not null as suspect from connections where id = '${id}'`)
  return row?.suspect === true
}

/** Pipedrive took somebody else's token after a moment: what it refuses is the token, not everybody. */
async function othersAccepted(since: string): Promise<void> {
  const accepted = async () => {
    const [row] = await inDatabase(`select count(*)::int as n from provider_minutes where fine_at > ${since}`)
    return Number(row?.n)
  }
  await expect.poll(accepted, { timeout: 20_000 }).toBeGreaterThan(0)
}

async function mailTo(email: string, subject: string): Promise<string> {
  const found = () => mailsTo(email, environment.DATA_DIR).find((mail) => mail.subject.includes(subject))
  await expect.poll(() => found() !== undefined, { timeout: 30_000, message: `${subject} to ${email}` }).toBe(true)
  return found()?.text ?? ''
}

const linkIn = (text: string) => /http:\S+\/l\/\S+/.exec(text)?.[0] ?? ''

type Event = { type: string; connection: { id: string; status: string; version: number } }
const eventOf = ({ type, connection }: Event) => `${type} ${connection.id} ${connection.status} ${connection.version}`

/** Behind everything that happened so far. */
async function cursorNow(): Promise<string> {
  const unnumbered = async () => {
    const [row] = await inDatabase('select count(*)::int as n from events where seq is null')
    return row?.n
  }
  await expect.poll(unnumbered).toBe(0)
  return (await api('/api/v1/events')).nextCursor
}

async function api(address: string): Promise<{ data: Event[]; nextCursor: string }> {
  const answer = await fetch(`${origin}${address}`, { headers: { authorization: `Bearer ${key}` } })
  expect(answer.status).toBe(200)
  return answer.json() as Promise<{ data: Event[]; nextCursor: string }>
}

type Credential = { code?: string; version?: number; headers?: Record<string, string> }

async function read(address: string): Promise<{ status: number; body: Credential }> {
  const answer = await fetch(`${origin}${address}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ purpose: 'nightly sync' }),
  })
  return { status: answer.status, body: (await answer.json()) as Credential }
}

function databaseUrl(): string {
  if (!server) return ''
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function administer(statement: string): Promise<void> {
  await runSql(server ?? '', [statement])
}

function inDatabase(...statements: string[]): Promise<Record<string, unknown>[]> {
  return runSql(databaseUrl(), statements)
}

async function runSql(connectionString: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) ({ rows } = await client.query(statement))
    return rows
  } finally {
    await client.end()
  }
}

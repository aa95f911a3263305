import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { test as base, expect, type Page } from '@playwright/test'
import axe from 'axe-core'
import { fakeToken } from '../lib/providers/pipedrive/fake.ts'
import { FAKE_PORT } from '../playwright.config.ts'

export { expect, fakeToken }

const run = promisify(execFile)
const FAKE = `http://127.0.0.1:${FAKE_PORT}`
export const DATA_DIR = path.resolve('.data', process.env.E2E_DATA || 'e2e')

type Requested = { id: string; reference: string; link: string; connections: { id: string; status: string }[] }

/** What the operator's CLI asks the running portal, over the same socket. A process for each question would cost a second. */
export function portal(...argv: string[]): Promise<Record<string, unknown>> {
  return portalIn(DATA_DIR, argv)
}

/** The same at another portal with the embedded database. */
export async function portalIn(dataDir: string, argv: string[]): Promise<Record<string, unknown>> {
  const socket = createConnection({ path: path.join(dataDir, 'portal.sock'), allowHalfOpen: true })
  socket.end(JSON.stringify({ argv, folder: process.cwd(), input: null }))
  const { exitCode, output } = JSON.parse(await text(socket))
  if (exitCode !== 0) throw new Error(JSON.stringify(output))
  return output
}

/** The CLI itself, as an operator runs it; for portals on a server Postgres, which have no socket. */
export async function operate(environment: Record<string, string>, argv: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, ['--conditions=react-server', 'bin/portal.ts', ...argv, '--json'], {
    env: { ...process.env, ...environment },
  })
  return JSON.parse(stdout)
}

/** A request of its own for each test. */
export async function request(options: Record<string, string> = {}): Promise<Requested> {
  return (await portal(...requestArguments(options))) as Requested
}

/** The same at another portal. */
export async function requestOf(
  environment: Record<string, string>,
  options: Record<string, string> = {},
): Promise<Requested> {
  return (await operate(environment, requestArguments(options))) as Requested
}

function requestArguments(options: Record<string, string>): string[] {
  const given = {
    customer: 'Acme',
    email: 'jane@acme.example',
    'contact-name': 'Jane Miller',
    provider: 'pipedrive',
    profile: 'two-way-crm',
    ...options,
  }
  return ['request', 'create', ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]), '--no-mail']
}

/** Changes what the fake Pipedrive does next. */
export async function fake(
  command: string,
  body: Record<string, unknown> = {},
  at = FAKE,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${at}/__control/${command}`, { method: 'POST', body: JSON.stringify(body) })
  return answer.json() as Promise<Record<string, unknown>>
}

/** Types what is given and presses the button. */
export async function connect(
  page: Page,
  { domain, token, date }: { domain: string; token: string; date?: string },
): Promise<void> {
  await page.getByLabel('Your Pipedrive address').fill(domain)
  await page.getByLabel('Personal API token').fill(token)
  if (date) await page.getByLabel('Import records changed since').fill(date)
  await page.getByRole('button', { name: 'Check and connect' }).click()
}

/** The one badge of the page. */
export function badge(page: Page) {
  return page.locator('main [data-status]')
}

export async function expectBadge(page: Page, status: string, verdict?: string): Promise<void> {
  await expect(badge(page)).toHaveCount(1)
  await expect(badge(page)).toHaveAttribute('data-status', status)
  if (verdict) await expect(badge(page)).toHaveAttribute('data-verdict', verdict)
}

/** axe on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await findViolations(page)).toEqual([])
}

/** What axe objects to. `tags` names the rules to ask, all of them without. */
export async function findViolations(page: Page, tags?: string[]): Promise<{ id: string; nodes: unknown[] }[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (values) => {
    type Result = { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }
    const { axe } = window as unknown as { axe: { run(options: object): Promise<Result> } }
    const { violations } = await axe.run({
      resultTypes: ['violations'],
      ...(values && { runOnly: { type: 'tag', values } }),
    })
    return violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
    }))
  }, tags)
}

/** The mails that were kept for an address, newest first. */
export function mailsTo(address: string, dataDir = DATA_DIR): { subject: string; text: string; html: string }[] {
  const folder = path.join(dataDir, 'outbox')
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.json'))
    .sort()
    .reverse()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')))
    .filter(({ to }) => to === address)
}

/** As the worker signs it for "Stop reminders". */
export async function stopKeyOf(
  requestId: string,
  environment: Record<string, string> = { DATA_DIR },
): Promise<string> {
  const script = `const { stopKeyOf } = await import('#lib/connection/reminders.ts'); process.stdout.write(stopKeyOf(process.argv[1]))`
  const { stdout } = await run(
    process.execPath,
    ['--conditions=react-server', '--input-type=module', '-e', script, requestId],
    { env: { ...process.env, ...environment } },
  )
  return stdout
}

const team = {
  admin: { email: 'maria@northwind.example', name: 'Maria Lopez' },
  account_manager: { email: 'sam@northwind.example', name: 'Sam Okoye' },
  support: { email: 'ines@northwind.example', name: 'Ines Wolf' },
} as const

/** Makes sure that the member exists, and signs them in by an operator's link, as somebody without a mailbox would. */
export async function signIn(page: Page, role: keyof typeof team, email: string = team[role].email): Promise<void> {
  await portal('member', 'add', email, '--name', team[role].name, '--role', role)
  const { link } = (await portal('sign-in-link', email)) as { link: string }
  await page.goto(link)
  await page.locator('main form button[type=submit]').click()
  await page.waitForURL('**/connections')
}

/** Every page is watched: nothing is asked of another host, no error reaches the console, no address holds a token. */
export const test = base.extend<{ tolerated: RegExp[]; tolerate: (message: RegExp) => void; watched: undefined }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what a fixture needs.
  tolerated: async ({}, use) => use([]),
  /** For a test that breaks something on purpose: the console may say so. */
  tolerate: async ({ tolerated }, use) => use((message) => void tolerated.push(message)),
  watched: [
    async ({ page, tolerated }, use) => {
      const problems: string[] = []
      page.on('console', (message) => {
        const text = message.text()
        const isExpected = [/status of (403|404|409|410|429|503)/, ...tolerated].some((pattern) => pattern.test(text))
        if (message.type() === 'error' && !isExpected) problems.push(text)
      })
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('request', (sent) => {
        const { hostname } = new URL(sent.url())
        if (!['localhost', '127.0.0.1'].includes(hostname) && !sent.url().startsWith('data:'))
          problems.push(`asked ${hostname}`)
        if (/apiToken|[0-9a-f]{40}/.test(new URL(sent.url()).search)) problems.push('a token in an address')
      })
      await use(undefined)
      expect(problems).toEqual([])
    },
    { auto: true },
  ],
})

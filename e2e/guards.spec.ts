import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { APIRequestContext, APIResponse, Browser } from '@playwright/test'
import type { StaffRole } from '../lib/actor.ts'
import { scopes } from '../lib/scopes.ts'
import { PORT } from '../playwright.config.ts'
import { expect, portal, signIn, test } from './fixtures.ts'
import { actions, routes } from './guards.ts'

const EVIL = 'https://evil.example'
const allRoles: readonly StaffRole[] = ['admin', 'account_manager', 'support']

/** The build that is asked: the portal's own, or in the fault runs one of the same sources without `proxy.ts`. */
const build = process.env.E2E_BUILD || '.'
const hasProxy = existsSync(path.join(build, 'proxy.ts'))

const sources = readdirSync('app', { recursive: true, encoding: 'utf8' })
  .map((file) => path.posix.join('app', file.replaceAll(path.sep, '/')))
  // The gallery is a page of the development server alone; a test below sees to it.
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('app/dev/'))
const textOf = (file: string) => readFileSync(file, 'utf8')

/** `file name` of every Server Action: what a file of actions exports, and functions that say so themselves. */
function actionsOf(file: string): string[] {
  const text = textOf(file)
  const found = text.startsWith("'use server'")
    ? text.matchAll(/^export async function (\w+)/gm)
    : text.matchAll(/async function (\w+)\([^{]*\{\s*'use server'/g)
  return [...found].map(([, name]) => `${file} ${name}`)
}

/** From the start of a function to the brace that closes it at the left margin. */
function bodyOf(file: string, start: RegExp): string {
  const text = textOf(file)
  const at = text.search(start)
  return at < 0 ? '' : text.slice(at, text.indexOf('\n}', at))
}

const staffRows = <Row extends { guard: string }>(rows: Record<string, Row>) =>
  Object.entries(rows).flatMap(([name, row]) =>
    row.guard === 'staff' ? [{ name, ...(row as Extract<Row, { guard: 'staff' }>) }] : [],
  )

test('every page and route handler has a row', () => {
  const found = sources.filter((file) => /\/(?:page\.tsx|route\.tsx?)$/.test(file))
  expect(found.sort()).toEqual(Object.keys(routes).sort())
})

test('the gallery is in no build', async ({ request: http }) => {
  expect((await http.get('/dev/ui')).status()).toBe(404)
  const built = readdirSync('.next', { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(static|server)\//.test(file))
    .filter((file) => statSync(path.join('.next', file)).isFile())
  expect(built.filter((file) => /(^|\/)dev\//.test(file))).toEqual([])
  const texts = built.filter((file) => /\.(?:js|css|json)$/.test(file)).map((file) => textOf(path.join('.next', file)))
  expect(texts.length).toBeGreaterThan(50)
  expect(texts.filter((text) => text.includes('gallery-list'))).toEqual([])
})

test('every Server Action has a row, and the build knows no other', () => {
  const found = sources.flatMap(actionsOf)
  expect(found.sort()).toEqual(Object.keys(actions).sort())
  expect(Object.keys(builtActions())).toHaveLength(found.length)
})

test('pages and actions check for themselves; neither proxy.ts nor the layout does', () => {
  for (const { name } of staffRows(routes)) {
    const guard = name.endsWith('page.tsx') ? /await requireStaff\(/ : /await (?:requireStaff|findStaff)\(/
    expect(textOf(name), name).toMatch(guard)
  }
  for (const { name } of staffRows(actions)) {
    const [file = '', action] = name.split(' ')
    const body = bodyOf(file, new RegExp(`export async function ${action}\\b`))
    expect(body, name).toMatch(/\{\n\s*(?:const staff = )?await require(?:Acting|Fresh)Staff\(/)
  }
  for (const file of ['proxy.ts', 'app/(team)/layout.tsx']) expect(textOf(file)).not.toMatch(/require\w*Staff/)
})

/** Action ids as the build made them, by `file name`. An inline action has no name of its own there. */
function builtActions(): Record<string, string> {
  const { node } = JSON.parse(textOf(path.join(build, '.next/server/server-reference-manifest.json'))) as {
    node: Record<string, { exportedName: string; filename: string }>
  }
  return Object.fromEntries(
    Object.entries(node).map(([id, { exportedName, filename }]) => [
      `${path.posix.relative(build, filename)} ${exportedName}`,
      id,
    ]),
  )
}

/** One session of each role for all of it. */
test.describe.configure({ mode: 'serial' })
const cookies = {} as Record<StaffRole, string>
test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000)
  for (const role of allRoles) cookies[role] = await cookieOf(browser, role)
})

/** A member of each role, signed in, as the cookie of a browser. */
async function cookieOf(browser: Browser, role: StaffRole): Promise<string> {
  const page = await browser.newPage()
  await signIn(page, role, `${randomUUID().slice(0, 8)}@northwind.example`)
  const cookie = (await page.context().cookies()).find(({ name }) => name === 'latchkey-staff')
  await page.close()
  return `latchkey-staff=${cookie?.value}`
}

const addressOf = (file: string) => file.replace(/^app|\/\([^)]*\)|\/(?:page|route)\.tsx?$/g, '') || '/'

for (const { name, roles, address = addressOf(name), method = 'GET', answers = 200 } of staffRows(routes)) {
  test(`${name} is for ${roles.join(', ')}`, async ({ request: http }) => {
    const origin = `http://localhost:${PORT}`
    const ask = (cookie: string) => http.fetch(address, { method, headers: { origin, cookie }, maxRedirects: 0 })
    const stranger = await ask('')
    // Only the proxy tells a page its own path; without it people land on the board.
    const next = encodeURIComponent(hasProxy ? address : '/connections')
    if (stranger.status() === 307) expect(stranger.headers().location).toBe(`/sign-in?next=${next}`)
    else expect(stranger.status()).toBe(401)
    for (const role of allRoles) {
      const answer = await ask(cookies[role])
      expect(answer.status(), role).toBe(roles.includes(role) ? answers : 403)
    }
  })
}

const machineRoutes = Object.entries(routes).flatMap(([name, row]) =>
  row.guard === 'integration'
    ? Object.entries(row.methods).map(([method, wanted]) => ({
        name,
        method,
        wanted,
        address: row.address ?? addressOf(name),
      }))
    : [],
)

for (const { name, method, wanted, address } of machineRoutes) {
  test(`${method} ${name} is for keys with ${wanted.join(' or ')}`, async ({ request: http }) => {
    const ask = (headers: Record<string, string>) => http.fetch(address, { method, headers, data: {} })
    const withKey = async (...allowed: string[]) => {
      const { key } = await portal('api-key', 'create', '--name', 'Guards', '--scopes', allowed.join(','))
      return (await ask({ authorization: `Bearer ${key}` })).status()
    }
    // The cookie of an admin from our own pages opens nothing here.
    expect((await ask({})).status()).toBe(401)
    expect((await ask({ cookie: cookies.admin, origin: `http://localhost:${PORT}` })).status()).toBe(401)
    expect(await withKey(...scopes.filter((scope) => !wanted.includes(scope)))).toBe(403)
    for (const scope of wanted) expect([200, 404, 422]).toContain(await withKey(scope))
  })
}

// Signing out comes last: it ends the sessions that the others use.
const isLast = ({ name }: { name: string }) => Number(name.endsWith(' signOutAction'))
const rows = staffRows(actions).sort((one, other) => isLast(one) - isLast(other))
for (const { name, roles } of rows) {
  test(`${name} is for ${roles.join(', ')}`, async ({ request: http }) => {
    const id = builtActions()[name] ?? ''
    // Its own page, another page, and an address that has none: the action runs in all of them.
    for (const place of ['/connections', '/', '/nowhere'])
      expect(await refused(await post(http, { place, id })), `stranger at ${place}`).toBe(true)
    for (const role of allRoles) {
      const cookie = cookies[role]
      // Without the proxy Next's own comparison stops it, and says that it is a fault.
      const stopped = hasProxy ? 403 : 500
      const foreign = await post(http, { place: '/', id, cookie, origin: EVIL })
      expect(foreign.status(), `${role} from elsewhere`).toBe(stopped)
      const forged = await post(http, { place: '/', id, cookie, origin: EVIL, forwardedHost: new URL(EVIL).host })
      expect(forged.status(), `${role} from elsewhere, with a forged host`).toBe(stopped)
      const answer = await post(http, { place: '/', id, cookie })
      expect(await refused(answer), role).toBe(!roles.includes(role))
    }
  })
}

/** As the browser posts an action, with an empty form for each of its parameters. */
function post(
  http: APIRequestContext,
  {
    place,
    id,
    cookie = '',
    origin = `http://localhost:${PORT}`,
    forwardedHost,
  }: { place: string; id: string; cookie?: string; origin?: string; forwardedHost?: string },
): Promise<APIResponse> {
  return http.post(place, {
    headers: { 'next-action': id, origin, cookie, ...(forwardedHost && { 'x-forwarded-host': forwardedHost }) },
    multipart: { '1_empty': '', '0': '["$K1","$K1"]' },
    maxRedirects: 0,
  })
}

/**
 * An action that was posted to another page is passed on inside Next, which then answers 200 around the refusal. One
 * that ran and leads on was not refused, even where the page it leads to is.
 */
async function refused(answer: APIResponse): Promise<boolean> {
  const to = answer.headers()['x-action-redirect'] ?? answer.headers().location
  if (to) return to.startsWith('/sign-in?next=')
  return (
    answer.status() === 401 || answer.status() === 403 || (await answer.text()).includes('NEXT_HTTP_ERROR_FALLBACK;403')
  )
}

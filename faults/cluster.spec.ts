import type { APIRequestContext } from '@playwright/test'
import { expect, portal, request, signIn, test } from '../e2e/fixtures.ts'
import { PORTS } from './cluster-ports.mjs'

/** What must hold across processes: each of them is asked by itself, past the proxy. */
const [one, other] = PORTS.webs.map((port) => `http://localhost:${port}`) as [string, string]

const get = (http: APIRequestContext, address: string, headers: Record<string, string> = {}) =>
  http.get(address, { headers, maxRedirects: 0 })

test('a key that was revoked is refused everywhere, from the next call on', async ({ request: http }) => {
  const { key, id } = (await portal('api-key', 'create', '--name', 'Cluster', '--scopes', 'connections:read')) as {
    key: string
    id: string
  }
  const asks = () =>
    Promise.all(
      [one, other].map(async (web) =>
        (await get(http, `${web}/api/v1/connections`, { authorization: `Bearer ${key}` })).status(),
      ),
    )
  expect(await asks()).toEqual([200, 200])
  await portal('api-key', 'revoke', id)
  expect(await asks()).toEqual([401, 401])
})

test('a link that was revoked opens nowhere', async ({ request: http }) => {
  const { link, reference } = await request()
  const { pathname } = new URL(link)
  const opens = () => Promise.all([one, other].map(async (web) => (await get(http, web + pathname)).status()))
  expect(await opens()).toEqual([303, 303])
  await portal('request', 'revoke', reference, '--reason', 'test')
  expect(await opens()).toEqual([410, 410])
})

test('a member who was disabled is out everywhere', async ({ page, browser, request: http }) => {
  const email = 'cluster@northwind.example'
  const member = await browser.newPage()
  await signIn(member, 'support', email)
  const cookie = (await member.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  await member.close()
  const sees = () =>
    Promise.all([one, other].map(async (web) => (await get(http, `${web}/support`, { cookie })).status()))
  expect(await sees()).toEqual([200, 200])
  await signIn(page, 'admin')
  await page.goto('/settings')
  const row = page.getByRole('row').filter({ hasText: email })
  await row.getByText('Change').first().click()
  await row.getByRole('button', { name: 'Disable' }).click()
  await expect(row.getByText(/Disabled since/)).toBeVisible()
  expect(await sees()).toEqual([307, 307])
})

test('limits are counted together', async ({ request: http }) => {
  const { key } = (await portal('api-key', 'create', '--name', 'Cluster', '--scopes', 'connections:read')) as {
    key: string
  }
  const left = async (web: string) => {
    const answer = await get(http, `${web}/api/v1/connections`, { authorization: `Bearer ${key}` })
    return Number(answer.headers()['ratelimit-remaining'])
  }
  // Again where a new minute began in between.
  await expect(async () => {
    const before = await left(one)
    expect(await left(other)).toBe(before - 1)
  }).toPass()
})

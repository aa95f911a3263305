import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectAccessible, expectBadge, fakeToken, portal, signIn, test } from './fixtures.ts'

const run = promisify(execFile)
const PORTAL = `http://localhost:${PORT}`

/** The commands of the quick start, as a reader would copy them. */
function commandsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
}

/** Runs commands one after the other in one shell; what they leave in files and variables is there for the next ones. */
function shellIn(folder: string, key: string) {
  return async (commands: string[]): Promise<string> => {
    const kept = path.join(folder, 'kept')
    const script = [
      `[ -f ${kept} ] && . ${kept}`,
      'set -eu',
      ...commands,
      `set | grep -E '^(CONNECTION|REQUEST|LINK|CURSOR)=' > ${kept}`,
    ]
    const { stdout } = await run('bash', ['-c', script.join('\n')], {
      cwd: folder,
      env: { ...process.env, PORTAL, KEY: key },
    })
    return stdout
  }
}

test('whoever follows the quick start gets from a key to the customer’s deals', async ({ page }) => {
  test.setTimeout(90_000)
  const scopes = 'requests:write,connections:read,connections:write,credentials:read,events:read'
  const { key } = (await portal('api-key', 'create', '--name', 'Quick start', '--scopes', scopes)) as { key: string }
  const folder = mkdtempSync(path.join(tmpdir(), 'quick-start-'))
  const shell = shellIn(folder, key)
  const commands = commandsOf('docs/api.md')
  const opened = commands.findIndex((text) => text.includes('echo "$LINK"'))
  expect(opened).toBeGreaterThan(1)

  const before = await shell(commands.slice(0, opened + 1))
  expect(before).toContain('"read-only-sync"')
  const [link = ''] = /http:\S+\/l\/\S+$/m.exec(before) ?? []
  await page.goto(link)
  await connect(page, { domain: 'e2e-60', token: fakeToken('admin@e2e-60') })
  await expectBadge(page, 'connected')

  const after = await shell(commands.slice(opened + 1))
  expect(after).toContain('"externalId":"crm-1042"')
  expect(after).toMatch(/"status":"connected","nextCheckAt":/)
  expect(after).toContain('"type":"connection.ready"')
  expect(after).toMatch(/"status":"off_boarding","deadline":"[^"]+","confirmedAt":"/)
  expect(after).not.toContain(fakeToken('admin@e2e-60'))
  const deals = JSON.parse(readFileSync(path.join(folder, 'deals.json'), 'utf8'))
  rmSync(folder, { recursive: true })
  expect(deals).toMatchObject({ success: true, data: [expect.objectContaining({ id: expect.any(Number) })] })
})

test('the portal’s own answers carry what the API promises about caching and refusals', async ({ request: http }) => {
  const { key } = await portal('api-key', 'create', '--scopes', 'connections:read')
  const headers = { authorization: `Bearer ${key}` }
  const list = await http.get('/api/v1/connections?limit=1', { headers })
  expect(list.status()).toBe(200)
  expect(list.headers()['cache-control']).toBe('no-store')
  const { etag = '' } = list.headers()
  const same = await http.get('/api/v1/profiles', { headers })
  const again = await http.get('/api/v1/profiles', {
    headers: { ...headers, 'if-none-match': same.headers().etag ?? '' },
  })
  expect(again.status()).toBe(304)
  expect(etag).toMatch(/^"[\w-]{43}"$/)
  for (const [address, method, status] of [
    ['/api/v1/connections', 'PUT', 405],
    ['/api/v1/nonsense', 'GET', 404],
    ['/api/v1', 'GET', 404],
    ['/api/v1/requests', 'POST', 403],
  ] as const) {
    const refused = await http.fetch(address, { method, headers })
    expect(refused.status(), address).toBe(status)
    if (address === '/api/v1') continue
    expect(refused.headers()['content-type']).toBe('application/problem+json')
    expect(refused.headers()['cache-control']).toBe('no-store')
  }
  const document = await (await http.get('/api/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  expect(document.servers).toEqual([{ url: PORTAL }])
})

test('an admin makes a key, sees it once, replaces it and revokes it', async ({ page, request: http }) => {
  test.setTimeout(90_000)
  const asks = async (key: string) =>
    (await http.get('/api/v1/profiles', { headers: { authorization: `Bearer ${key}` } })).status()
  const shown = async () => (await page.locator('blockquote').innerText()).trim()
  await signIn(page, 'admin')
  await page.goto('/settings')
  await page.getByRole('link', { name: 'API keys' }).click()
  await page.getByRole('link', { name: 'New API key' }).click()
  await page.getByRole('button', { name: 'Make the key' }).click()
  await expect(page.locator('main').getByRole('alert').first()).toContainText('Tick at least one.')
  await expectAccessible(page)
  const name = `Warehouse ${Date.now()}`
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Read connections').check()
  await page.getByRole('button', { name: 'Make the key' }).click()
  await expect(page.getByRole('heading', { name: `Copy the key of “${name}” now` })).toBeVisible()
  const first = await shown()
  expect(first).toMatch(/^lk_[\w-]{43}$/)
  expect(await asks(first)).toBe(200)

  await page.getByRole('link', { name: 'Done' }).click()
  const row = page.getByRole('row', { name })
  await expect(row).toContainText('Read connections')
  expect(await page.content()).not.toContain(first)
  await expectAccessible(page)

  await row.getByText('Change').click()
  await row.getByRole('link', { name: 'Replace the key' }).click()
  await page.getByRole('button', { name: 'Make a new key' }).click()
  await expect(page.getByRole('heading', { name: 'Copy the new key now' })).toBeVisible()
  const second = await shown()
  expect([await asks(first), await asks(second)]).toEqual([200, 200])
  await page.getByRole('link', { name: 'Done' }).click()

  await row.getByText('Change').click()
  await row.getByRole('link', { name: 'End the key before' }).click()
  await page.getByRole('button', { name: 'End the key before' }).click()
  await expect(page.getByText('The key before has ended.')).toBeVisible()
  expect([await asks(first), await asks(second)]).toEqual([401, 200])

  await row.getByText('Change').click()
  await row.getByRole('link', { name: 'Revoke' }).click()
  await page.getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByText('It is revoked: its next call is refused.')).toBeVisible()
  expect(await asks(second)).toBe(401)
})

test('the reference is made of the document, and reads well', async ({ page }) => {
  await page.goto('/docs/api')
  await expect(page.getByRole('heading', { name: 'Read the credential' })).toBeVisible()
  await page.getByRole('link', { name: 'Problem codes' }).click()
  await expect(page.getByRole('rowheader', { name: 'waiting_for_provider' })).toBeVisible()
  await expectAccessible(page)
})

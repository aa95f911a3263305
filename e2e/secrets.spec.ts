import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { parse } from 'csv-parse/sync'
import { connect, DATA_DIR, expect, expectBadge, fake, fakeToken, portal, request, signIn, test } from './fixtures.ts'

const tokens = [
  'admin@e2e-1',
  'admin@e2e-3',
  'regenerated',
  'burst',
  'hang',
  'admin@e2e-20',
  'admin@e2e-21',
  'regular@e2e-22',
  'admin@e2e-30',
].map((name) => fakeToken(name))

/** The ways a secret could lie somewhere. */
function shapesOf(token: string): Buffer[] {
  return [
    token,
    ...base64Of(token),
    Buffer.from(token).toString('hex'),
    [...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''),
  ]
    .map((text) => Buffer.from(text))
    .concat(Buffer.from(token, 'utf16le'))
}

/** What base64 makes of it depends on where it starts inside what was encoded; the edges hold its neighbours. */
function base64Of(token: string): string[] {
  return [0, 1, 2].map((before) =>
    Buffer.from('x'.repeat(before) + token)
      .toString('base64')
      .slice(4, -4),
  )
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) yield path.join(entry.parentPath, entry.name)
  }
}

test('no token is anywhere: database, logs, mail', async () => {
  const found: string[] = []
  for (const file of [...filesBelow(DATA_DIR), path.resolve('.data/e2e.log')]) {
    const content = readFileSync(file)
    for (const token of tokens) {
      for (const shape of shapesOf(token)) if (content.includes(shape)) found.push(path.relative(DATA_DIR, file))
    }
  }
  expect(found).toEqual([])
})

test('no token is in a page, its payload or the browser’s stores', async ({ page }) => {
  const token = fakeToken('admin@e2e-30')
  const bodies: string[] = []
  page.on('response', async (response) => bodies.push(await response.text().catch(() => '')))
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'acme', token })
  await expect(page.locator('main [data-verdict=COMPANY_MISMATCH]')).toHaveCount(1)
  await page.reload()
  await connect(page, { domain: 'e2e-30', token })
  await page.waitForURL('**/done')
  await page.goBack()
  await page.goForward()
  const stored = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.title, location.href]),
  )
  for (const text of [...bodies, stored, await page.content()]) expect(text.includes(token)).toBe(false)
})

// S33
test('every token that was opened has its row in the audit log, and no other', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'e2e-85', token: fakeToken('regular@e2e-85') })
  await page.getByRole('button', { name: 'Connect with limits' }).click()
  await expectBadge(page, 'connected_limited')
  await signIn(page, 'admin')
  // Looked at twice: the watcher may be reading one just now.
  await expect(async () => {
    const audited = await countReads(page)
    const { unwraps } = (await portal('rotate-keys', '--status')) as { unwraps: Record<string, number> }
    expect(audited).toBeGreaterThan(0)
    expect(unwraps.apiToken).toBe(audited)
  }).toPass({ timeout: 20_000 })
})

/** The connections that the rows name: a batch of the watcher has one row for all of its connections. */
async function countReads(page: Page): Promise<number> {
  const answer = await page.request.post('/audit/export?action=credential.read', {
    headers: { origin: new URL(page.url()).origin },
  })
  const rows = parse(await answer.text(), { columns: true }) as { action: string; details: string }[]
  return rows
    .filter(({ action }) => action === 'credential.read')
    .reduce((sum, { details }) => sum + (JSON.parse(details).connections?.length ?? 1), 0)
}

test('Pipedrive was only read, and the token came in its header alone', async () => {
  const { writes, tokensOutsideHeader, calls } = await fake('stats')
  expect({ writes, tokensOutsideHeader }).toEqual({ writes: 0, tokensOutsideHeader: 0 })
  expect(Number(calls)).toBeGreaterThan(50)
})

test('no page was short of a word', () => {
  const missing = readFileSync('.data/e2e.log', 'utf8')
    .split('\n')
    .filter((line) => line.includes('words.missing'))
  expect(missing).toEqual([])
})

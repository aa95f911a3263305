import { randomUUID } from 'node:crypto'
import type { Browser, Page } from '@playwright/test'
import { badge, connect, expect, expectAccessible, expectBadge, fakeToken, mailsTo, signIn, test } from './fixtures.ts'

test.slow()

/** A manager asks for several connections in one request. Answers the link that the customer got. */
async function askFor(browser: Browser, wanted: { name: string; profile: string }[]): Promise<string> {
  const email = `jane@c-${randomUUID().slice(0, 8)}.example`
  const page = await (await browser.newContext()).newPage()
  await signIn(page, 'account_manager')
  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill(`Acme Holding ${email.slice(7, 15)}`)
  await page.getByLabel('Contact’s e-mail').fill(email)
  await page.getByText('Several connections').click()
  await page.getByText('More settings').first().click()
  for (const [index, { name, profile }] of wanted.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'Add a connection' }).click()
    await page.getByLabel('What the integration does').nth(index).selectOption(profile)
    await page.getByLabel('Name of the connection (optional)').nth(index).fill(name)
  }
  await page.getByRole('button', { name: 'Send request' }).click()
  await expect.poll(() => mailsTo(email).length).toBe(1)
  await page.context().close()
  return /http:\S+\/l\/\S+/.exec(mailsTo(email)[0]?.text ?? '')?.[0] ?? ''
}

const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })
const back = (page: Page) => page.getByRole('link', { name: 'All connections' })

async function expectGoodEverywhere(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await expectAccessible(page)
  }
  await page.setViewportSize({ width: 320, height: 700 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  await page.setViewportSize({ width: 1280, height: 900 })
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('three connections on one link: one now, the others on another day', async ({ page, browser }) => {
      const names = ['North', 'South', 'West']
      const companies = javaScriptEnabled ? ['e2e-61', 'e2e-62', 'e2e-63'] : ['e2e-65', 'e2e-66', 'e2e-67']
      const link = await askFor(
        browser,
        names.map((name) => ({ name, profile: 'two-way-crm' })),
      )
      await page.goto(link)
      await expect(badge(page)).toHaveText('0 of 3 connected')
      for (const name of names) await expect(row(page, name)).toContainText('Ready when you are')
      if (javaScriptEnabled) await expectGoodEverywhere(page)

      await row(page, 'South').getByRole('link').click()
      await connect(page, { domain: 'e2e-62', token: fakeToken('regenerated') })
      await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
      await back(page).click()
      await expect(row(page, 'South')).toContainText('Needs you')

      await row(page, 'North').getByRole('link').click()
      await connect(page, { domain: companies[0] ?? '', token: fakeToken(`admin@${companies[0]}`) })
      await expectBadge(page, 'connected', 'OK')
      await expect(page.getByText('1 of 3 connected')).toBeVisible()
      await page.close()

      const later = await (await browser.newContext({ javaScriptEnabled })).newPage()
      await later.goto(link)
      await expect(badge(later)).toHaveText('1 of 3 connected')
      await expect(row(later, 'North')).toContainText(`${companies[0]}.pipedrive.com`)
      if (javaScriptEnabled) await expectGoodEverywhere(later)
      for (const [index, name] of names.entries()) {
        if (index === 0) continue
        await row(later, name).getByRole('link').click()
        await connect(later, { domain: companies[index] ?? '', token: fakeToken(`admin@${companies[index]}`) })
        await expectBadge(later, 'connected', 'OK')
        await back(later).click()
      }
      await expectBadge(later, 'connected')
      await expect(badge(later)).toHaveText('3 of 3 connected')
      await expect(later.getByText('Everything is connected')).toBeVisible()
      if (javaScriptEnabled) await expectGoodEverywhere(later)
      await later.context().close()
    })
  })
}

test('two people of one company with different rights: each connection has its own status and report', async ({
  page,
  browser,
}) => {
  const link = await askFor(browser, [
    { name: 'Reporting', profile: 'read-only-sync' },
    { name: 'Set-up', profile: 'full-setup' },
  ])
  await page.goto(link)
  // Whoever may only read is enough for one of them, and not for the other.
  await row(page, 'Set-up').getByRole('link').click()
  await connect(page, { domain: 'e2e-64', token: fakeToken('regular@e2e-64') })
  await expectBadge(page, 'needs_customer', 'NOT_ADMIN')
  await back(page).click()
  await row(page, 'Reporting').getByRole('link').click()
  await connect(page, { domain: 'e2e-64', token: fakeToken('regular@e2e-64'), date: '2024-05-01' })
  await expectBadge(page, 'connected', 'OK')
  await expect(page.getByRole('row', { name: /Read deals/ })).toContainText('Yes')
  await expect(page.getByRole('row', { name: /custom fields/i })).toHaveCount(0)
  await back(page).click()
  await expect(row(page, 'Reporting')).toContainText('Connected')
  await expect(row(page, 'Set-up')).toContainText('Needs you')
  await expect(badge(page)).toHaveText('1 of 2 connected')

  await row(page, 'Set-up').getByRole('link').click()
  await connect(page, { domain: 'e2e-64', token: fakeToken('admin@e2e-64') })
  await expectBadge(page, 'connected', 'OK')
  await expect(page.getByRole('row', { name: /custom fields/i }).first()).toContainText('Yes')
  await back(page).click()
  await expect(badge(page)).toHaveText('2 of 2 connected')
  // One company, two people.
  for (const name of ['Reporting', 'Set-up']) await expect(row(page, name)).toContainText('e2e-64.pipedrive.com')
  const [reader, admin] = await Promise.all(
    ['Reporting', 'Set-up'].map((name) => row(page, name).locator('bdi').nth(1).textContent()),
  )
  expect(reader).toBeTruthy()
  expect(reader).not.toBe(admin)
})

test('what was typed survives a visit to the list; the token is kept nowhere', async ({ page, browser }) => {
  const link = await askFor(browser, [
    { name: 'Kept', profile: 'read-only-sync' },
    { name: 'Other', profile: 'read-only-sync' },
  ])
  await page.goto(link)
  await row(page, 'Kept').getByRole('link').click()
  await page.getByLabel('Your Pipedrive address').fill('e2e-68')
  await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-68'))
  await page.getByLabel('Name for this connection').fill('Acme north')
  await page.getByLabel('Import records changed since').fill('2024-05-01')
  await back(page).click()
  await expect(badge(page)).toHaveText('0 of 2 connected')
  expect(await stored(page)).toContain('Acme north')
  expect(await stored(page)).not.toContain(fakeToken('admin@e2e-68'))

  await row(page, 'Other').getByRole('link').click()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('')
  await back(page).click()
  await row(page, 'Kept').getByRole('link').click()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-68')
  await expect(page.getByLabel('Name for this connection')).toHaveValue('Acme north')
  await expect(page.getByLabel('Import records changed since')).toHaveValue('2024-05-01')
  await expect(page.getByLabel('Personal API token')).toHaveValue('')

  // What the server learnt counts more than what this tab remembers.
  await connect(page, { domain: 'e2e-69', token: fakeToken('regenerated') })
  await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
  await page.reload()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-69')
  await connect(page, { domain: 'e2e-68', token: fakeToken('admin@e2e-68') })
  await expectBadge(page, 'connected', 'OK')
  expect(await stored(page)).not.toContain(fakeToken('admin@e2e-68'))
})

/** Everything that the browser keeps for this tab and this origin. */
function stored(page: Page): Promise<string> {
  return page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))
}

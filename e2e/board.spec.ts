import { randomUUID } from 'node:crypto'
import type { Page } from '@playwright/test'
import { connect, expect, expectAccessible, fakeToken, mailsTo, request, signIn, test } from './fixtures.ts'

// A live change takes up to 15 seconds to be seen, and every customer is made by a command of its own.
test.describe.configure({ timeout: 120_000 })

/** A customer of this test alone. */
const newCustomer = () => `Board ${randomUUID().slice(0, 8)}`

const rows = (page: Page) => page.locator('table tbody tr')

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('filters and orders stand in the address, and lead there again', async ({ page }) => {
    const customer = newCustomer()
    const asked = await request({ customer, email: `${customer.slice(6)}@board.example` })
    await signIn(page, 'account_manager')
    await page.getByLabel('Search').fill(customer.toUpperCase())
    await page.getByLabel('Status').selectOption('sent')
    await page.getByRole('button', { name: 'Show' }).click()
    const { searchParams } = new URL(page.url())
    expect(searchParams.get('q')).toBe(customer.toUpperCase())
    expect(searchParams.get('status')).toBe('sent')
    await expect(rows(page)).toHaveCount(1)
    await expect(page.getByRole('rowheader')).toContainText(customer)
    await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'sent')
    await expect(page.getByRole('link', { name: customer })).toHaveAttribute(
      'href',
      `/connections/${asked.connections[0]?.id}`,
    )

    await page.getByRole('link', { name: 'Sort by: Customer' }).click()
    await expect(page.locator('th[aria-sort=ascending]')).toHaveText('Customer')
    await page.getByRole('link', { name: 'Sort by: Customer' }).click()
    await expect(page.locator('th[aria-sort=descending]')).toHaveText('Customer')
    await expect(page.getByLabel('Search')).toHaveValue(customer.toUpperCase())

    await page.getByRole('link', { name: /Waiting for others/ }).click()
    expect(new URL(page.url()).searchParams.get('group')).toBe('waiting')
    await page.getByLabel('Search').fill('no such customer')
    await page.getByRole('button', { name: 'Show' }).click()
    await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible()
    await page.getByRole('link', { name: 'Clear filters' }).last().click()
    expect(new URL(page.url()).search).toBe('')
  })

  test('whose turn it is: sections, each with the way to all of it', async ({ page }) => {
    const customer = newCustomer()
    await request({ customer })
    await signIn(page, 'account_manager')
    await page.getByLabel('Search').fill(customer)
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('link', { name: 'By whose turn' }).click()
    expect(new URL(page.url()).searchParams.get('by')).toBe('turn')
    const section = (name: string) => page.locator('tbody').filter({ has: page.getByRole('heading', { name }) })
    await expect(section('Waiting for the customer')).toContainText(customer)
    for (const name of ['The account manager’s turn', 'Support', 'Nobody'])
      await expect(section(name)).toContainText('Nothing here.')
    await expect(page.getByLabel('Status')).toHaveCount(0)

    await page.goto('/connections?by=turn')
    await expect(section('Waiting for the customer').locator('th[scope=row]')).not.toHaveCount(0)
    expect(await section('Waiting for the customer').locator('th[scope=row]').count()).toBeLessThanOrEqual(8)
    await section('Waiting for the customer')
      .getByRole('link', { name: /: All \d+$/ })
      .click()
    expect(new URL(page.url()).searchParams.get('turn')).toBe('customer')
    await expect(page.getByLabel('Whose turn')).toHaveValue('customer')
    for (const turn of await page.locator('td[data-label="Whose turn"]').allTextContents())
      expect(turn).toMatch(/customer/i)
  })

  test('sending again says first what it will do, then does it, row by row', async ({ page }) => {
    const customer = newCustomer()
    const email = `${customer.slice(6)}@board.example`
    await request({ customer, email })
    const connected = await request({ customer: `${customer} done` })
    await connectAs(page, connected.link, 'e2e-50')
    await signIn(page, 'support')
    await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
    await expect(rows(page)).toHaveCount(2)
    for (const box of await page.locator('input[name=id]').all()) await box.check()
    await page.getByRole('button', { name: 'Send again' }).click()

    await expect(page.getByRole('heading', { name: 'Send links again' })).toBeVisible()
    await expect(page.getByText('1 customer gets a new link by e-mail.')).toBeVisible()
    await expect(page.getByText(`New link to ${email}`)).toBeVisible()
    await expect(page.getByText('Connected already or being checked')).toBeVisible()
    expect(mailsTo(email)).toEqual([])

    await page.getByRole('button', { name: 'Send 1 new link' }).click()
    await expect(page.getByRole('heading', { name: 'Done for 1 connection' })).toBeVisible()
    await expect(page.getByText('A new link is on its way')).toBeVisible()
    await expect.poll(() => mailsTo(email).length).toBe(1)
    await page.getByRole('link', { name: 'Back to the connections' }).click()
    expect(new URL(page.url()).searchParams.get('q')).toBe(customer)
  })

  test('revoking needs a reason, and nothing is chosen by mistake', async ({ page }) => {
    const customer = newCustomer()
    const asked = await request({ customer })
    await signIn(page, 'support')
    await page.goto('/connections')
    await page.getByRole('button', { name: 'Revoke link' }).click()
    await expect(page.getByRole('heading', { name: 'No connection was chosen' })).toBeVisible()

    await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
    await page.getByLabel(`Choose ${customer} Pipedrive`).check()
    await page.getByRole('button', { name: 'Revoke link' }).click()
    await page.locator('input[name=reason]').evaluate((input) => input.removeAttribute('required'))
    await page.getByRole('button', { name: 'Revoke 1 link' }).click()
    await expect(page.getByText('Write the reason, up to 500 characters.')).toBeVisible()
    await page.getByLabel('Reason').fill('Wrong company')
    await page.getByRole('button', { name: 'Revoke 1 link' }).click()
    await expect(page.getByText('Revoked', { exact: true })).toBeVisible()
    expect((await page.goto(asked.link))?.status()).toBe(410)
  })
})

/** Hands over the token of a company of its own: a token that is used twice needs the team. */
async function connectAs(page: Page, link: string, company: string): Promise<void> {
  await page.goto(link)
  await connect(page, { domain: company, token: fakeToken(`admin@${company}`) })
  await page.waitForURL('**/done')
}

test('the back button walks through the filters', async ({ page }) => {
  const customer = newCustomer()
  await request({ customer })
  await signIn(page, 'admin')
  await page.getByLabel('Search').fill(customer)
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(rows(page)).toHaveCount(1)
  await page
    .getByRole('link', { name: /Connected/ })
    .first()
    .click()
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible()
  await page.goBack()
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByLabel('Search')).toHaveValue(customer)
  await page.goBack()
  await expect(page).toHaveURL(/\/connections$/)
  await expect(page.getByLabel('Search')).toHaveValue('')
})

test('a change is told, and waits for [Show]', async ({ page, browser }) => {
  const customer = newCustomer()
  const asked = await request({ customer })
  await signIn(page, 'account_manager')
  await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'sent')
  const news = page.getByRole('status')
  await expect(news).toHaveText('')
  const connected = page.getByRole('link', { name: /^Connected/ }).locator('.counter-number')
  const before = Number(await connected.textContent())

  const other = await browser.newPage()
  await connectAs(other, asked.link, 'e2e-51')
  await other.close()

  await expect(news).toHaveText('1 row changed', { timeout: 40_000 })
  await expect.poll(async () => Number(await connected.textContent())).toBeGreaterThan(before)
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'sent')
  await page.getByRole('button', { name: 'Show' }).last().click()
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'connected')
  await expect(news).toHaveText('')
})

test('in sections a change is told too, and moves the row when it is asked for', async ({ page, browser }) => {
  const customer = newCustomer()
  const asked = await request({ customer })
  await signIn(page, 'account_manager')
  await page.goto(`/connections?by=turn&q=${encodeURIComponent(customer)}`)
  const section = (name: string) => page.locator('tbody').filter({ has: page.getByRole('heading', { name }) })
  await expect(section('Waiting for the customer')).toContainText(customer)
  const other = await browser.newPage()
  await connectAs(other, asked.link, 'e2e-52')
  await other.close()
  await expect(page.getByRole('status')).toHaveText('1 row changed', { timeout: 40_000 })
  await page.getByRole('button', { name: 'Show' }).last().click()
  await expect(section('Nobody')).toContainText(customer)
  await expect(section('Waiting for the customer')).toContainText('Nothing here.')
})

test('while nothing is answered the last rows stay, with their time', async ({ page }) => {
  const customer = newCustomer()
  await request({ customer })
  await signIn(page, 'support')
  await page.route('**/api/board**', (route) => route.fulfill({ status: 429, body: '' }))
  await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
  await expect(page.getByRole('status')).toHaveText(/^Not updated since \d\d:\d\d/, { timeout: 40_000 })
  await expect(rows(page)).toHaveCount(1)
  await expectAccessible(page)
})

test('what is asked again is for the team alone, and is no activity', async ({ page }) => {
  expect((await page.request.get('/api/board')).status()).toBe(401)
  await signIn(page, 'support')
  const answer = await page.request.get('/api/board?sort=customer&after=nonsense&group=%00')
  expect(answer.status()).toBe(200)
  expect(answer.headers()['cache-control']).toContain('no-store')
  expect(JSON.stringify(await answer.json())).not.toMatch(/@|apiToken/)
})

test('support assigns and snoozes nothing', async ({ page }) => {
  await signIn(page, 'support')
  await expect(page.getByRole('button', { name: 'Assign' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Send again' })).toBeVisible()
  expect((await page.goto('/connections/bulk?do=assign'))?.status()).toBe(403)
})

test('assign, snooze and extend many at once', async ({ page }) => {
  const customer = newCustomer()
  const [first] = await Promise.all([request({ customer }), request({ customer })])
  await page.goto(first.link)
  await connect(page, { domain: 'acme', token: fakeToken('feature-off') })
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'needs_manager')
  await signIn(page, 'account_manager')
  const open = async (work: string) => {
    await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
    await page.getByLabel('Choose all on this page').check()
    await expect(page.getByText('2 connections chosen')).toBeVisible()
    await page.getByRole('button', { name: work }).click()
  }

  await open('Assign')
  await page.getByLabel('Account manager').selectOption('Sam Okoye')
  await page.getByRole('button', { name: 'Assign 2 connections' }).click()
  await expect(page.getByRole('heading', { name: 'Done for 2 connections' })).toBeFocused()

  await open('Snooze')
  await expect(page.getByText('It does not need you now')).toBeVisible()
  await page.getByLabel('Note for the team').fill('They ask their IT')
  await page.getByRole('button', { name: 'Snooze 1 connection' }).click()
  await expect(page.getByRole('heading', { name: 'Done for 1 connection' })).toBeVisible()
  await page.getByRole('link', { name: 'Back to the connections' }).click()
  await expect(page.getByText('They ask their IT')).toBeVisible()
  await page.goto(`/connections?group=needs_you&q=${encodeURIComponent(customer)}`)
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible()
  await page.goto(`/connections?group=snoozed&q=${encodeURIComponent(customer)}`)
  await expect(rows(page)).toHaveCount(1)

  await open('Extend link')
  await page.getByLabel('Days from now').fill('60')
  await page.getByRole('button', { name: 'Extend 2 links' }).click()
  await expect(page.getByText('Extended')).toHaveCount(2)
  await page.getByRole('link', { name: 'Back to the connections' }).click()
  await expect(page.getByText('in 59 days').first()).toBeVisible()
})

test('a hostile name stays text, and what cannot be undone starts on Cancel', async ({ page }) => {
  const customer = `${newCustomer()} <b>\u202egnp\u202c & Söhne`
  const asked = await request({ customer })
  await signIn(page, 'admin')
  await page.goto(`/connections?q=${encodeURIComponent(customer.slice(0, 14))}`)
  await expect(page.getByText(customer).first()).toBeVisible()
  await page.goto(`/connections/bulk?do=revoke&id=${asked.connections[0]?.id}`)
  await expect(page.getByRole('link', { name: 'Cancel' })).toBeFocused()
  await expect(page.getByText(customer).first()).toBeVisible()
})

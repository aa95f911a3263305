import { randomUUID } from 'node:crypto'
import { expect, signIn, test } from './fixtures.ts'

const mailbox = () => `${randomUUID().slice(0, 8)}@northwind.example`

test('an admin adds a member, changes the role, locks them out and in again', async ({ page, browser }) => {
  await signIn(page, 'admin')
  await page.getByRole('link', { name: 'Settings' }).click()
  const email = mailbox()
  await page.getByText('Add a member').click()
  await page.getByLabel('Name', { exact: true }).fill('Toni Neu')
  await page.getByLabel('Work e-mail address').fill(email)
  await page.getByRole('radio', { name: /Support/ }).check()
  await page.getByRole('button', { name: 'Add the member' }).click()
  await expect(page.getByText('The member was added and can sign in now.')).toBeVisible()

  const row = page.getByRole('row').filter({ hasText: email })
  await row.getByText('Change').first().click()
  await row.getByLabel('Role of Toni Neu').selectOption('Account manager')
  await row.getByRole('button', { name: 'Change the role of Toni Neu' }).click()
  await expect(row.getByRole('cell', { name: 'Account manager' })).toBeVisible()

  const theirs = await browser.newPage()
  await signIn(theirs, 'account_manager', email)
  await row.getByText('Change').first().click()
  await row.getByRole('button', { name: 'Disable' }).click()
  await expect(row.getByText(/Disabled since/)).toBeVisible()
  await theirs.goto('/connections')
  await expect(theirs.getByRole('heading', { name: 'Your session has ended' })).toBeVisible()
  await theirs.close()

  await row.getByText('Change').first().click()
  await row.getByRole('button', { name: 'sign in again' }).click()
  await expect(row.getByText('May sign in')).toBeVisible()
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('what was typed comes back with the problem', async ({ page }) => {
    await signIn(page, 'admin')
    await page.goto('/settings')
    await page.getByText('Add a member').click()
    await page.getByLabel('Name', { exact: true }).fill('Toni Neu')
    await page.getByLabel('Work e-mail address').fill('toni@localhost')
    await page.getByRole('button', { name: 'Add the member' }).click()
    await expect(page.getByText('This is not an e-mail address.')).toBeVisible()
    await expect(page.getByLabel('Work e-mail address')).toHaveValue('toni@localhost')
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Toni Neu')
  })

  test('light or dark is chosen, and drawn by the server', async ({ page }) => {
    await signIn(page, 'support')
    await page.locator('.console-account > summary').click()
    await page.getByRole('button', { name: 'Dark' }).click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    const dark = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    expect(dark).toBe('rgb(15, 20, 25)')
    await page.locator('.console-account > summary').click()
    await page.getByRole('button', { name: 'As the system' }).click()
    await expect(page.locator('html')).not.toHaveAttribute('data-theme')
  })
})

test('the console shows what the role may open, and says whom to ask for the rest', async ({ page }) => {
  await signIn(page, 'admin')
  await page.context().clearCookies()
  await signIn(page, 'support')
  await expect(page.getByRole('navigation', { name: 'Console' }).getByRole('link')).toHaveText([
    'Connections',
    'Support',
    'Profiles',
  ])
  expect((await page.goto('/settings'))?.status()).toBe(403)
  await expect(page.getByRole('heading', { name: 'Your role may not open this page' })).toBeVisible()
  await expect(page.getByText('You are signed in as Support. Ask Maria Lopez')).toBeVisible()
})

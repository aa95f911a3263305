import { randomUUID } from 'node:crypto'
import type { Page } from '@playwright/test'
import { COMPANY_PORT } from '../playwright.config.ts'
import { expect, expectAccessible, mailsTo, portal, signIn, test } from './fixtures.ts'

const COMPANY = `http://localhost:${COMPANY_PORT}`

/** A member of this test alone. */
async function member({ name = 'Robin Test', role = 'account_manager' } = {}): Promise<string> {
  const email = `${randomUUID().slice(0, 8)}@northwind.example`
  await portal('member', 'add', email, '--name', name, '--role', role)
  return email
}

async function mailedLink(email: string): Promise<string> {
  await expect.poll(() => mailsTo(email).length).toBeGreaterThan(0)
  return mailsTo(email)[0]?.text.match(/http\S+\/sign-in\/link\/\S+/)?.[0] ?? ''
}

/** What the company's own pages ask: who it is, and whether the portal may know. */
async function answerCompany(page: Page, account: string): Promise<void> {
  await page.waitForURL(`${COMPANY}/interaction/**`)
  await page.locator('input[name=login]').fill(account)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').click()
  await page.locator('form[action$=confirm] button, form button[type=submit]').first().click()
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('a link by e-mail signs in once, and scanners use nothing up', async ({ page, request: http }) => {
    const email = await member()
    await page.goto('/sign-in?next=/connections%3Fpage=1')
    await page.getByLabel('Your work e-mail address').fill(email.toUpperCase())
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await expect(page.getByRole('heading', { name: 'Look in your mailbox' })).toBeVisible()
    const link = await mailedLink(email)
    for (const method of ['GET', 'HEAD', 'GET']) expect((await http.fetch(link, { method })).status()).toBe(200)

    await page.goto(link)
    await expect(page.getByText(`Robin Test (${email})`)).toBeVisible()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { name: 'Connections' })).toBeVisible()
    expect(page.url()).toContain('/connections?page=1')

    const cookies = await page.context().cookies()
    expect(cookies.find(({ name }) => name === 'latchkey-staff')).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    await page.context().clearCookies()
    expect((await page.goto(link))?.status()).toBe(410)
    await expect(page.getByRole('heading', { name: 'This sign-in link has ended' })).toBeVisible()
  })

  test('whoever is no member reads the same, and gets no letter', async ({ page }) => {
    const stranger = `${randomUUID().slice(0, 8)}@elsewhere.example`
    await page.goto('/sign-in')
    await page.getByLabel('Your work e-mail address').fill(stranger)
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await expect(page.getByRole('heading', { name: 'Look in your mailbox' })).toBeVisible()
    // A member who asks later has the letter already: the stranger's would have left before.
    const email = await member()
    await page.goto('/sign-in')
    await page.getByLabel('Your work e-mail address').fill(email)
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await mailedLink(email)
    expect(mailsTo(stranger)).toEqual([])
  })

  test('the company account signs a member in', async ({ page }) => {
    const email = await member({ name: 'Kim Company' })
    await page.goto('/sign-in?next=/connections')
    await page.getByRole('link', { name: 'Sign in with your company account' }).click()
    expect(new URL(page.url()).origin).toBe(COMPANY)
    await answerCompany(page, email)
    await expect(page.getByRole('heading', { name: 'Connections' })).toBeVisible()
    await expect(page.getByText('Kim Company').first()).toBeVisible()
    expect(new URL(page.url()).search).toBe('')
  })

  test('an account without a role reads whom to ask', async ({ page }) => {
    await portal('member', 'add', 'maria@northwind.example', '--name', 'Maria Lopez', '--role', 'admin')
    await page.goto('/sign-in/company')
    await answerCompany(page, `${randomUUID().slice(0, 8)}@northwind.example`)
    await expect(page.getByRole('heading', { name: 'You have no role here yet' })).toBeVisible()
    await expect(page.getByText('Ask Maria Lopez to add you.')).toBeVisible()
    expect(
      await page
        .context()
        .cookies()
        .then((all) => all.some(({ name }) => name === 'latchkey-staff')),
    ).toBe(false)
    // The name is for whoever the company knows.
    await page.goto('/sign-in?state=no-role&proof=made-up.AAAA')
    await expect(page.getByText('Ask an admin of the team to add you.')).toBeVisible()
  })

  test('an address that the company does not vouch for signs nobody in', async ({ page }) => {
    const email = `unverified-${randomUUID().slice(0, 8)}@northwind.example`
    await portal('member', 'add', email, '--name', 'Una Verified', '--role', 'support')
    await page.goto('/sign-in/company')
    await answerCompany(page, email)
    await expect(page.getByRole('heading', { name: 'This company account cannot be used here' })).toBeVisible()
    await page.goto('/connections')
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  })

  test('signing out ends the session, also for a copied cookie', async ({ page, request: http }) => {
    await signIn(page, 'support', await member())
    const cookie = (await page.context().cookies()).find(({ name }) => name === 'latchkey-staff')
    const replay = () =>
      http.get('/connections', { headers: { cookie: `latchkey-staff=${cookie?.value}` }, maxRedirects: 0 })
    expect((await replay()).status()).toBe(200)
    await page.locator('.console-account > summary').click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
    expect((await replay()).status()).toBe(307)
  })
})

test('a stolen way back starts no session', async ({ page, request: http }) => {
  // Another browser has none of the cookies that prove the way there.
  await page.goto('/sign-in/company')
  const answer = await http.get('/api/auth/callback/company?code=abc&state=abc', { maxRedirects: 0 })
  expect(answer.headers().location).toBe('/sign-in?state=failed')
  expect(answer.headers()['set-cookie'] ?? '').not.toContain('latchkey-staff=')
})

test('the way to the company starts on our own page, with proof of the way back', async ({ request: http }) => {
  const elsewhere = { 'sec-fetch-site': 'cross-site' }
  const refused = await http.get('/sign-in/company', { headers: elsewhere, maxRedirects: 0 })
  expect(refused.headers().location).toBe('/sign-in')
  const started = await http.get('/sign-in/company?ask=login', { maxRedirects: 0 })
  const way = new URL(started.headers().location ?? '')
  expect(way.origin).toBe(COMPANY)
  expect(Object.fromEntries(way.searchParams)).toMatchObject({
    code_challenge_method: 'S256',
    prompt: 'login',
    max_age: '0',
    redirect_uri: expect.stringMatching(/^http:\/\/localhost:\d+\/api\/auth\/callback\/company$/),
  })
  for (const name of ['state', 'nonce', 'code_challenge']) expect(way.searchParams.get(name), name).toBeTruthy()
})

test('next-auth has no page and no address of its own', async ({ request: http }) => {
  for (const path of ['signin', 'signout', 'session', 'csrf', 'providers', 'error', 'callback/mail', 'verify-request'])
    expect((await http.get(`/api/auth/${path}`)).status(), path).toBe(404)
})

test('the operator’s link works for a day, once', async ({ page }) => {
  const email = await member()
  const { link, ...rest } = (await portal('sign-in-link', email)) as { link: string }
  expect(rest).toEqual({})
  await signIn(page, 'account_manager', email)
  await expect(page.locator('.console-account > summary')).toContainText('Sam Okoye')
  await page.context().clearCookies()
  await page.goto(link)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/connections')
  await expect(portal('sign-in-link', 'nobody@northwind.example')).rejects.toThrow('NOT_FOUND')
})

test('after five links for one address there is a pause, whoever it belongs to', async ({ page }) => {
  const stranger = `${randomUUID().slice(0, 8)}@elsewhere.example`
  for (let asked = 0; asked < 6; asked++) {
    await page.goto('/sign-in')
    await page.getByLabel('Your work e-mail address').fill(stranger)
    await page.getByRole('button', { name: 'Send me a link' }).click()
    if (asked < 5) await expect(page.getByRole('heading', { name: 'Look in your mailbox' })).toBeVisible()
  }
  await expect(page.getByText(/There were too many attempts. Try again in 1\d minutes/)).toBeVisible()
  await expect(page.getByLabel('Your work e-mail address')).toHaveValue(stranger)
})

test.describe('in German', () => {
  test.use({ locale: 'de' })
  for (const state of ['', 'sent', 'signed-out', 'ended', 'again', 'no-role', 'wrong-account', 'link-ended', 'failed'])
    test(`${state || 'start'} reads well for everybody`, async ({ page }) => {
      await page.setViewportSize({ width: 320, height: 700 })
      await page.goto(`/sign-in${state && `?state=${state}`}`)
      await expectAccessible(page)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
    })
})

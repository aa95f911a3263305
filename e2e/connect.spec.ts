import { badge, connect, expect, expectAccessible, expectBadge, fakeToken, mailsTo, request, test } from './fixtures.ts'

test('a customer opens the link, follows the guide and sees the check mark', async ({ page }) => {
  const { link } = await request({ email: 'receipt@acme.example' })
  const opened = await page.goto(link)
  expect(opened?.status()).toBe(200)
  expect(page.url()).not.toContain('/l/')
  await expectBadge(page, 'sent')
  await expectAccessible(page)

  await connect(page, { domain: 'https://E2E-1.pipedrive.com/pipeline/1', token: ` "${fakeToken('admin@e2e-1')}" ` })
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
  await expect(page.getByRole('row', { name: /Read deals/ })).toContainText('Yes')
  await expectAccessible(page)
  await expect.poll(() => mailsTo('receipt@acme.example')[0]?.subject).toBe('Pipedrive is connected to Latchkey')
})

test('it works in the dark, on a phone, in German', async ({ browser }) => {
  const { link } = await request({ language: 'de' })
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(link)
  await expectAccessible(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  await page.getByLabel('Ihre Pipedrive-Adresse').fill('e2e-2')
  await page.getByLabel('Persönliches API-Token').fill(fakeToken('admin@e2e-2'))
  await page.getByRole('button', { name: 'Prüfen und verbinden' }).click()
  await page.waitForURL('**/done')
  await expect(badge(page)).toHaveText('Verbunden')
  await expectAccessible(page)
  await context.close()
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('the form posts, keeps what was typed but the token, and ends at the receipt', async ({ page }) => {
    const { link } = await request()
    await page.goto(link)
    await connect(page, { domain: 'e2e-3', token: fakeToken('regenerated') })
    await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
    await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-3')
    await expect(page.getByLabel('Personal API token')).toHaveValue('')
    expect(await page.content()).not.toContain(fakeToken('regenerated'))

    await connect(page, { domain: 'e2e-3', token: fakeToken('admin@e2e-3') })
    await expectBadge(page, 'connected', 'OK')
    expect(page.url()).toContain('/done')
  })

  test('every field that needs a word gets one', async ({ page }) => {
    const { link } = await request({ profile: 'read-only-sync' })
    await page.goto(link)
    await connect(page, { domain: 'app.pipedrive.com', token: 'jane@acme.com' })
    await expectBadge(page, 'visited', 'DOMAIN_SHARED_HOST')
    await expect(page.getByRole('alert', { name: 'There is a problem' })).toContainText('There is a problem')
    await expect(page.getByLabel('Import records changed since')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByRole('alert', { name: 'There is a problem' })).toContainText(
      'This looks like an e-mail address.',
    )
  })

  test('the other company is taken in one press', async ({ page }) => {
    const { link } = await request()
    await page.goto(link)
    await connect(page, { domain: 'acme', token: fakeToken('admin@e2e-4') })
    await expectBadge(page, 'needs_customer', 'COMPANY_MISMATCH')
    await page.getByRole('button', { name: 'Use e2e-4' }).click()
    await expectBadge(page, 'connected', 'OK')
  })
})

test('the other company is named, and taken in one press', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'acme', token: fakeToken('admin@e2e-14') })
  await expectBadge(page, 'needs_customer', 'COMPANY_MISMATCH')
  await expect(page.getByText('Or copy the token from acme and paste it below.')).toBeVisible()
  await page.getByRole('button', { name: 'Use e2e-14' }).click()
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
})

test('a submit before the scripts have come is taken like any other', async ({ page }) => {
  const { link } = await request()
  await page.route('**/_next/static/**/*.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await route.continue()
  })
  await page.goto(link, { waitUntil: 'commit' })
  await connect(page, { domain: 'e2e-5', token: fakeToken('admin@e2e-5') })
  await page.waitForURL('**/done', { waitUntil: 'commit' })
  await expectBadge(page, 'connected', 'OK')
})

test('the keyboard alone is enough', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await page.getByLabel('Your Pipedrive address').focus()
  await page.keyboard.type('e2e-6')
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    if (await page.getByLabel('Personal API token').evaluate((field) => field === document.activeElement)) break
  }
  await page.keyboard.type(fakeToken('admin@e2e-6'))
  await page.keyboard.press('Enter')
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
})

test('an error keeps everything that was typed, and takes the focus', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'acme', token: fakeToken('regenerated') })
  await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
  await expect(page.getByLabel('Personal API token')).toHaveValue(fakeToken('regenerated'))
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('acme')
  await expect(page.getByRole('heading', { name: 'Pipedrive did not accept this token' })).toBeFocused()
  await expect(page).toHaveTitle(/^Error: /)
  await expectAccessible(page)
})

test('the browser names what is missing before anything is sent', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await expect(page.getByRole('alert', { name: 'There is a problem' })).toBeFocused()
  await expectBadge(page, 'sent', 'DOMAIN_MISSING')
  await expectAccessible(page)
})

test('two presses are one submission', async ({ page, context }) => {
  const { link } = await request({ email: 'twice@acme.example' })
  await page.goto(link)
  await page.getByLabel('Your Pipedrive address').fill('e2e-7')
  await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-7'))
  await page.getByRole('button', { name: 'Check and connect' }).dblclick()
  await page.waitForURL('**/done')
  await expect.poll(() => mailsTo('twice@acme.example').length).toBe(1)
  await page.waitForTimeout(2_500)
  expect(mailsTo('twice@acme.example')).toHaveLength(1)
  await context.close()
})

test('a second tab learns that the first was quicker', async ({ page, context }) => {
  const { link } = await request()
  const second = await context.newPage()
  await page.goto(link)
  await second.goto(link)
  await connect(page, { domain: 'e2e-8', token: fakeToken('admin@e2e-8') })
  await page.waitForURL('**/done')
  await connect(second, { domain: 'e2e-9', token: fakeToken('admin@e2e-9') })
  await second.waitForURL('**/done')
  await expect(second.getByText('e2e-8.pipedrive.com')).toBeVisible()
})

test('two links in one browser never mix', async ({ page, context }) => {
  const [first, second] = [await request({ customer: 'First' }), await request({ customer: 'Second' })]
  const other = await context.newPage()
  await page.goto(first.link)
  await other.goto(second.link)
  await connect(other, { domain: 'e2e-11', token: fakeToken('admin@e2e-11') })
  await connect(page, { domain: 'e2e-10', token: fakeToken('admin@e2e-10') })
  await page.waitForURL('**/done')
  await other.waitForURL('**/done')
  await expect(page.getByText('e2e-10.pipedrive.com')).toBeVisible()
  await expect(other.getByText('e2e-11.pipedrive.com')).toBeVisible()
})

test('a used link shows its receipt again', async ({ page, browser }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'e2e-12', token: fakeToken('admin@e2e-12') })
  await page.waitForURL('**/done')
  const elsewhere = await browser.newContext()
  const again = await elsewhere.newPage()
  const answer = await again.goto(link)
  expect(answer?.status()).toBe(200)
  await expectBadge(again, 'connected', 'OK')
  await elsewhere.close()
})

test('the link is mailed again on request, and both keys work', async ({ page }) => {
  const { link } = await request({ email: 'again@acme.example' })
  await page.goto(link)
  await page.getByRole('button', { name: 'Mail this link to me again' }).click()
  await expect(page.getByText('The link is on its way to a•••@acme.example.')).toBeVisible()
  await expect.poll(() => mailsTo('again@acme.example').length).toBe(1)
  const further = /http:\S+\/l\/\S+/.exec(mailsTo('again@acme.example')[0]?.text ?? '')?.[0] ?? ''
  expect(further).not.toBe(link)
  for (const key of [further, link]) expect((await page.goto(key))?.status()).toBe(200)
})

import {
  connect,
  expect,
  expectAccessible,
  expectBadge,
  fakeToken,
  mailsTo,
  portal,
  request,
  test,
} from './fixtures.ts'

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()

/** The end of a link is moved by the operator, as support would. */
async function expire(reference: string, minutesAgo: number): Promise<void> {
  await portal('request', 'end-link', reference, '--at', inMinutes(-minutesAgo))
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'an expired link' : 'an expired link without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('sends a new one while the request is open, and says the same either way', async ({ page }) => {
      const email = `${javaScriptEnabled ? 'expired' : 'plain'}@acme.example`
      const { link, reference } = await request({ email })
      await expire(reference, 60)
      expect((await page.goto(link))?.status()).toBe(410)
      await expectBadge(page, 'expired', 'LINK_EXPIRED')
      await page.getByRole('button', { name: 'Send me a new link' }).click()
      await expect(page.getByRole('status')).toContainText('If this request is still open, a new link is on its way to')
      await expect(page.getByRole('status')).toContainText('•••@acme.example')
      await expect.poll(() => mailsTo(email).length).toBe(1)
      const newer = /http:\S+\/l\/\S+/.exec(mailsTo(email)[0]?.text ?? '')?.[0] ?? ''
      expect((await page.goto(newer))?.status()).toBe(200)
    })
  })
}

test('an expired link of a settled request says the same, and mails the way to what is held', async ({ page }) => {
  const { link, reference } = await request({ email: 'settled@acme.example' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-40', token: fakeToken('admin@e2e-40') })
  await page.waitForURL('**/done')
  await expect.poll(() => mailsTo('settled@acme.example').length).toBe(1)
  await expire(reference, 60)
  await page.goto(link)
  await page.getByRole('button', { name: 'Send me a new link' }).click()
  await expect(page.getByRole('status')).toContainText('If this request is still open, a new link is on its way to')
  await expect.poll(() => mailsTo('settled@acme.example').length).toBe(2)
  const newer = /http:\S+\/l\/\S+/.exec(mailsTo('settled@acme.example')[0]?.text ?? '')?.[0] ?? ''
  await page.goto(newer)
  await expectBadge(page, 'connected', 'OK')
})

test('a link that ends while the form is open gives 30 minutes of grace, in that browser alone', async ({
  page,
  browser,
}) => {
  const { link, reference } = await request()
  await page.goto(link)
  await expire(reference, 29)
  const elsewhere = await browser.newContext()
  const late = await elsewhere.newPage()
  expect((await late.goto(link))?.status()).toBe(410)
  await elsewhere.close()
  await connect(page, { domain: 'e2e-41', token: fakeToken('admin@e2e-41') })
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
})

test('after the grace the form stores nothing', async ({ page }) => {
  const { link, reference } = await request()
  await page.goto(link)
  await expire(reference, 31)
  await connect(page, { domain: 'e2e-42', token: fakeToken('admin@e2e-42') })
  await expectBadge(page, 'expired', 'LINK_EXPIRED')
})

test('a form whose link was revoked meanwhile says who closed it', async ({ page }) => {
  const { link, reference } = await request()
  await page.goto(link)
  await portal('request', 'revoke', reference, '--reason', 'test')
  await connect(page, { domain: 'e2e-43', token: fakeToken('admin@e2e-43') })
  await expectBadge(page, 'revoked', 'LINK_REVOKED')
})

for (const [name, profile, status, verdict] of [
  ['trickle', 'two-way-crm', 'waiting_provider', 'PIPEDRIVE_DOWN'],
  ['wrong-types', 'two-way-crm', 'waiting_provider', 'UNEXPECTED_ANSWER'],
  ['success-false', 'two-way-crm', 'waiting_provider', 'UNEXPECTED_ANSWER'],
  ['maintenance-json', 'two-way-crm', 'waiting_provider', 'PIPEDRIVE_MAINTENANCE'],
  ['feature-off', 'two-way-crm', 'needs_manager', 'FEATURE_OFF'],
  ['permissions-refused', 'two-way-crm', 'connected', 'OK'],
  ['no-persons', 'two-way-crm', 'needs_confirmation', 'LIMITED_ACCESS'],
] as const) {
  test(`${name} ends as ${verdict}`, async ({ page }) => {
    const { link } = await request({ profile })
    await page.goto(link)
    await connect(page, { domain: 'acme', token: fakeToken(name) })
    await expectBadge(page, status, verdict)
  })
}

test('the wait reads well in German, on a phone, and says what happens next', async ({ page }) => {
  const { link } = await request({ language: 'de', email: 'wartet@acme.example' })
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto(link)
  await page.getByLabel('Ihre Pipedrive-Adresse').fill('acme')
  await page.getByLabel('Persönliches API-Token').fill(fakeToken('maintenance-json'))
  await page.getByRole('button', { name: 'Prüfen und verbinden' }).click()
  await expectBadge(page, 'waiting_provider', 'PIPEDRIVE_MAINTENANCE')
  await expect(page.locator('html, [lang]').last()).toHaveAttribute('lang', 'de')
  await expect(page.getByRole('heading', { name: 'Wir bringen das für Sie zu Ende' })).toBeVisible()
  await expect(page.getByText('Für Sie ist vorerst alles getan.')).toBeVisible()
  await expect(page.getByText(/^Nächster Versuch:/)).toBeVisible()
  await expect(page.getByText('Wir schreiben an w•••@acme.example, sobald es geklärt ist.')).toBeVisible()
  await expect(page.getByRole('textbox')).toHaveCount(0)
  await expectAccessible(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
})

test('the guide prints as a numbered list with pictures, without form', async ({ page }) => {
  const { link } = await request()
  for (const address of [link, '/guides/pipedrive']) {
    await page.goto(address)
    await page.emulateMedia({ media: 'print' })
    await expect(page.getByText('Step 1 of')).toBeVisible()
    await expect(page.locator('figure.picture svg').first()).toBeVisible()
    for (const hidden of [page.getByLabel('Personal API token'), page.getByRole('link', { name: 'Help and privacy' })])
      await expect(hidden).toBeHidden()
    await expect(page.locator('main').getByText('/l/')).toHaveCount(0)
    await page.emulateMedia({ media: 'screen' })
  }
})

test('forced colours keep the edges of fields and buttons', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await page.emulateMedia({ forcedColors: 'active' })
  for (const part of [page.getByLabel('Personal API token'), page.getByRole('button', { name: 'Check and connect' })])
    expect(await part.evaluate((element) => getComputedStyle(element).borderTopStyle)).toBe('solid')
  await expect(page.locator('main [data-status] svg')).toBeVisible()
})

test('offline nothing is sent, and the form stays filled', async ({ page, context, tolerate }) => {
  tolerate(/ERR_INTERNET_DISCONNECTED/)
  const { link } = await request()
  await page.goto(link)
  await context.setOffline(true)
  await expect(page.getByText('You are offline. Nothing was sent.')).toBeVisible()
  await connect(page, { domain: 'e2e-45', token: fakeToken('admin@e2e-45') })
  await expect(page.getByLabel('Personal API token')).toHaveValue(fakeToken('admin@e2e-45'))
  await context.setOffline(false)
  await expect(page.getByText('You are offline. Nothing was sent.')).toBeHidden()
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
})

test('a lost answer keeps the form, and the second press is the same submission', async ({ page, tolerate }) => {
  tolerate(/status of 502/)
  const { link } = await request({ email: 'lost@acme.example' })
  await page.goto(link)
  let lost = 0
  await page.route('**/connect/**', async (route) => {
    if (route.request().headers()['next-action'] === undefined || lost++ > 0) return route.continue()
    await route.fetch()
    await route.fulfill({ status: 502, contentType: 'text/html', body: 'Bad gateway' })
  })
  await connect(page, { domain: 'e2e-46', token: fakeToken('admin@e2e-46') }).catch(() => {})
  await expect(page.getByText('No answer came.')).toBeVisible()
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-46')
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
  await page.waitForTimeout(2_500)
  expect(mailsTo('lost@acme.example')).toHaveLength(1)
})

test('without JavaScript the page says what was removed around the token', async ({ browser }) => {
  const { link } = await request()
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(link)
  await connect(page, { domain: 'acme', token: ` ${fakeToken('regenerated')} ` })
  await expect(page.getByText('We removed the spaces around it. Paste the token again')).toBeVisible()
  await context.close()
})

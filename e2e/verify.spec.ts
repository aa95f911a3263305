import {
  connect,
  expect,
  expectAccessible,
  expectBadge,
  fake,
  fakeToken,
  mailsTo,
  request,
  signIn,
  test,
} from './fixtures.ts'

const refused = [
  ['regenerated', 'two-way-crm', 'TOKEN_REJECTED'],
  ['deactivated', 'two-way-crm', 'USER_INACTIVE'],
  ['not-open', 'two-way-crm', 'ACCOUNT_NOT_OPEN'],
  ['api-off', 'two-way-crm', 'API_OFF_FOR_USER'],
  ['no-deals', 'two-way-crm', 'NO_DEALS_ACCESS'],
  ['regular', 'full-setup', 'NOT_ADMIN'],
  ['other-company', 'two-way-crm', 'COMPANY_MISMATCH'],
] as const

for (const [name, profile, verdict] of refused) {
  test(`${verdict} names cause, fix and who acts`, async ({ page }) => {
    const { link } = await request({ profile })
    await page.goto(link)
    await connect(page, { domain: 'acme', token: fakeToken(name) })
    await expectBadge(page, 'needs_customer', verdict)
    await expect(page.getByText('Who can do this')).toBeVisible()
    await expectAccessible(page)
    await page.reload()
    await expectBadge(page, 'needs_customer', verdict)
  })
}

const waiting = [
  ['burst', 'RATE_LIMITED'],
  ['cloudflare', 'RATE_LIMITED'],
  ['daily', 'DAILY_LIMIT'],
  ['error-500', 'PIPEDRIVE_DOWN'],
  ['cut', 'PIPEDRIVE_DOWN'],
  ['hang', 'PIPEDRIVE_DOWN'],
  ['maintenance-html', 'PIPEDRIVE_MAINTENANCE'],
  ['html-200', 'UNEXPECTED_ANSWER'],
  ['redirect', 'UNEXPECTED_ANSWER'],
  ['oversized', 'UNEXPECTED_ANSWER'],
  ['partial', 'RATE_LIMITED'],
] as const

for (const [name, verdict] of waiting) {
  test(`${name}: the customer is done for now, and nobody says it is their fault`, async ({ page }) => {
    const { link } = await request()
    await page.goto(link)
    await connect(page, { domain: 'acme', token: fakeToken(name) })
    await expectBadge(page, 'waiting_provider', verdict)
    await expect(page.getByText('You are done for now.')).toBeVisible()
    await expectAccessible(page)
  })
}

test('a spent day is honest about a midnight that nobody names, to the customer and to the team', async ({ page }) => {
  test.slow()
  const { link, connections } = await request({ customer: 'Spent Day' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-27', token: fakeToken('daily') })
  await expectBadge(page, 'waiting_provider', 'DAILY_LIMIT')
  await expect(page.getByText('midnight of Pipedrive’s own server')).toBeVisible()
  await expect(page.getByText(/^Next try: in \d+ (minutes?|hour), \d/)).toBeVisible()
  await signIn(page, 'account_manager')
  await page.goto('/connections?q=spent+day')
  await expect(
    page.getByRole('row', { name: /Spent Day/ }).getByText(/^Next try in \d+ (minutes?|hour), \d/),
  ).toBeVisible()
  await page.goto(`/connections/${connections[0]?.id}`)
  await expect(page.getByText(/^Next try: in \d+ (minutes?|hour), \d/)).toBeVisible()
  await expectAccessible(page)
})

test('after a spent day that names its end, the next customer of the company is done at once and nobody calls', async ({
  page,
}) => {
  await fake('behaviour', { name: 'admin@e2e-28', behaviour: { identity: '429_daily_retry_date' } })
  for (const name of ['admin@e2e-28', 'regular@e2e-28']) {
    const { link } = await request()
    await page.goto(link)
    await connect(page, { domain: 'e2e-28', token: fakeToken(name) })
    await expectBadge(page, 'waiting_provider', 'DAILY_LIMIT')
    await expect(page.getByText(/^Next try: /)).toBeVisible()
  }
  const { calls } = (await fake('calls')) as { calls: { token: string | null }[] }
  expect(calls.filter(({ token }) => token?.endsWith('@e2e-28')).length).toBe(1)
})

test('what the token sees since the start date stands on the receipt, before the yes, and on the team’s page', async ({
  page,
}) => {
  const sentence =
    'Since 1 May 2024 this token sees: more than one deal, at least one person, at least one activity; no organizations.'
  const { link, connections } = await request({ profile: 'read-only-sync' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-29', token: fakeToken('admin@e2e-29'), date: '2024-05-01' })
  await page.waitForURL('**/done')
  await expect(page.getByText(sentence)).toBeVisible()
  await expect(page.getByText('1 May 2024', { exact: true })).toBeVisible()
  await expect(page.getByRole('row', { name: /Read organizations/ })).toContainText('Yes')
  await expectAccessible(page)
  await signIn(page, 'account_manager')
  await page.goto(`/connections/${connections[0]?.id}`)
  await expect(page.getByText(sentence)).toBeVisible()

  const asked = await request()
  await page.goto(asked.link)
  await connect(page, { domain: 'e2e-29', token: fakeToken('regular@e2e-29') })
  await expectBadge(page, 'needs_confirmation', 'LIMITED_ACCESS')
  await expect(page.getByText(/^This token sees: more than one deal, /)).toBeVisible()
})

test('a wait ends by itself, and the customer is written to', async ({ page }) => {
  const { link } = await request({ email: 'waits@acme.example' })
  await page.goto(link)
  await fake('behaviour', { name: 'admin@e2e-20', behaviour: { identity: '500', times: 1 } })
  await connect(page, { domain: 'e2e-20', token: fakeToken('admin@e2e-20') })
  await expectBadge(page, 'waiting_provider', 'PIPEDRIVE_DOWN')
  await page.waitForURL('**/done', { timeout: 40_000 })
  await expectBadge(page, 'connected', 'OK')
  await expect.poll(() => mailsTo('waits@acme.example')[0]?.subject).toBe('Done: Pipedrive is connected to Latchkey')
})

test('a wait that ends with a refusal asks the customer once more, with a link that works', async ({ page }) => {
  const { link } = await request({ email: 'once-more@acme.example' })
  await page.goto(link)
  await fake('behaviour', { name: 'admin@e2e-21', behaviour: { identity: '500', times: 1 } })
  await connect(page, { domain: 'e2e-21', token: fakeToken('admin@e2e-21') })
  await expectBadge(page, 'waiting_provider', 'PIPEDRIVE_DOWN')
  await fake('regenerate', { name: 'admin@e2e-21' })
  await expect
    .poll(() => mailsTo('once-more@acme.example')[0]?.subject, { timeout: 30_000 })
    .toContain('We need you once more')
  const again = /http:\S+\/l\/\S+/.exec(mailsTo('once-more@acme.example')[0]?.text ?? '')?.[0] ?? ''
  await page.goto(again)
  await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-21')
})

test('limits are shown and accepted', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'e2e-22', token: fakeToken('regular@e2e-22') })
  await expectBadge(page, 'needs_confirmation', 'LIMITED_ACCESS')
  await expect(page.getByRole('row', { name: /Edit deals/ })).toContainText('No')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Connect with limits' }).click()
  await expectBadge(page, 'connected_limited', 'LIMITED_ACCESS')
  await expectAccessible(page)
})

test('the company that the request names cannot be overridden', async ({ page }) => {
  const { link } = await request({ 'expected-domain': 'acme' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-23', token: fakeToken('admin@e2e-23') })
  await expectBadge(page, 'needs_manager', 'WRONG_ACCOUNT')
  await expect(page.getByRole('button', { name: /^Use / })).toHaveCount(0)
})

test('a token of another connection waits for the manager', async ({ page }) => {
  const first = await request()
  await page.goto(first.link)
  await connect(page, { domain: 'e2e-24', token: fakeToken('admin@e2e-24') })
  await page.waitForURL('**/done')
  const second = await request()
  await page.goto(second.link)
  await connect(page, { domain: 'e2e-24', token: fakeToken('admin@e2e-24') })
  await expectBadge(page, 'needs_manager', 'ALREADY_CONNECTED')
  await expectAccessible(page)
})

test('a slow provider is waited for, with a word about it', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  await fake('behaviour', { name: 'admin@e2e-25', behaviour: { identity: 'slow' } })
  await connect(page, { domain: 'e2e-25', token: fakeToken('admin@e2e-25') })
  await expect(page.getByRole('button', { name: 'Checking with Pipedrive…' })).toBeFocused()
  await expect(page.getByText('Reading who the token belongs to')).toBeVisible()
  await page.waitForURL('**/done')
})

test('hostile names are shown as text', async ({ page }) => {
  const { link } = await request({ customer: '<script>alert(1)</script>' })
  await page.goto(link)
  await connect(page, { domain: 'acme', token: fakeToken('hostile-names') })
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
  await expectAccessible(page)
})

test('the eleventh check in ten minutes has to wait', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  for (let press = 0; press < 10; press++) {
    await connect(page, { domain: 'acme', token: `${fakeToken('regenerated')}${press}` })
    await expect(page.getByRole('button', { name: 'Check and connect' })).toBeVisible()
    await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
    await page.reload()
  }
  await connect(page, { domain: 'acme', token: `${fakeToken('regenerated')}x` })
  await expect(page.locator('main [data-verdict=LINK_THROTTLED]')).toHaveCount(1)
  await expectAccessible(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page)
})

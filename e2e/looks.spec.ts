import { readdirSync, readFileSync } from 'node:fs'
import type { Browser, Page } from '@playwright/test'
import { startReceiver } from '../lib/testing/receiver.ts'
import {
  connect,
  expect,
  expectBadge,
  fake,
  fakeToken,
  mailsTo,
  portal,
  request,
  signIn,
  stopKeyOf,
} from './fixtures.ts'
import { routes } from './guards.ts'
import { test } from './looks.ts'

/**
 * Every page and state a person can come to, each once: `expectLooks` looks at it on a phone and a desk, light and dark,
 * and asks axe. What the states mean is tested by the other specs.
 */
test.use({ locale: 'en-GB', timezoneId: 'UTC' })
// Four pictures and axe for each of many states: on a busy machine that adds up.
test.describe.configure({ timeout: 600_000 })

type Requested = Awaited<ReturnType<typeof request>>
const idOf = ({ connections }: Requested) => connections[0]?.id ?? ''
/** They come when the worker gets to them. */
const letters = (page: Page) => page.locator('.timeline li, main ol li').filter({ hasText: /^(?:Letter|Brief) / })
/** Whatever is stopped, or that nothing is: another test stops something meanwhile. */
const stops = (page: Page) => page.locator('section[aria-labelledby=hand-off] > :is(table, .card)')
const rowsBeside = (page: Page, text: string) => page.locator('tbody tr').filter({ hasNotText: text })

/** As an account manager asks: with a person who is named, a note, and as many connections as there are profiles. */
async function ask(
  page: Page,
  {
    email,
    customer,
    language = 'en',
    profiles = ['read-only-sync'],
  }: { email: string; customer: string; language?: string; profiles?: string[] },
): Promise<string> {
  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill(customer)
  await page.getByLabel('Contact’s e-mail').fill(email)
  await page.getByText('More settings').click()
  await page.getByLabel('Contact’s name').fill('Jane Miller')
  await page.getByLabel('Language of mail and page').selectOption(language)
  await page.getByLabel('Note to the customer').fill('We spoke on the phone about this.\nThank you!')
  if (profiles.length > 1) await page.getByText('Several connections').click()
  for (const [index, profile] of profiles.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'Add a connection' }).click()
    await page.getByLabel('What the integration does').nth(index).selectOption(profile)
  }
  await page.getByRole('button', { name: 'Send request' }).click()
  await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
  await expect.poll(() => mailsTo(email).length).toBe(1)
  return linkIn(email)
}

const linkIn = (email: string) => /http:\S+\/l\/\S+/.exec(mailsTo(email)[0]?.text ?? '')?.[0] ?? ''

/** A customer elsewhere hands over this token, and leaves. */
async function handIn(browser: Browser, link: string, { domain = 'acme', token }: { domain?: string; token: string }) {
  const page = await browser.newPage()
  await page.goto(link)
  await connect(page, { domain, token: fakeToken(token) })
  await expect(page.locator('main [data-verdict]')).toHaveCount(1)
  await page.close()
}

test('every page has been looked at', () => {
  const looked = readdirSync('e2e/looks').flatMap((file) =>
    Object.values(JSON.parse(readFileSync(`e2e/looks/${file}`, 'utf8')) as Record<string, { page: string }>),
  )
  const pages = Object.keys(routes).filter((file) => file.endsWith('/page.tsx'))
  expect([...new Set(looked.map(({ page }) => page))].sort()).toEqual([...pages, 'app/not-found.tsx'].sort())
})

async function member(browser: Browser, role: Parameters<typeof signIn>[1], email?: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' })
  const page = await context.newPage()
  await signIn(page, role, email)
  return page
}

test('customer form', async ({ page, browser, expectLooks }) => {
  const manager = await member(browser, 'account_manager')
  const link = await ask(manager, { email: 'form@looks.example', customer: 'Birch' })
  await manager.context().close()
  await page.goto(link)
  await expectLooks(page, 'empty')
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await expect(page.getByRole('alert', { name: 'There is a problem' })).toBeFocused()
  await expectLooks(page, 'field errors')
  for (const [token, verdict] of [
    ['regenerated', 'TOKEN_REJECTED'],
    ['other-company', 'COMPANY_MISMATCH'],
    ['api-off', 'API_OFF_FOR_USER'],
  ] as const) {
    await connect(page, { domain: 'acme', token: fakeToken(token), date: '2024-05-01' })
    await expectBadge(page, 'needs_customer', verdict)
    await expectLooks(page, verdict)
  }
  await page.context().setOffline(true)
  await expect(page.getByText('You are offline. Nothing was sent.')).toBeVisible()
  await expectLooks(page, 'offline')
  await page.context().setOffline(false)
  await page.reload()
  await page.getByRole('button', { name: 'Show a code for another device' }).click()
  await expect(page.getByText('The code is shown once.')).toBeVisible()
  // No two codes are alike.
  await expectLooks(page, 'code for another device', { without: page.getByRole('img', { name: 'Code that opens' }) })
})

test('customer in German', async ({ page, browser, expectLooks }) => {
  const manager = await member(browser, 'account_manager')
  const link = await ask(manager, { email: 'formular@looks.example', customer: 'Käte & Söhne', language: 'de' })
  await manager.context().close()
  const domain = page.getByLabel('Ihre Pipedrive-Adresse')
  const token = page.getByLabel('Persönliches API-Token')
  const press = page.getByRole('button', { name: 'Prüfen und verbinden' })
  await page.goto(link)
  await expectLooks(page, 'form')
  await press.click()
  await expect(page.locator('main').getByRole('alert')).toBeFocused()
  await expectLooks(page, 'field errors')
  await domain.fill('acme')
  await token.fill(fakeToken('no-deals'))
  await page.locator('input[type=date]').fill('2024-05-01')
  await press.click()
  await expectBadge(page, 'needs_customer', 'NO_DEALS_ACCESS')
  await expectLooks(page, 'refused')
  await domain.fill('looks-1')
  await token.fill(fakeToken('admin@looks-1'))
  await press.click()
  await page.waitForURL('**/done')
  await expectLooks(page, 'receipt')
  await page.goto('/help')
  await expectLooks(page, 'help')
  await page.goto('/guides/pipedrive')
  await expectLooks(page, 'guide')
  const { link: other, reference } = await request({ language: 'de', customer: 'Käte & Söhne' })
  await portal('request', 'end-link', reference, '--at', new Date(Date.now() - 3_600_000).toISOString())
  await page.goto(other)
  await expectLooks(page, 'expired')
})

test('customer question, wait and receipt', async ({ page, browser, expectLooks }) => {
  const { link } = await request()
  await page.goto(link)
  await connect(page, { domain: 'looks-2', token: fakeToken('regular@looks-2') })
  await expectBadge(page, 'needs_confirmation', 'LIMITED_ACCESS')
  await expectLooks(page, 'question')
  await page.getByRole('button', { name: 'Connect with limits' }).click()
  await expectBadge(page, 'connected_limited')
  await expectLooks(page, 'receipt with limits')

  const ready = await request({ profile: 'full-setup' })
  await page.goto(ready.link)
  await connect(page, { domain: 'looks-3', token: fakeToken('admin@looks-3') })
  await page.waitForURL('**/done')
  await expectLooks(page, 'receipt')
  await expectLooks(page, 'receipt on paper', { media: 'print' })
  await page.getByRole('link', { name: /What .* holds/ }).click()
  await page.waitForURL('**/disconnect/**')
  await expectLooks(page, 'what is held')
  await page.getByRole('button', { name: 'Withdraw access now' }).click()
  await expectBadge(page, 'off_boarding')
  await expectLooks(page, 'closing')

  for (const [profile, token, status, verdict] of [
    ['two-way-crm', 'daily', 'waiting_provider', 'DAILY_LIMIT'],
    ['two-way-crm', 'feature-off', 'needs_manager', 'FEATURE_OFF'],
  ] as const) {
    const asked = await request({ profile })
    await page.goto(asked.link)
    await connect(page, { domain: 'acme', token: fakeToken(token) })
    await expectBadge(page, status, verdict)
    await expectLooks(page, verdict)
  }

  const twin = await request()
  await handIn(browser, (await request()).link, { domain: 'looks-4', token: 'admin@looks-4' })
  await page.goto(twin.link)
  await connect(page, { domain: 'looks-4', token: fakeToken('admin@looks-4') })
  await expectBadge(page, 'needs_manager', 'ALREADY_CONNECTED')
  await expectLooks(page, 'ALREADY_CONNECTED')

  const strange = await request({ 'expected-domain': 'acme' })
  await page.goto(strange.link)
  await connect(page, { domain: 'looks-5', token: fakeToken('admin@looks-5') })
  await expectBadge(page, 'needs_manager', 'WRONG_ACCOUNT')
  await expectLooks(page, 'WRONG_ACCOUNT')
})

test('links that open nothing', async ({ page, expectLooks }) => {
  const expired = await request({ email: 'late@looks.example' })
  await portal('request', 'end-link', expired.reference, '--at', new Date(Date.now() - 3_600_000).toISOString())
  await page.goto(expired.link)
  await expectLooks(page, 'expired')
  await page.getByRole('button', { name: 'Send me a new link' }).click()
  await expect(page.getByRole('status')).toContainText('If this request is still open')
  await expectLooks(page, 'asked for a new one')
  const revoked = await request()
  await portal('request', 'revoke', revoked.reference, '--reason', 'test')
  const replaced = await request()
  await portal('request', 'link', replaced.reference, '--no-mail')
  for (const [name, address] of [
    ['revoked', revoked.link],
    ['replaced', replaced.link],
    ['unknown', '/l/cut-off'],
    ['in another browser', `/connect/${idOf(await request())}`],
  ] as const) {
    await page.goto(address)
    await expectLooks(page, name)
  }
})

test('customer ways out', async ({ page, browser, expectLooks }) => {
  // Whoever has many notices in an hour gets them in one letter: this one gets a letter of its own.
  const manager = await member(browser, 'account_manager', 'ways@northwind.example')
  const link = await ask(manager, {
    email: 'several@looks.example',
    customer: 'Maple',
    profiles: ['read-only-sync', 'two-way-crm', 'full-setup'],
  })
  await page.goto(link)
  await page.waitForURL('**/checklist/**')
  await expectLooks(page, 'checklist')
  await page
    .getByRole('link', { name: /^Continue/ })
    .nth(1)
    .click()
  await page.getByText('Ask Sam Okoye a question').click()
  await page.getByRole('button', { name: 'Send the question' }).scrollIntoViewIfNeeded()
  await expectLooks(page, 'question to the manager')
  await connect(page, { domain: 'looks-6', token: fakeToken('admin@looks-6') })
  await page.waitForURL('**/done')
  await page.goto(link)
  await expectLooks(page, 'checklist, one connected')

  await page.goto(`${link}?to=decline`)
  await expectLooks(page, 'decline')
  await page.getByRole('link', { name: 'Somebody else manages Pipedrive' }).click()
  await page.waitForURL('**/hand-over/**')
  await expectLooks(page, 'hand over')
  await page.getByLabel('Your colleague’s name').fill('Omar Outside')
  await page.getByLabel('Your colleague’s work e-mail address').fill('omar')
  await page.locator('form').evaluate((form: HTMLFormElement) => {
    form.noValidate = true
  })
  await page.getByRole('button', { name: 'Pass it on' }).click()
  await expect(page.getByRole('alert').first()).toContainText('There is a problem')
  await expectLooks(page, 'hand over, with a fault')
  await page.getByLabel('Your colleague’s work e-mail address').fill('omar@agency.example')
  await page.getByRole('button', { name: 'Pass it on' }).click()
  await expect(page.getByRole('heading', { name: 'Sam Okoye has to say yes' })).toBeVisible()
  await expectLooks(page, 'hand over, waiting')

  const asked = () => mailsTo('ways@northwind.example').find(({ text }) => text.includes('Omar Outside'))?.text ?? ''
  await expect.poll(asked).toContain('/hand-overs/')
  await manager.goto(/http:\S+\/hand-overs\/\w+/.exec(asked())?.[0] ?? '')
  await expectLooks(manager, 'decision of the manager')
  await manager.getByRole('button', { name: 'Yes, send Omar Outside a link' }).click()
  await expect(manager.getByRole('status')).toContainText('has a link of their own')
  await expectLooks(manager, 'decided')
  await manager.context().close()
  await expect(async () => {
    await page.goto(link)
    await expect(page.getByText('Link sent')).toHaveCount(2)
  }).toPass()
  await expectLooks(page, 'handed over')

  const declined = await request()
  await page.goto(`${declined.link}?to=decline`)
  await page.getByRole('radio').first().check()
  await page.getByRole('button', { name: 'Close this link' }).click()
  await expectBadge(page, 'declined')
  await expectLooks(page, 'declined')

  await page.goto(`/reminders/${await stopKeyOf((await request()).id)}`)
  await expectLooks(page, 'stop reminders')
  await page.getByRole('button', { name: 'Stop reminders' }).click()
  await expect(page.getByRole('heading', { name: 'No more reminders' })).toBeVisible()
  await expectLooks(page, 'reminders stopped')
})

test('what anybody may read', async ({ page, expectLooks }) => {
  for (const [name, address] of [
    ['front door', '/'],
    ['help', '/help'],
    ['guide', '/guides/pipedrive'],
    ['reference of the API', '/docs/api'],
    ['no such page', '/nowhere'],
  ] as const) {
    await page.goto(address)
    await expectLooks(page, name)
  }
  await page.goto('/guides/pipedrive')
  await expectLooks(page, 'guide on paper', { media: 'print' })
  await page.goto((await request({ email: 'outbox@looks.example' })).link)
  await page.getByRole('button', { name: 'Mail this link to me again' }).click()
  await expect.poll(() => mailsTo('outbox@looks.example').length).toBe(1)
  await page.goto('/outbox')
  await expectLooks(page, 'outbox', { without: page.locator('main li').filter({ hasNotText: 'outbox@looks.example' }) })
  await page.getByRole('listitem').filter({ hasText: 'outbox@looks.example' }).getByRole('link').click()
  await expect(page.getByRole('link', { name: /\/l\// })).toBeVisible()
  await expectLooks(page, 'letter')
})

test('signing in', async ({ page, expectLooks }) => {
  const states = ['', 'sent', 'signed-out', 'ended', 'again', 'no-role', 'wrong-account', 'link-ended', 'failed']
  for (const state of states) {
    await page.goto(`/sign-in${state && `?state=${state}`}`)
    await expectLooks(page, state || 'start')
  }
  await page.goto('/sign-in')
  await page.getByLabel('Your work e-mail address').fill('kim@localhost')
  await page.getByRole('button', { name: 'Send me a link' }).click()
  await expect(page.getByText('This is not an e-mail address.')).toBeVisible()
  await expectLooks(page, 'fault')
  await portal('member', 'add', 'kim@northwind.example', '--name', 'Kim Company', '--role', 'support')
  const { link } = (await portal('sign-in-link', 'kim@northwind.example')) as { link: string }
  await page.goto(link)
  await expectLooks(page, 'confirm')
})

test('board', async ({ page, browser, expectLooks }) => {
  const customer = 'Larch Board'
  const requests: Requested[] = []
  for (const name of ['one', 'two', 'three', 'four', 'five'])
    requests.push(await request({ customer: `${customer} ${name}`, email: `${name}@larch.example` }))
  const [, needsCustomer, needsManager, waiting, connected] = requests as [
    Requested,
    Requested,
    Requested,
    Requested,
    Requested,
  ]
  await handIn(browser, needsCustomer.link, { token: 'regenerated' })
  await handIn(browser, needsManager.link, { token: 'feature-off' })
  await handIn(browser, waiting.link, { token: 'daily' })
  await handIn(browser, connected.link, { domain: 'looks-7', token: 'admin@looks-7' })

  await signIn(page, 'account_manager')
  // Another try with the provider would count as a changed row: the board asks, and nothing answers.
  await page.route('**/api/board**', () => {})
  await page.goto(`/connections?sort=customer&q=${encodeURIComponent(customer)}`)
  await expect(page.locator('tbody tr')).toHaveCount(5)
  await expectLooks(page, 'rows')
  await page.getByLabel('Choose all on this page').check()
  await page.locator('.console-account > summary').click()
  await expectLooks(page, 'chosen, menu open')
  await page.goto('/connections?q=nothing-like-this')
  await expectLooks(page, 'nothing matches')
  const id = idOf(requests[0] as Requested)
  const ids = `id=${id}&id=${idOf(connected)}`
  for (const work of ['assign', 'snooze', 'resend', 'extend', 'revoke'] as const) {
    await page.goto(`/connections/bulk?do=${work}&${ids}`)
    await expectLooks(page, `bulk ${work}`)
  }
  await page.goto('/connections/bulk?do=revoke')
  await expectLooks(page, 'bulk, none chosen')
  await page.goto(`/connections/bulk?do=extend&${ids}`)
  await page.getByRole('button', { name: 'Extend 1 link' }).click()
  await expect(page.getByRole('heading', { name: 'Done for 1 connection' })).toBeVisible()
  await expectLooks(page, 'bulk done')

  await page.unrouteAll()
  await page.route('**/api/board**', (route) => route.fulfill({ status: 429, body: '' }))
  await page.goto(`/connections?sort=customer&q=${encodeURIComponent(customer)}`)
  await expect(page.getByRole('status')).toHaveText(/^Not updated since/, { timeout: 40_000 })
  await expectLooks(page, 'not updated')
})

test('new request', async ({ page, expectLooks }) => {
  // What somebody types is kept for them: here nobody else has typed.
  await signIn(page, 'account_manager', 'larch@northwind.example')
  const press = (name: string) => page.getByRole('button', { name, exact: true }).last().click()
  const otherDrafts = page.getByRole('region', { name: 'Drafts' })
  await page.goto('/connections/new')
  await expectLooks(page, 'empty', { without: otherDrafts })
  await page.getByText('More settings').click()
  await page.getByText('Several connections').click()
  await press('Add a connection')
  await press('Send request')
  await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toBeVisible()
  await expectLooks(page, 'everything open, with faults', { without: otherDrafts })

  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill('Larch Draft')
  await page.getByLabel('Contact’s e-mail').fill('draft@looks.example')
  await page.getByLabel('What the integration does').first().selectOption('two-way-crm')
  await expect(page.getByText('What you type is kept.')).toBeVisible()
  await expectLooks(page, 'preview', { without: otherDrafts })
  await press('Save as draft')
  await expect(page.getByRole('status').filter({ hasText: 'The draft is saved' })).toBeVisible()
  await expectLooks(page, 'draft', { without: otherDrafts })
  await page.getByRole('link', { name: 'Delete draft' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Delete the draft for Larch Draft?')
  await expectLooks(page, 'delete draft')

  await request({ customer: 'Larch Twice', email: 'twice@looks.example' })
  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill('Larch Twice')
  await page.getByLabel('Contact’s e-mail').fill('twice@looks.example')
  await page.getByLabel('What the integration does').first().selectOption('two-way-crm')
  await press('Send request')
  await expect(page.getByRole('alert').filter({ hasText: 'There is an open request already' })).toBeVisible()
  await expectLooks(page, 'asked before', { without: otherDrafts })
  await press('Send anyway')
  await expect(page.getByRole('status').filter({ hasText: 'Sent to' })).toBeVisible()
  await expectLooks(page, 'sent', { without: letters(page) })
})

test('list of requests', async ({ page, expectLooks }) => {
  const head = 'customer,contact_name,contact_email,profile,language,expected_domain,start_date,external_id,note'
  const upload = async (lines: string[]) => {
    await page.goto('/connections/new/import')
    await page
      .getByLabel('CSV file')
      .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from([head, ...lines].join('\r\n')) })
    await page.getByRole('button', { name: 'Check the list' }).click()
  }
  await signIn(page, 'account_manager')
  await page.goto('/connections/new/import')
  await expectLooks(page, 'upload')
  await page.goto('/connections/new/import?fault=not_csv&what=3')
  await expectLooks(page, 'no list')
  await upload([
    ',,jane@acme.example,read-only-sync,,,,,',
    'Acme,,jane@acme.example,no-such,fr,evil.com,2199-01-01,,',
    'Fine,,fine@looks.example,read-only-sync,,,,,',
  ])
  await expect(page.getByRole('alert').filter({ hasText: '2 rows are not ready' })).toBeVisible()
  await expectLooks(page, 'bad rows')
  await upload([
    'Larch List,,list1@looks.example,read-only-sync,de,,,,',
    'Larch List,,list2@looks.example,two-way-crm,,,,,',
  ])
  await expectLooks(page, 'good rows')
})

test('connection', async ({ page, browser, expectLooks }) => {
  const states = {
    sent: {},
    needs_customer: { token: 'api-off' },
    needs_manager: { token: 'feature-off' },
    waiting_provider: { token: 'html-200' },
    connected: { domain: 'looks-8', token: 'admin@looks-8' },
    needs_confirmation: { domain: 'looks-9', token: 'regular@looks-9' },
  } as Record<string, { domain?: string; token?: string }>
  await signIn(page, 'account_manager')
  for (const [status, { domain, token }] of Object.entries(states)) {
    const asked = await request({ customer: 'Acme' })
    if (token) await handIn(browser, asked.link, { domain, token })
    await page.goto(`/connections/${idOf(asked)}`)
    await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', status)
    await expectLooks(page, status, { without: letters(page) })
  }
  const revoked = await request()
  await portal('request', 'revoke', revoked.reference, '--reason', 'Jane left the company')
  await page.goto(`/connections/${idOf(revoked)}`)
  await expectLooks(page, 'revoked', { without: letters(page) })
  const expired = await request()
  await portal('request', 'end-link', expired.reference, '--at', new Date(Date.now() - 3_600_000).toISOString())
  await page.goto(`/connections/${idOf(expired)}`)
  await expectLooks(page, 'link ended', { without: letters(page) })
})

test('connection dialogs', async ({ page, browser, expectLooks }) => {
  await signIn(page, 'account_manager')
  const sent = await request()
  const limited = await request()
  await handIn(browser, limited.link, { token: 'feature-off' })
  const connected = await request()
  await handIn(browser, connected.link, { domain: 'looks-11', token: 'admin@looks-11' })
  for (const [asked, steps] of [
    [sent, ['resend', 'extend', 'revoke', 'copy', 'address', 'backup']],
    [limited, ['accept', 'refuse']],
    [connected, ['rotate', 'close']],
  ] as const)
    for (const step of steps) {
      await page.goto(`/connections/${idOf(asked)}?do=${step}`)
      await expect(page.getByRole('dialog')).toBeVisible()
      await expectLooks(page, step, { without: letters(page) })
    }
  await page.goto(`/connections/${idOf(sent)}?do=revoke`)
  await page.getByRole('button', { name: 'Revoke link' }).click()
  await expect(page.getByText('Say why. It is kept in the audit log.')).toBeVisible()
  await expectLooks(page, 'revoke without a reason', { without: letters(page) })
  await page.goto(`/connections/${idOf(sent)}?do=copy`)
  await page.getByRole('button', { name: 'Show the address' }).click()
  await expect(page.getByText('Send this only to Jane Miller')).toBeVisible()
  await expectLooks(page, 'link shown once', { without: letters(page) })
})

/** What the watcher needs between two refusals to be sure. */
const SURE_MS = 65_000

/** The link in the letter with this in its subject. It comes when the worker gets to it. */
async function linkOf(email: string, subject: string): Promise<string> {
  const letter = () => mailsTo(email).find((mail) => mail.subject.includes(subject))?.text ?? ''
  await expect.poll(letter, { timeout: 120_000 }).toContain('/l/')
  return /http:\S+\/l\/\S+/.exec(letter())?.[0] ?? ''
}

test('repair and end', async ({ page, browser, expectLooks }) => {
  const member = await browser.newPage()
  await signIn(member, 'admin')
  const dead = await request({ customer: 'Larch Dead', email: 'dead@looks.example' })
  const ended = await request({ customer: 'Larch End', email: 'end@looks.example' })
  await handIn(browser, dead.link, { domain: 'looks-12', token: 'admin@looks-12' })
  await page.goto(ended.link)
  await connect(page, { domain: 'looks-13', token: fakeToken('admin@looks-13') })
  await page.waitForURL('**/done')

  await member.goto(`/connections/${idOf(ended)}?do=close`)
  await member.getByLabel('Why').fill('The project is over')
  await member.getByRole('dialog').getByRole('button', { name: 'Close connection' }).click()
  await expect(member.getByText('The connection is closing.')).toBeVisible()
  await expectLooks(member, 'closing, for the team', { without: letters(member) })
  await page.goto(await linkOf('end@looks.example', 'withdraw'))
  await page.getByRole('button', { name: 'I did it, check now' }).click()
  await expect(page.getByText('The old token still works')).toBeVisible({ timeout: 30_000 })
  await expectLooks(page, 'still alive')

  await fake('regenerate', { name: 'admin@looks-12' })
  await fake('regenerate', { name: 'admin@looks-13' })
  await portal('check', idOf(dead))
  await page.getByRole('button', { name: 'I did it, check now' }).click()
  await expect(page.getByText('Pipedrive refused the token', { exact: true })).toBeVisible({ timeout: 30_000 })
  await expectLooks(page, 'refused once')
  await page.waitForTimeout(SURE_MS)
  await portal('check', idOf(dead)).catch(() => {})
  await expect(page.getByRole('heading', { name: 'The token is dead' })).toBeVisible({ timeout: 180_000 })
  await expectLooks(page, 'proved dead')
  await expectLooks(page, 'certificate on paper', { media: 'print' })
  await member.goto(`/connections/${idOf(ended)}`)
  await expectLooks(member, 'closed, for the team', { without: letters(member) })

  await page.goto(await linkOf('dead@looks.example', 'stopped accepting'))
  await expectBadge(page, 'stopped', 'STOPPED_WORKING')
  await expectLooks(page, 'stopped')
  await member.goto(`/connections/${idOf(dead)}`)
  await expectLooks(member, 'stopped, for the team', { without: letters(member) })
})

test('keys and stops', async ({ page, browser, expectLooks }) => {
  const others = rowsBeside(page, 'Larch sync')
  await signIn(page, 'admin')
  await page.goto('/settings/keys/new')
  await page.getByRole('button', { name: 'Make the key' }).click()
  await expect(page.locator('main').getByRole('alert').first()).toContainText('Tick at least one.')
  await expectLooks(page, 'new key, with faults')
  await page.getByLabel('Name').fill('Larch sync')
  await page.getByLabel('Read connections').check()
  await page.getByRole('button', { name: 'Make the key' }).click()
  await expect(page.getByRole('heading', { name: 'Copy the key of “Larch sync” now' })).toBeVisible()
  await expectLooks(page, 'key shown once')
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByRole('row', { name: 'Larch sync' }).getByText('Change').click()
  await expectLooks(page, 'keys', { without: others })
  await page.getByRole('link', { name: 'Replace the key' }).click()
  await expectLooks(page, 'replace a key', { without: others })

  const asked = await request({ customer: 'Larch Stop' })
  await handIn(browser, asked.link, { domain: 'looks-14', token: 'admin@looks-14' })
  await page.goto(`/connections/${idOf(asked)}?do=freeze`)
  await expectLooks(page, 'stop hand-off', { without: letters(page) })
  await page.getByRole('textbox', { name: 'Why' }).fill('A laptop was stolen')
  await page.getByRole('button', { name: 'Stop hand-off' }).click()
  await expect(page.getByText('Hand-off is stopped. Integrations are refused')).toBeVisible()
  await expectLooks(page, 'stopped by hand', { without: letters(page) })
  await page.goto('/support')
  const rest = page.locator('tbody tr').filter({ hasNotText: 'Larch Stop' })
  await expectLooks(page, 'list of stops', { without: rest })
  await page.getByRole('row', { name: 'Larch Stop' }).getByRole('link', { name: 'Let go on' }).click()
  await expectLooks(page, 'let hand-off go on', { without: rest })
})

test('webhooks', async ({ page, expectLooks }) => {
  const others = rowsBeside(page, 'Larch hooks')
  const receiver = await startReceiver()
  await signIn(page, 'admin')
  await page.goto('/settings/webhooks/new')
  await page.getByLabel('Address').fill('http://hooks.example.com/')
  await page.getByRole('button', { name: 'Make the webhook' }).click()
  await expect(page.locator('main').getByRole('alert').first()).toContainText('Write a name')
  await expectLooks(page, 'new webhook, with faults')
  await page.getByLabel('Name', { exact: true }).fill('Larch hooks')
  await page.getByLabel('Address').fill(receiver.url)
  // What other tests cause is none of it.
  await page.getByLabel('Only some events').check()
  await page.getByLabel('connection.kept').check()
  await page.getByRole('button', { name: 'Make the webhook' }).click()
  await expect(page.getByRole('heading', { name: 'Copy the secret of “Larch hooks” now' })).toBeVisible()
  await expectLooks(page, 'secret shown once')
  await page.getByRole('link', { name: 'Open the webhook' }).click()
  await expectLooks(page, 'webhook, nothing sent')
  const address = page.url()
  for (const [status, ended] of [
    [204, 'Delivered'],
    [500, 'Given up'],
  ] as const) {
    receiver.answer((_request, response) => response.writeHead(status).end())
    await page.getByRole('button', { name: 'Send a test message' }).click()
    await expect(async () => {
      await page.goto(address)
      await expect(page.locator('tbody tr').first()).toContainText(ended, { timeout: 1_000 })
    }).toPass({ timeout: 20_000 })
  }
  await expectLooks(page, 'webhook')
  await page.goto(`${address}/change`)
  await page.getByText('Limits', { exact: true }).click()
  await page.getByLabel('Two-way CRM integration').check()
  await expectLooks(page, 'change a webhook')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('It is changed.')).toBeVisible()
  await expectLooks(page, 'webhook, changed')
  await page.getByRole('link', { name: 'Replace the secret' }).click()
  await expectLooks(page, 'replace a secret')
  await page.goto(`${address}?do=delete`)
  await expectLooks(page, 'delete a webhook')
  await page.goto(`${address}?do=disable`)
  await page.getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByText('It is off. What happens is kept for it.')).toBeVisible()
  await expectLooks(page, 'webhook, off')
  await page.goto('/settings/webhooks')
  await expectLooks(page, 'webhooks', { without: others })
  await receiver.down()
})

test('support', async ({ page, browser, expectLooks }) => {
  // Whom customers ask where nobody else is named.
  await portal('member', 'add', 'maria@northwind.example', '--name', 'Maria Lopez', '--role', 'admin')
  // With a token that no other test hands over: it would be named beside this one.
  const odd = await request({ customer: 'Larch Odd', language: 'de' })
  const theirs = await browser.newPage()
  await theirs.goto(odd.link)
  await theirs.getByLabel('Ihre Pipedrive-Adresse').fill('acme')
  await theirs.getByLabel('Persönliches API-Token').fill(fakeToken('success-false'))
  await theirs.getByRole('button', { name: 'Prüfen und verbinden' }).click()
  await expect(theirs.locator('main [data-verdict]')).toHaveAttribute('data-verdict', 'UNEXPECTED_ANSWER')
  await theirs.close()
  const fresh = await request({ customer: 'Larch Fresh' })

  await signIn(page, 'support')
  await page.goto('/support')
  await expectLooks(page, 'queue', { without: rowsBeside(page, 'Larch Odd').or(stops(page)) })
  for (const [name, text] of [
    ['found', fresh.link],
    ['not found', 'nobody@nowhere.example'],
  ] as const) {
    await page.goto('/support')
    await page.getByRole('textbox', { name: 'Look up a connection' }).fill(text)
    await page.getByRole('button', { name: 'Find' }).click()
    await expect(page.getByRole('status')).not.toBeEmpty()
    await expectLooks(page, name, { without: rowsBeside(page, 'Larch Odd').or(stops(page)) })
  }
  // As often as it took to get here.
  const retries = page
    .locator('.timeline li')
    .filter({ hasText: /we tried again|Check while waiting/ })
    .or(page.locator('p').filter({ hasText: /We are trying right now|Next try/ }))
  await page.goto(`/support/${idOf(odd)}`)
  await expectLooks(page, 'case', { without: letters(page).or(retries) })
  await page.goto(`/support/${idOf(odd)}?do=resend&why=provider`)
  await expectLooks(page, 'send again', { without: letters(page).or(retries) })
  await page.goto(`/preview/${idOf(odd)}`)
  await expectLooks(page, 'what the customer sees')
  await page.goto(`/preview/${idOf(fresh)}`)
  await expectLooks(page, 'the form as the customer sees it')
  await page.goto('/settings')
  await expectLooks(page, 'another role')
  await page.goto(`/support/con_${'0'.repeat(26)}`)
  await expectLooks(page, 'no such case')
})

test('profiles', async ({ page, expectLooks }) => {
  const others = page.locator('tbody tr').filter({ hasNotText: /read-only-sync|two-way-crm|full-setup/ })
  await signIn(page, 'admin')
  await page.goto('/profiles')
  await expectLooks(page, 'list', { without: others })
  await page.goto('/profiles/new')
  await page.getByRole('button', { name: 'Create profile' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toBeVisible()
  await expectLooks(page, 'new, with faults')
  await page.goto('/profiles/new?copy=two-way-crm')
  await page.getByLabel('Key').fill('larch-copy')
  await page.getByRole('group', { name: 'In English' }).getByLabel('Purpose').fill('Orders of your shop become deals.')
  await expectLooks(page, 'copy')
  await page.getByRole('button', { name: 'Create profile' }).click()
  await expect(page.getByRole('status')).toContainText('ready for new requests')
  await page.goto('/profiles/larch-copy')
  await expectLooks(page, 'change')
  await page.goto('/profiles/larch-copy/disable')
  await expectLooks(page, 'disable')
})

test('settings and audit', async ({ page, expectLooks }) => {
  await signIn(page, 'admin')
  const others = page.locator('tbody tr').filter({ hasNotText: /(?:maria|sam|ines)@northwind\.example/ })
  for (const role of ['account_manager', 'support'] as const) {
    const context = await page.context().browser()?.newContext()
    if (context) await signIn(await context.newPage(), role)
    await context?.close()
  }
  await page.goto('/settings')
  await expectLooks(page, 'settings', { without: others.or(stops(page)) })
  await page.getByText('Add a member').click()
  await page.getByRole('row').filter({ hasText: 'sam@northwind.example' }).getByText('Change').first().click()
  await expectLooks(page, 'add and change a member', { without: others.or(stops(page)) })
  await page.getByLabel('Colour of main buttons').fill('#ffcc00')
  await page.getByRole('button', { name: 'Save the look' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'has a contrast of 1.5' })).toBeVisible()
  await expectLooks(page, 'colour refused', { without: others.or(stops(page)) })

  const asked = await request()
  await page.goto(`/connections/${idOf(asked)}?do=revoke`)
  await page.getByLabel('Why').fill('Wrong company')
  await page.getByRole('button', { name: 'Revoke link' }).click()
  await expect(page.getByText('The link is revoked.')).toBeVisible()
  await page.goto(`/audit?object=${asked.id}`)
  await expectLooks(page, 'audit')
  await page.goto(`/audit?object=req_${'0'.repeat(26)}`)
  await expectLooks(page, 'audit, nothing found')
})

test.describe('in German', () => {
  test.use({ locale: 'de-DE' })

  test('console in German', async ({ page, browser, expectLooks }) => {
    const customer = 'Lärche Board'
    const asked = await request({ customer: `${customer} eins`, email: 'eins@laerche.example' })
    const ready = await request({ customer: `${customer} zwei`, email: 'zwei@laerche.example' })
    await handIn(browser, ready.link, { domain: 'looks-10', token: 'admin@looks-10' })
    await page.goto('/sign-in')
    await expectLooks(page, 'sign in')
    await signIn(page, 'admin', 'laerche@northwind.example')
    await page.route('**/api/board**', () => {})
    await page.goto(`/connections?sort=customer&q=${encodeURIComponent(customer)}`)
    await expect(page.locator('tbody tr')).toHaveCount(2)
    await expectLooks(page, 'board')
    await page.goto(`/connections/${idOf(asked)}`)
    await expectLooks(page, 'connection, sent', { without: letters(page) })
    await page.goto(`/connections/${idOf(ready)}`)
    await expectLooks(page, 'connection, connected', { without: letters(page) })
    await page.goto(`/connections/${idOf(asked)}?do=revoke`)
    await expectLooks(page, 'dialog', { without: letters(page) })
    await page.goto('/connections/new')
    for (const summary of await page.locator('form summary').all()) await summary.click()
    await page.getByRole('button', { name: 'Anfrage senden' }).click()
    await expect(page.getByRole('alert').filter({ hasText: 'Da stimmt etwas nicht' })).toBeVisible()
    await expectLooks(page, 'new request, with faults', { without: page.getByRole('region', { name: 'Entwürfe' }) })
    await page.goto('/profiles/new?copy=full-setup')
    await expectLooks(page, 'profile')
    await page.goto('/settings')
    const others = page.locator('tbody tr').filter({ hasNotText: 'laerche@northwind.example' })
    await expectLooks(page, 'settings', { without: others.or(stops(page)) })
    await page.goto('/support')
    await expectLooks(page, 'support', { without: page.locator('tbody tr').or(stops(page)) })
    await page.goto(`/audit?object=${asked.id}`)
    await expectLooks(page, 'audit')
  })
})

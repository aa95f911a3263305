import { randomUUID } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import type { Page } from '@playwright/test'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectAccessible, expectBadge, fakeToken, operate, stopKeyOf, test } from './fixtures.ts'
import { linkIn, mailPortal, subjectOf } from './mail-portal.ts'

const there = mailPortal('e2e-mail', PORT + 20)
const { origin, environment, mails, mailTo } = there
const MANAGER = 'maria@northwind.example'

test.describe.configure({ mode: 'serial', timeout: 600_000 })
test.use({ baseURL: origin })

test.beforeAll(async () => {
  // A second portal starts beside the first; a busy machine takes its time.
  test.setTimeout(900_000)
  await there.start()
  await operate(environment, ['member', 'add', MANAGER, '--name', 'Maria Lopez', '--role', 'admin'])
})
test.afterAll(() => there.stop())

/** A request that is mailed, as managers make them; each with a mailbox of its own. */
async function ask({ name = 'Jane Miller', domain = 'acme.example', local = 'jane', owner = MANAGER } = {}) {
  const email = `${local}-${randomUUID().slice(0, 6)}@${domain}`
  const argv = ['request', 'create', '--customer', 'Acme', '--email', email, '--contact-name', name, '--owner', owner]
  const { id, connections } = (await operate(environment, [...argv, '--profile', 'two-way-crm'])) as {
    id: string
    connections: { id: string }[]
  }
  return { email, id, connectionId: connections[0]?.id ?? '' }
}

async function signIn(page: Page, role: 'admin' | 'account_manager' = 'admin', email = MANAGER): Promise<void> {
  if (email !== MANAGER) await operate(environment, ['member', 'add', email, '--name', 'Sam Okoye', '--role', role])
  const { link } = (await operate(environment, ['sign-in-link', email])) as { link: string }
  await page.goto(link)
  await page.locator('main form button[type=submit]').click()
  await page.waitForURL('**/connections')
}

/** axe in light and dark, and no sideways scrolling on the narrowest phone. */
async function expectGood(page: Page): Promise<void> {
  await expectAccessible(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page)
  await page.emulateMedia({ colorScheme: 'light' })
  const size = page.viewportSize()
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${Date.now()}-phone.png`, fullPage: true })
  if (size) await page.setViewportSize(size)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${Date.now()}-desk.png`, fullPage: true })
}

test('a request is mailed, its link works, and receipt and notice arrive', async ({ page }) => {
  const { email } = await ask()
  const letter = await mailTo(email, /asks you to connect Pipedrive/)
  expect(letter).toMatch(/^From: .*via Latchkey/m)
  expect(letter).toMatch(/^Reply-To: Maria Lopez <maria@northwind\.example>/m)
  expect(letter).toMatch(/^Auto-Submitted: auto-generated/m)
  await page.goto(linkIn(letter))
  await connect(page, { domain: 'acme', token: fakeToken('admin') })
  await expect(page.getByRole('heading', { name: 'Connected' })).toBeVisible()
  const receipt = await mailTo(email, /Pipedrive is connected/)
  const notice = await mailTo(MANAGER, /^\[Acme\] Connected/)
  for (const source of [letter, receipt, notice]) expect(source).not.toContain(fakeToken('admin'))
  expect(receipt).not.toContain('/l/')
})

test('an address that is refused shows on the board, and the manager reads why', async ({ page }) => {
  const { email, connectionId } = await ask({ local: 'nobody' })
  const problem = await mailTo(MANAGER, /could not be delivered/)
  expect(problem).toContain(email)
  expect(problem).toContain('550')
  expect(problem).toContain(`${origin}/connections/${connectionId}`)
  await signIn(page)
  await expect(page.locator('[data-status=undeliverable]').first()).toBeVisible()
})

test('a letter that comes back goes to the backup contact, whose link works', async ({ page, browser }) => {
  // Another manager's, since each gets five notices an hour as mails of their own.
  const owner = 'sam@northwind.example'
  await operate(environment, ['member', 'add', owner, '--name', 'Sam Okoye', '--role', 'account_manager'])
  const { email, connectionId } = await ask({ local: 'nobody', owner })
  await mailTo(owner, /could not be delivered/)
  const backup = `omar-${randomUUID().slice(0, 6)}@acme.example`
  await signIn(page)
  await page.goto(`/connections/${connectionId}?do=backup`)
  await page.getByLabel('Name of the contact').fill('Omar Haddad')
  await page.getByLabel('E-mail address').fill(backup)
  await page.getByRole('button', { name: 'Save backup contact' }).click()
  await expect(page.getByText('The backup contact is saved.')).toBeVisible()
  await page.goto(`/connections/${connectionId}?do=resend`)
  await page.getByRole('button', { name: 'Send new link' }).click()

  const letter = await mailTo(backup, /Your new link/)
  expect(letter).toMatch(/^To: Omar Haddad </m)
  expect(letter).not.toContain(email)
  await page.goto(`/connections/${connectionId}`)
  await expect(page.getByText('Letter passed to the backup contact')).toBeVisible()
  const theirs = await browser.newPage()
  await theirs.goto(linkIn(letter))
  await connect(theirs, { domain: 'e2e-1', token: fakeToken('admin@e2e-1') })
  await expectBadge(theirs, 'connected', 'OK')
  await theirs.close()
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('whoever is not the right person closes the link, and the manager is told', async ({ page }) => {
    const { email, id } = await ask({ name: 'Kim Declines' })
    const link = linkIn(await mailTo(email, /asks you/))
    await page.goto(`${link}?to=decline`)
    await expect(page.getByRole('heading', { name: 'Are you not the right person?' })).toBeVisible()
    await page.getByRole('button', { name: 'Close this link' }).click()
    await expect(page.getByRole('alert')).toContainText('Choose one of the four.')
    await page.getByLabel('I do not work there any more').check()
    await page.getByLabel('Anything Maria Lopez should know').fill('Since May.')
    await page.getByRole('button', { name: 'Close this link' }).click()
    await expectBadge(page, 'declined')
    expect((await page.goto(link))?.status()).toBe(410)
    const notice = await mailTo(MANAGER, /Kim Declines is not the right person/)
    expect(notice).toContain('> Since May.')

    await operate(environment, ['request', 'link', id])
    await page.goto(linkIn(await mailTo(email, /Your new link/)))
    await expectBadge(page, 'sent')
  })

  test('a colleague at the same mail domain takes over, and the first contact sees where it stands', async ({
    page,
    browser,
  }) => {
    const { email, connectionId } = await ask({ name: 'Jo First' })
    const link = linkIn(await mailTo(email, /asks you/))
    await page.goto(link)
    await page.getByRole('link', { name: 'Somebody else manages Pipedrive' }).click()
    const colleague = `omar-${randomUUID().slice(0, 6)}@acme.example`
    await page.getByLabel('Your colleague’s name').fill('Omar Haddad')
    await page.getByLabel('Your colleague’s work e-mail address').fill(colleague)
    await page.getByLabel('A note to your colleague').fill(fakeToken('admin'))
    await page.getByRole('button', { name: 'Pass it on' }).click()
    await expect(page.getByRole('alert')).toContainText('This looks like a token')
    expect(await page.content()).not.toContain(fakeToken('admin'))
    await page.getByLabel('A note to your colleague').fill('You have the admin login.')
    await page.getByRole('button', { name: 'Pass it on' }).click()
    for (const address of [page.url(), link, `/connect/${connectionId}`]) {
      await page.goto(address)
      await expect(page.getByRole('heading', { name: 'You passed this on' })).toBeVisible()
      await expect(page.getByText('You handed this to Omar Haddad')).toBeVisible()
      await expect(page.getByRole('button')).toHaveCount(0)
    }
    const letter = await mailTo(colleague, /Jo First at Acme passes a Pipedrive task to you/)
    expect(letter).toContain('> You have the admin login.')
    await mailTo(MANAGER, /Handed over to Omar Haddad/)
    const theirs = await browser.newPage()
    await theirs.goto(linkIn(letter))
    await expect(theirs.getByRole('button', { name: 'Check and connect' })).toBeVisible()
    await theirs.close()
  })
})

test('another mail domain waits for the manager’s yes', async ({ page, browser }) => {
  const { email } = await ask({ name: 'Ann Asks' })
  const link = linkIn(await mailTo(email, /asks you/))
  await page.goto(link)
  await page.getByRole('link', { name: 'Somebody else manages Pipedrive' }).click()
  await expectGood(page)
  const outsider = `omar-${randomUUID().slice(0, 6)}@agency.example`
  await page.getByLabel('Your colleague’s name').fill('Omar Outside')
  await page.getByLabel('Your colleague’s work e-mail address').fill(outsider)
  await page.getByRole('button', { name: 'Pass it on' }).click()
  await expect(page.getByRole('heading', { name: 'Maria Lopez has to say yes' })).toBeVisible()
  await expectGood(page)
  await page.goto(link)
  await expectBadge(page, 'needs_manager', 'HAND_OVER_ASKED')

  const asked = await mailTo(MANAGER, /may Omar Outside take over/)
  const decision = /http:\/\/localhost:\d+\/hand-overs\/\w+/.exec(asked)?.[0] ?? ''
  const manager = await browser.newPage()
  await signIn(manager, 'account_manager', 'sam@northwind.example')
  await manager.goto(decision)
  await expectGood(manager)
  expect(mails.filter(({ to }) => to === outsider)).toEqual([])
  await manager.getByRole('link', { name: 'See the connection' }).click()
  await manager.getByRole('link', { name: 'Decide about the hand-over' }).click()
  await manager.getByRole('button', { name: 'Yes, send Omar Outside a link' }).click()
  await expect(manager.getByRole('status')).toContainText('has a link of their own')
  await manager.close()
  expect(linkIn(await mailTo(outsider, /Ann Asks at Acme/))).toContain('/l/')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'You passed this on' })).toBeVisible()
  await expectGood(page)
})

test('a question reaches the manager, who answers to the contact; a token in it is refused', async ({ page }) => {
  const { email } = await ask({ name: 'Quinn Asks' })
  await page.goto(linkIn(await mailTo(email, /asks you/)))
  await page.getByText('Ask Maria Lopez a question').click()
  const box = page.getByLabel('Your question to Maria Lopez')
  await box.fill(`Is this right? ${fakeToken('admin')}`)
  await page.getByRole('button', { name: 'Send the question' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'This looks like a token' })).toBeVisible()
  await expect(box).toHaveValue('')
  await box.fill('Which user <b>should</b> I take?')
  await page.getByRole('button', { name: 'Send the question' }).click()
  await expect(page.getByText('Your question is on its way')).toBeVisible()
  await expectGood(page)
  const question = await mailTo(MANAGER, /Quinn Asks asks about/)
  expect(question).toMatch(new RegExp(`^Reply-To: Quinn Asks <${email}>`, 'm'))
  expect(question).toContain('> Which user <b>should</b> I take?')
  expect(question).toContain('Which user &lt;b&gt;should&lt;/b&gt; I take?')
  expect(mails.some(({ source }) => source.includes(fakeToken('admin')))).toBe(false)
})

test('opening the stop address stops nothing; one press does, and so does a mail program', async ({
  page,
  request: http,
}) => {
  const [first, second] = [await ask({ name: 'Stop One' }), await ask({ name: 'Stop Two' })]
  const page1 = `${origin}/reminders/${await stopKeyOf(first.id, environment)}`
  for (const method of ['GET', 'HEAD', 'GET']) expect((await http.fetch(page1, { method })).status()).toBe(200)
  await page.goto(page1)
  await expect(page.getByRole('heading', { name: 'Stop reminders?' })).toBeVisible()
  await expectGood(page)
  await page.getByRole('button', { name: 'Stop reminders' }).click()
  await expect(page.getByRole('heading', { name: 'No more reminders' })).toBeVisible()

  const key = await stopKeyOf(second.id, environment)
  const oneClick = `${origin}/api/stop-reminders/${key}`
  expect((await http.get(oneClick, { maxRedirects: 0 })).headers().location).toBe(`/reminders/${key}`)
  const posted = await fetch(oneClick, {
    method: 'POST',
    body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
  })
  expect(posted.status).toBe(204)
  expect((await fetch(`${oneClick}x`, { method: 'POST' })).status).toBe(404)
  await page.goto(`/reminders/${key}`)
  await expect(page.getByRole('heading', { name: 'No more reminders' })).toBeVisible()
})

test('the admin’s look, sender and logo reach customers, and every letter arrives as a sample', async ({ page }) => {
  const { email } = await ask({ name: 'Lou Looks' })
  const link = linkIn(await mailTo(email, /asks you/))
  await signIn(page)
  await page.goto('/settings')
  await expectGood(page)
  await page.getByLabel('Colour of main buttons').fill('#ffcc00')
  await page.getByRole('button', { name: 'Save the look' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'has a contrast of 1.5' })).toBeVisible()
  await page.getByLabel('Colour of main buttons').fill('#7a1f5c')
  await page.getByLabel('Team name').fill('Northwind Ltd')
  await page.getByLabel('Support e-mail address').fill('help@northwind.example')
  await page.getByLabel('Support telephone').fill('+49 30 123456')
  await page.getByRole('button', { name: 'Save the look' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await chooseLogo(
    page,
    'logo.svg',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  )
  await expect(page.getByRole('alert').filter({ hasText: 'This SVG holds something' })).toBeVisible()
  await chooseLogo(page, 'logo.png', png(120, 40))
  await expect(page.getByText('The logo is saved.')).toBeVisible()
  await expectGood(page)
  await page.getByLabel('Sender name').fill('Northwind Onboarding')
  await page.getByLabel('Remind after so many days').fill('3, x')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'up to 5 whole numbers' })).toBeVisible()
  await page.getByLabel('Remind after so many days').fill('7 3')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByLabel('Remind after so many days')).toHaveValue('3, 7')

  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).fill('Acme')
  const letter = page.locator('.preview .letter')
  await expect(letter.getByRole('img', { name: 'Northwind Ltd' })).toBeVisible()
  await expect(letter.locator('.letter-button')).toHaveCSS('background-color', 'rgb(122, 31, 92)')
  await expect(page.getByRole('button', { name: 'Send request' })).not.toHaveCSS('background-color', 'rgb(122, 31, 92)')
  await expectGood(page)
  await page.goto('/settings')

  await page.getByRole('button', { name: 'Send me a test mail' }).click()
  const sample = await mailTo(MANAGER, /^Test mail of Northwind Ltd/)
  expect(sample).toMatch(/^From: Northwind Onboarding via Latchkey/m)
  expect(sample).toMatch(/<img src="http:\/\/localhost:\d+\/brand\/[0-9a-f]{32}"/)
  await page.getByRole('button', { name: 'Send me all letters as samples' }).click()
  await expect(page.getByText('letters are on their way')).toBeVisible()
  const samples = () => mails.filter(({ to, source }) => to === MANAGER && /^\[(EN|DE)\]/.test(subjectOf(source)))
  const samplesInAll = Number(/(\d+) letters/.exec((await page.textContent('main')) ?? '')?.[1])
  expect(samplesInAll).toBeGreaterThan(30)
  await expect.poll(() => samples().length, { timeout: 40_000 }).toBe(samplesInAll)

  await page.goto(link)
  await expect(page.getByRole('img', { name: 'Northwind Ltd' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Check and connect' })).toHaveCSS(
    'background-color',
    'rgb(122, 31, 92)',
  )
  await expect(page.getByText('Connections are handled by')).toBeVisible()
  await expect(page.getByRole('link', { name: 'help@northwind.example' })).toBeVisible()
  await expectGood(page)
  await page.getByRole('link', { name: 'Help and privacy' }).click()
  await expect(page.getByRole('link', { name: '+49 30 123456' })).toHaveAttribute('href', 'tel:+4930123456')
  await expectGood(page)

  const logo = await page.request.get(
    (await page.getByRole('img', { name: 'Northwind Ltd' }).getAttribute('src')) ?? '',
  )
  expect(logo.headers()['content-security-policy']).toContain('sandbox')
  expect(logo.headers()['content-type']).toBe('image/png')
  expect(logo.headers()['x-content-type-options']).toBe('nosniff')
  expect((await page.request.get('/brand-colour/ffcc00')).status()).toBe(404)
})

async function chooseLogo(page: Page, name: string, buffer: Buffer): Promise<void> {
  const mimeType = name.endsWith('.svg') ? 'image/svg+xml' : 'image/png'
  await page.getByLabel('Logo file').setInputFiles({ name, mimeType, buffer })
  await page.getByRole('button', { name: 'Use this logo' }).click()
}

/** One colour, as a real file: browsers look at the sums of its parts. */
function png(width: number, height: number): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc((width * 3 + 1) * height, 0x60)
  for (let row = 0; row < height; row++) rows[row * (width * 3 + 1)] = 0
  const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts])
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const frame = Buffer.alloc(8 + named.length)
  frame.writeUInt32BE(data.length, 0)
  named.copy(frame, 4)
  frame.writeUInt32BE(crc32(named), 4 + named.length)
  return frame
}

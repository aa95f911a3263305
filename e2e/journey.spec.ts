import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Locator, Page } from '@playwright/test'
import { PORT } from '../playwright.config.ts'
import { connect, expect, expectAccessible, expectBadge, fakeToken, test } from './fixtures.ts'
import { linkIn, mailPortal } from './mail-portal.ts'

/**
 * An installation as a company runs it, from the first sign-in to the check mark: a real mail server, a real company
 * sign-in, and a key provider that the last test breaks.
 */
const faultFile = path.resolve('.data/key-provider-fails')
const there = mailPortal('e2e-journey', PORT + 5, {
  company: true,
  settings: {
    NODE_OPTIONS: `--import ${new URL('key-fault.mjs', import.meta.url)}`,
    KEY_FAULT_FILE: faultFile,
  },
})
const { origin, mailTo } = there

test.describe.configure({ mode: 'serial', timeout: 600_000 })
test.use({ baseURL: origin })

const manager = { email: 'sam@northwind.example', name: 'Sam Okoye', role: 'account_manager' }
const support = { email: 'ines@northwind.example', name: 'Ines Wolf', role: 'support' }

test.beforeAll(async () => {
  test.setTimeout(900_000)
  rmSync(faultFile, { force: true })
  await there.start()
  for (const { email, name, role } of [manager, support])
    await there.operate('member', 'add', email, '--name', name, '--role', role)
})
test.afterAll(async () => {
  rmSync(faultFile, { force: true })
  await there.stop()
})

/** A browser of their own, signed in with the company's account. */
async function signedIn(browser: Browser, { email, name }: typeof manager, next: string): Promise<Page> {
  const page = await (await browser.newContext({ baseURL: origin })).newPage()
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
  await page.getByRole('link', { name: 'Sign in with your company account' }).click()
  await page.waitForURL(`${there.companyOrigin}/interaction/**`)
  await page.locator('input[name=login]').fill(email)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').click()
  await page.locator('form[action$=confirm] button, form button[type=submit]').first().click()
  await page.waitForURL(`${origin}${next}`)
  await expect(page.getByText(name).first()).toBeVisible()
  return page
}

/** Everything a person does to a page between two points, one by one. */
function counted() {
  const done: string[] = []
  return {
    done,
    fill: (field: Locator, text: string) => done.push('fill') && field.fill(text),
    choose: (field: Locator, value: string) => done.push('fill') && field.selectOption(value),
    click: (target: Locator) => done.push('click') && target.click(),
  }
}

test('manager, customer and support, each in a browser of their own', async ({ browser }) => {
  const customer = `jane-${randomUUID().slice(0, 6)}@acme.example`
  const managers = await signedIn(browser, manager, '/connections/new')
  const request = counted()
  await request.fill(managers.getByLabel('Customer', { exact: true }), 'Acme Journey')
  await request.fill(managers.getByLabel('Contact’s e-mail'), customer)
  await request.choose(managers.getByLabel('What the integration does').first(), 'two-way-crm')
  await request.click(managers.getByRole('button', { name: 'Send request' }))
  await expect(managers.getByRole('status').filter({ hasText: `Sent to ${customer}` })).toBeVisible()
  expect(request.done).toEqual(['fill', 'fill', 'fill', 'click'])

  const firstLetter = await mailTo(customer, /asks you to connect Pipedrive/)
  expect(firstLetter).toMatch(/^Reply-To: Sam Okoye <sam@northwind\.example>/m)
  const firstLink = linkIn(firstLetter)
  const customers = await (await browser.newContext({ baseURL: origin })).newPage()
  expect((await customers.goto(firstLink))?.status()).toBe(200)
  await expectBadge(customers, 'sent')

  const supporters = await signedIn(browser, support, '/support')
  await supporters.getByRole('textbox', { name: 'Look up a connection' }).fill(customer)
  await supporters.getByRole('button', { name: 'Find' }).click()
  await expect(supporters.getByRole('link', { name: /^Acme Journey/ }).first()).toBeVisible()
  const resend = counted()
  await resend.click(supporters.getByRole('link', { name: /Send again/ }))
  await resend.click(supporters.getByRole('button', { name: 'Send new link' }))
  await expect(supporters.getByText('A new link is on its way to')).toBeVisible()
  expect(resend.done).toEqual(['click', 'click'])

  const newLink = linkIn(await mailTo(customer, /Your new link/))
  expect(newLink).not.toBe(firstLink)
  expect((await customers.goto(firstLink))?.status()).toBe(410)
  await expectBadge(customers, 'replaced', 'LINK_REPLACED')
  expect((await customers.goto(newLink))?.status()).toBe(200)
  await connect(customers, { domain: 'e2e-1', token: fakeToken('admin@e2e-1') })
  await expectBadge(customers, 'connected', 'OK')

  await mailTo(customer, /Pipedrive is connected to/)
  await mailTo(manager.email, /^\[Acme Journey\] Connected/)
  await managers.goto('/connections')
  await expect(managers.getByRole('row', { name: /Acme Journey/ })).toContainText('Connected')
})

test('a letter that came back stands in the queue, and goes out again from there in two clicks', async ({
  browser,
}) => {
  const refused = `nobody-${randomUUID().slice(0, 6)}@acme.example`
  const argv = ['request', 'create', '--customer', 'Acme Bounced', '--email', refused, '--profile', 'two-way-crm']
  await there.operate(...argv)
  const page = await signedIn(browser, support, '/support')
  const row = page.getByRole('row', { name: /Acme Bounced/ })
  await expect(async () => {
    await page.reload()
    await expect(row).toBeVisible({ timeout: 1_000 })
  }).toPass({ timeout: 20_000 })
  const resend = counted()
  await resend.click(row.getByRole('link', { name: /Send again/ }))
  await resend.click(page.getByRole('button', { name: 'Send new link' }))
  await expect(page.getByText('A new link is on its way to')).toBeVisible()
  expect(resend.done).toEqual(['click', 'click'])
})

/** R15: the key provider fails while everything else works. */
test('without its key provider the portal refuses tokens, stores nothing, and everything else goes on', async ({
  page,
  browser,
}) => {
  const customer = `jane-${randomUUID().slice(0, 6)}@acme.example`
  const argv = ['request', 'create', '--customer', 'Acme', '--email', customer, '--profile', 'two-way-crm']
  const { link, connections } = (await there.operate(...argv, '--no-mail')) as {
    link: string
    connections: { id: string }[]
  }
  const staff = await signedIn(browser, manager, '/connections')

  writeFileSync(faultFile, '')
  expect((await page.goto(link))?.status()).toBe(200)
  await page.getByLabel('Name for this connection').fill('Acme north')
  await connect(page, { domain: 'e2e-2', token: fakeToken('admin@e2e-2') })
  await expect(page.locator('main [data-verdict=INTERNAL]')).toHaveCount(1)
  await expect(page.getByRole('heading', { name: 'We could not finish' })).toBeFocused()
  await expect(page.getByText('We stored nothing of this try.')).toBeVisible()
  await expect(page.getByText(/^Reference [0-9a-f]{8}$/)).toBeVisible()
  await expect(page.getByLabel('Name for this connection')).toHaveValue('Acme north')
  await expect(page.getByLabel('Personal API token')).toHaveValue(fakeToken('admin@e2e-2'))
  await expectAccessible(page)

  // Nobody was told that it worked, and no check was written down.
  await staff.goto(`/connections/${connections[0]?.id}`)
  await expectBadge(staff, 'visited')
  await expect(staff.getByText('Token sealed')).toHaveCount(0)
  expect(there.mails.filter(({ to }) => to === customer)).toEqual([])
  const other = await browser.newPage()
  expect((await other.goto(link))?.status()).toBe(200)
  await expectBadge(other, 'visited')

  rmSync(faultFile)
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
  await staff.reload()
  await expectBadge(staff, 'connected', 'OK')
  await expect(staff.getByText('Token sealed')).toBeVisible()
})

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { type VerdictCode, verdicts } from '../lib/providers/verdicts.ts'
import { connect, expect, expectBadge, fakeToken, mailsTo, portal, request, signIn, test } from './fixtures.ts'

/** Verdicts that no customer can meet, and why. Whatever makes one possible takes it out of here. */
const unmet = {
  LINK_DONE: 'a used link shows its receipt, with the verdict of the connection',
} as const satisfies Partial<Record<VerdictCode, string>>

/** Where a customer meets each of the others: in the test below, or in the spec that is named. */
const met: Record<Exclude<VerdictCode, keyof typeof unmet>, string | ((page: Page) => Promise<void>)> = {
  DOMAIN_MISSING: 'connect',
  DOMAIN_SHARED_HOST: 'connect',
  DOMAIN_FORMAT: (page) => type(page, { domain: 'jane@acme.com', token: fakeToken('admin') }),
  TOKEN_MISSING: (page) => type(page, { domain: 'acme', token: '' }),
  TOKEN_FORMAT: (page) => type(page, { domain: 'acme', token: 'jane@acme.com' }),
  START_DATE_INVALID: async (page) => {
    await type(page, { domain: 'acme', token: fakeToken('admin'), date: '2099-01-01' })
    await expect(page.getByRole('alert', { name: 'There is a problem' })).toContainText('this one is still to come')
    await page.getByLabel('Import records changed since').fill('1999-12-31')
    await page.getByRole('button', { name: 'Check and connect' }).click()
    await expect(page.getByRole('alert', { name: 'There is a problem' })).toContainText('1 January 2000 or a later day')
  },
  TOKEN_SAME_AS_BEFORE: 'watch',
  TOKEN_REJECTED: 'verify',
  COMPANY_MISMATCH: 'verify',
  WRONG_ACCOUNT: 'verify',
  USER_MISMATCH: giveTokenOfAnother,
  NOT_ADMIN: 'verify',
  LIMITED_ACCESS: 'verify',
  NO_DEALS_ACCESS: 'verify',
  USER_INACTIVE: 'verify',
  API_OFF_FOR_USER: 'verify',
  ACCOUNT_NOT_OPEN: 'verify',
  FEATURE_OFF: 'states',
  ALREADY_CONNECTED: 'verify',
  RATE_LIMITED: 'verify',
  DAILY_LIMIT: 'verify',
  PIPEDRIVE_MAINTENANCE: 'verify',
  PIPEDRIVE_DOWN: 'verify',
  CANNOT_REACH: 'outage',
  UNEXPECTED_ANSWER: 'verify',
  INTERNAL: 'outage',
  STOPPED_WORKING: 'watch',
  STILL_ALIVE: 'revoke',
  PROVEN_DEAD: 'revoke',
  OK: 'connect',
  HAND_OVER_ASKED: 'mail',
  HAND_OVER_REFUSED: refuseHandOver,
  LINK_EXPIRED: 'states',
  LINK_REVOKED: 'links',
  LINK_REPLACED: 'links',
  LINK_UNKNOWN: 'links',
  LINK_THROTTLED: 'verify',
}

test('every verdict that a customer can meet is met in a browser', () => {
  expect([...Object.keys(met), ...Object.keys(unmet)].sort()).toEqual(Object.keys(verdicts).sort())
  const nowhere = Object.entries(met).filter(([code, where]) => typeof where === 'string' && !isExpected(code, where))
  expect(nowhere).toEqual([])
})

/** Whether a spec looks for the verdict on a page. */
function isExpected(code: string, spec: string): boolean {
  const source = readFileSync(new URL(`./${spec}.spec.ts`, import.meta.url), 'utf8')
  return new RegExp(`'${code}'|data-verdict=${code}\\b`).test(source)
}

for (const [code, meet] of Object.entries(met)) {
  if (typeof meet === 'string') continue
  test(`${code} is met`, async ({ page }) => {
    await meet(page)
    await expect(page.locator(`main [data-verdict=${code}]`)).toHaveCount(1)
  })
}

async function type(page: Page, typed: { domain: string; token: string; date?: string }): Promise<void> {
  const { link } = await request({ profile: 'read-only-sync' })
  await page.goto(link)
  await connect(page, { date: '2024-05-01', ...typed })
  await expect(page.getByRole('alert', { name: 'There is a problem' })).toBeFocused()
}

/** The team asks for a new token in place of one that was seen, and a colleague gives theirs. */
async function giveTokenOfAnother(page: Page): Promise<void> {
  test.slow()
  const email = `mismatch-${randomUUID().slice(0, 8)}@acme.example`
  const { link, connections } = await request({ email })
  await page.goto(link)
  await connect(page, { domain: 'e2e-56', token: fakeToken('admin@e2e-56') })
  await page.waitForURL('**/done')
  const manager = await page.context().newPage()
  await signIn(manager, 'account_manager')
  await manager.goto(`/connections/${connections[0]?.id}?do=rotate`)
  await manager.getByLabel('Why').fill('It came by mail')
  await manager.getByRole('dialog').getByRole('button', { name: 'Ask for a new token' }).click()
  await expect(manager.getByRole('dialog')).toHaveCount(0)
  await manager.close()
  const links = () => mailsTo(email).flatMap(({ text }) => /http:\S+\/l\/\S+/.exec(text)?.[0] ?? [])
  await expect.poll(() => links().length).toBe(1)
  await page.goto(links()[0] ?? '')
  await page.getByLabel('Personal API token').fill(fakeToken('regular@e2e-56'))
  await page.getByRole('button', { name: 'Check and connect' }).click()
}

/** The manager says no to a colleague outside the company: it is the contact's turn again. */
async function refuseHandOver(page: Page): Promise<void> {
  test.slow()
  const owner = `owner-${randomUUID().slice(0, 8)}@northwind.example`
  await portal('member', 'add', owner, '--name', 'Olga Owner', '--role', 'account_manager')
  const { link } = await request({ owner })
  await page.goto(link)
  await page.getByRole('link', { name: 'Somebody else manages Pipedrive' }).click()
  await page.getByLabel('Your colleague’s name').fill('Omar Outside')
  await page.getByLabel('Your colleague’s work e-mail address').fill('omar@agency.example')
  await page.getByRole('button', { name: 'Pass it on' }).click()
  await expect(page.getByRole('heading', { name: 'Olga Owner has to say yes' })).toBeVisible()
  await expect.poll(() => mailsTo(owner).length).toBe(1)
  const decision = /http:\S+\/hand-overs\/\w+/.exec(mailsTo(owner)[0]?.text ?? '')?.[0] ?? ''

  const manager = await page.context().newPage()
  await signIn(manager, 'account_manager', owner)
  await manager.goto(decision)
  await manager.getByText('Say no').click()
  await manager.getByLabel('Why not').fill('We do not know them.')
  await manager.getByRole('button', { name: /^No, keep/ }).click()
  await expect(manager.getByText('You said no on')).toBeVisible()
  await manager.close()
  await page.goto(link)
  await expectBadge(page, 'needs_customer', 'HAND_OVER_REFUSED')
}

import type { Page } from '@playwright/test'
import { Webhook } from 'standardwebhooks'
import type { Receiver } from '../lib/testing/receiver.ts'
import { startReceiver } from '../lib/testing/receiver.ts'
import { expect, expectAccessible, portal, signIn, test } from './fixtures.ts'

let receiver: Receiver
test.beforeEach(async () => {
  receiver = await startReceiver()
})
test.afterEach(() => receiver.down())

type Said = { id: string; type: string }

/**
 * The newest message with this text in it, once there are so many, checked with the library that receivers use. Other
 * tests make things happen in the same team, so that more arrives than this one caused.
 */
async function message(text: string, count: number, ...secrets: string[]): Promise<Said> {
  const fitting = () => receiver.received.filter(({ body }) => body.includes(text))
  await expect.poll(() => fitting().length, { timeout: 15_000 }).toBe(count)
  const newest = fitting().at(-1)
  const said = secrets.map((secret) => new Webhook(secret).verify(newest?.body ?? '', newest?.headers ?? {}) as Said)
  expect(newest?.id).toBe(said[0]?.id)
  return said[0] as Said
}

/** A request whose link is out at once. Answers its connection. */
async function somethingHappens(...more: string[]): Promise<string> {
  const contact = ['--customer', 'Hooks AG', '--email', 'lea@hooks.example', '--no-mail']
  const asked = await portal('request', 'create', ...contact, ...more)
  return (asked as { connections: { id: string }[] }).connections[0]?.id ?? ''
}

const shownSecret = async (page: Page) => (await page.locator('blockquote').innerText()).trim()
const row = (page: Page, id: string) => page.locator(`tr[data-message="${id}"]`)

/** The job sends within a second or two; the page is read again until it shows it. */
async function expectRow(page: Page, id: string, text: string): Promise<void> {
  await expect(async () => {
    await page.reload()
    await expect(row(page, id)).toContainText(text, { timeout: 1_000 })
  }).toPass({ timeout: 20_000 })
}

test('an admin has a system told: test, log, replay, new secret, off and on, and its end', async ({ page }) => {
  test.setTimeout(120_000)
  const name = `Sync ${Date.now()}`
  await signIn(page, 'admin')
  await page.goto('/settings')
  await page.getByRole('link', { name: 'Webhooks' }).click()
  await page.getByRole('link', { name: 'New webhook' }).click()
  await page.getByLabel('Address').fill('http://hooks.example.com/')
  await page.getByLabel('Only some events').check()
  await page.getByRole('button', { name: 'Make the webhook' }).click()
  const problem = page.locator('main').getByRole('alert').first()
  await expect(problem).toContainText('Write a name')
  await expect(problem).toContainText('starts with https://')
  await expect(problem).toContainText('Tick at least one kind')
  await expectAccessible(page)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Address').fill(receiver.url)
  await page.getByLabel('Every event').check()
  await page.getByRole('button', { name: 'Make the webhook' }).click()
  await expect(page.getByRole('heading', { name: `Copy the secret of “${name}” now` })).toBeVisible()
  const first = await shownSecret(page)
  expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  await expectAccessible(page)

  await page.getByRole('link', { name: 'Open the webhook' }).click()
  await expect(page.getByText('Nothing was sent yet.')).toBeVisible()
  expect(await page.content()).not.toContain(first)
  await page.getByRole('button', { name: 'Send a test message' }).click()
  await expect(page.getByText('A test message is on its way.')).toBeVisible()
  const tried = await message('"type":"test"', 1, first)
  expect(tried.type).toBe('test')
  await expectRow(page, tried.id, 'Answered 204')

  const asked = await somethingHappens()
  const told = await message(asked, 1, first)
  expect(told.type).toBe('request.sent')
  await expectRow(page, told.id, 'Delivered')
  await expectAccessible(page)
  await row(page, told.id).getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByText('It is sent again, with the same id.')).toBeVisible()
  expect((await message(asked, 2, first)).id).toBe(told.id)

  await page.getByRole('link', { name: 'Replace the secret' }).click()
  await page.getByLabel('Hours that the secret before is used as well').fill('900')
  await page.getByRole('button', { name: 'Make a new secret' }).click()
  await expect(page.getByText('Write a whole number from 0 to 168.')).toBeVisible()
  await page.getByLabel('Hours that the secret before is used as well').fill('24')
  await page.getByRole('button', { name: 'Make a new secret' }).click()
  await expect(page.getByRole('heading', { name: 'Copy the new secret now' })).toBeVisible()
  const second = await shownSecret(page)
  await page.getByRole('link', { name: 'Done' }).click()
  await expect(page.getByText(/^Two until /)).toBeVisible()
  await message(await somethingHappens(), 1, second, first)

  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await expect(page.getByLabel('Every event')).toBeChecked()
  await page.getByLabel('Address').fill('https://10.0.0.8/hooks')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.locator('main').getByRole('alert').first()).toContainText('not inside a private network')
  await expectAccessible(page)
  const moved = await startReceiver()
  await page.getByLabel('Name', { exact: true }).fill(`${name}, moved`)
  await page.getByLabel('Address').fill(moved.url)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('It is changed.')).toBeVisible()
  await expect(page.getByRole('heading', { name: `${name}, moved` })).toBeVisible()
  await page.getByRole('button', { name: 'Send a test message' }).click()
  await expect.poll(() => moved.received.length, { timeout: 15_000 }).toBe(1)
  new Webhook(second).verify(moved.received[0]?.body ?? '', moved.received[0]?.headers ?? {})
  await page.goto('/audit')
  const change = page.getByRole('row', { name: 'Webhook changed' }).first()
  await expect(change).toContainText(`from: ${new URL(receiver.url).host} · to: ${new URL(moved.url).host}`)
  await page.goBack()
  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Address').fill(receiver.url)
  await page.getByText('Limits', { exact: true }).click()
  const ours = page.locator('input[name=profiles][value=two-way-crm]')
  await ours.check()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('It is changed.')).toBeVisible()
  await expect(page.locator('dl')).toContainText('Two-way CRM integration')
  await moved.down()
  const unheard = await somethingHappens()
  await message(await somethingHappens('--profile', 'two-way-crm'), 1, second)
  expect(receiver.received.filter(({ body }) => body.includes(unheard))).toEqual([])
  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await ours.uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.locator('dl')).toContainText('Connections of every profile')

  await page.getByRole('link', { name: 'Switch off' }).click()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByText('It is off. What happens is kept for it.')).toBeVisible()
  const kept = await somethingHappens()
  await expect(async () => {
    await page.reload()
    await expect(page.locator('tr', { hasText: kept })).toContainText('Waits until the webhook is on', {
      timeout: 1_000,
    })
  }).toPass({ timeout: 20_000 })
  await expect(page.getByText(/^\d+ messages? waits? until it is switched on/)).toBeVisible()
  expect(receiver.received.filter(({ body }) => body.includes(kept))).toEqual([])
  await page.getByRole('button', { name: 'Switch on' }).click()
  await expect(page.getByText('It is on. What was kept is sent now.')).toBeVisible()
  await message(kept, 1, second)

  await page.goto('/settings/webhooks')
  await expect(page.getByRole('row', { name })).toContainText('Everything')
  await expectAccessible(page)
  await page.getByRole('link', { name }).click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await page.getByLabel('Type its name').fill('Another')
  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('This is not its name.')).toBeVisible()
  await page.getByLabel('Type its name').fill(name)
  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('The webhook was deleted.')).toBeVisible()
  await expect(page.getByRole('link', { name })).toHaveCount(0)
})

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false })

  test('a webhook is made, tried, sent again, changed, switched off and deleted', async ({ page }) => {
    test.setTimeout(90_000)
    const name = `Plain ${Date.now()}`
    await signIn(page, 'admin')
    await page.goto('/settings/webhooks/new')
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByLabel('Address').fill(receiver.url)
    await page.getByLabel('Only some events').check()
    await page.getByLabel('request.sent').check()
    await page.getByRole('button', { name: 'Make the webhook' }).click()
    const secret = await shownSecret(page)
    await page.getByRole('link', { name: 'Open the webhook' }).click()
    await page.getByRole('button', { name: 'Send a test message' }).click()
    const tried = await message('"type":"test"', 1, secret)
    await expectRow(page, tried.id, 'Answered 204')
    const asked = await somethingHappens()
    const told = await message(asked, 1, secret)
    await expectRow(page, told.id, 'Delivered')
    await row(page, told.id).getByRole('button', { name: 'Send again' }).click()
    expect((await message(asked, 2, secret)).id).toBe(told.id)
    await page.getByRole('link', { name: 'Change', exact: true }).click()
    await expect(page.getByLabel('request.sent')).toBeChecked()
    await page.getByLabel('request.sent').uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('main').getByRole('alert').first()).toContainText('Tick at least one kind')
    await page.getByLabel('connection.ready').check()
    await page.getByText('Limits', { exact: true }).click()
    await page.getByLabel('Read-only sync').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('It is changed.')).toBeVisible()
    await expect(page.locator('dl')).toContainText('connection.ready')
    await expect(page.locator('dl')).toContainText('Read-only sync')
    await row(page, told.id).getByRole('button', { name: 'Send again' }).click()
    await expect(page.getByText('This webhook is not told of it any more.')).toBeVisible()
    await page.getByRole('link', { name: 'Switch off' }).click()
    await page.getByRole('button', { name: 'Switch off' }).click()
    await page.getByRole('link', { name: 'Delete' }).click()
    await page.getByLabel('Type its name').fill(name)
    await page.getByRole('button', { name: 'Delete' }).click()
    await expect(page.getByText('The webhook was deleted.')).toBeVisible()
  })
})

test('the command line makes a webhook, tries it, changes it, replaces its secret and switches it', async () => {
  const made = (await portal('webhook', 'add', '--url', receiver.url, '--events', 'connection.ready')) as {
    id: string
    secret: string
  }
  await portal('webhook', 'test', made.id)
  await message('"type":"test"', 1, made.secret)
  const rolled = (await portal('webhook', 'roll', made.id, '--overlap-hours', '1')) as { secret: string }
  await portal('webhook', 'test', made.id)
  await message('"type":"test"', 2, made.secret, rolled.secret)
  expect(await portal('webhook', 'disable', made.id)).toEqual({ id: made.id, on: false })
  expect(await portal('webhook', 'enable', made.id)).toEqual({ id: made.id, on: true })
  const { webhooks } = (await portal('webhook', 'list')) as { webhooks: { id: string; eventTypes: string[] }[] }
  expect(webhooks.find(({ id }) => id === made.id)?.eventTypes).toEqual(['connection.ready'])
  expect(
    await portal('webhook', 'change', made.id, '--name', 'Renamed', '--events', 'all', '--profiles', 'read-only-sync'),
  ).toEqual({
    id: made.id,
    name: 'Renamed',
    eventTypes: null,
    profiles: ['read-only-sync'],
  })
  expect(JSON.stringify(webhooks)).not.toContain('whsec_')
  await portal('webhook', 'disable', made.id)
})

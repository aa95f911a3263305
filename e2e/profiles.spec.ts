import { expect } from '@playwright/test'
import { portal, signIn, test } from './fixtures.ts'

const freshKey = () => `shop-${crypto.randomUUID().slice(0, 8)}`

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled })

    test('a changed profile changes what the customer reads', async ({ page }) => {
      test.slow()
      const key = freshKey()
      await signIn(page, 'admin')
      await page.goto('/profiles/new')
      await page.getByLabel('Key').fill(key)
      const english = page.getByRole('group', { name: 'In English' })
      await english.getByLabel('Name', { exact: true }).fill('Shop orders')
      await english.getByLabel('Purpose').fill('Orders of your shop become deals.')
      await page.getByLabel('Read deals').check()
      await page.getByLabel('Add deals').check()
      await page.getByRole('button', { name: 'Create profile' }).click()
      await expect(page.getByRole('status')).toContainText('ready for new requests')

      const { link } = (await portal(
        'request',
        'create',
        '--customer',
        'Acme',
        '--email',
        'jane@acme.example',
        '--profile',
        key,
        '--no-mail',
      )) as { link: string }
      await page.goto(link)
      await page.waitForURL('**/connect/**')
      const connectPage = page.url()
      await expect(page.getByText('Orders of your shop become deals.')).toBeVisible()
      await expect(page.getByText(/reads your deals\. It adds deals\. It never deletes a record\./)).toBeVisible()
      await expect(page.getByLabel(/Import records changed since/)).toBeVisible()

      await page.goto(`/profiles/${key}`)
      await expect(page.getByText(/One connection has this profile/)).toBeVisible()
      await page.getByLabel('Edit deals').check()
      await page.getByLabel('Do not ask').check()
      await page.getByLabel(/must belong to an admin/).check()
      await page.getByRole('button', { name: 'Save profile' }).click()
      await expect(page.getByRole('status')).toContainText('The profile is changed')
      await page.goto(connectPage)
      await expect(page.getByText(/It adds and edits deals\./)).toBeVisible()
      await expect(page.getByText('a Pipedrive login with admin rights')).toBeVisible()
      await expect(page.getByLabel(/Import records changed since/)).toHaveCount(0)
    })

    test('a disabled profile is no longer offered, and comes back', async ({ page }) => {
      const key = freshKey()
      await signIn(page, 'admin')
      await page.goto('/profiles/new?copy=two-way-crm')
      await page.getByLabel('Key').fill(key)
      await page.getByRole('group', { name: 'In English' }).getByLabel('Purpose').fill('A copy.')
      await page.getByRole('button', { name: 'Create profile' }).click()
      const row = page.getByRole('row').filter({ hasText: key })
      await row.getByRole('link', { name: /^Disable/ }).click()
      await page.getByRole('button', { name: /^Disable/ }).click()
      await expect(row).toContainText('Disabled')
      await page.goto('/connections/new')
      await expect(page.locator(`option[value="${key}"]`)).toHaveCount(0)
      await page.goto('/profiles')
      await row.getByRole('button', { name: /^Enable/ }).click()
      await page.goto('/connections/new')
      await expect(page.locator(`option[value="${key}"]`).first()).toBeAttached()
    })

    test('faults are told at their fields', async ({ page }) => {
      await signIn(page, 'admin')
      await page.goto('/profiles/new')
      await page.getByLabel('Key').fill('Not A Key')
      await page.getByRole('button', { name: 'Create profile' }).click()
      await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' }).getByRole('link')).toHaveText([
        /Write the key in small letters/,
        /Give a name and a purpose/,
        /Choose at least one right/,
      ])
      await expect(page.getByLabel('Key')).toHaveValue('Not A Key')
    })
  })

test('what the customer reads follows what is typed', async ({ page }) => {
  await signIn(page, 'admin')
  await page.goto('/profiles/new')
  const reads = page.getByRole('region', { name: 'What the customer reads' })
  await page.getByLabel('Read activities').check()
  await page.getByLabel('Create webhooks').check()
  await expect(reads).toContainText('reads your activities. The only thing it creates is webhooks')
  await expect(reads).toContainText('liest Ihre Aktivitäten. Angelegt werden nur Webhooks')
})

test('an account manager looks at profiles and cannot change them', async ({ page }) => {
  await signIn(page, 'account_manager')
  await page.goto('/profiles/read-only-sync')
  await expect(page.getByText('Only an admin changes profiles.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save profile' })).toHaveCount(0)
  expect((await page.goto('/profiles/new'))?.status()).toBe(403)
  expect((await page.goto('/profiles/read-only-sync/disable'))?.status()).toBe(403)
})

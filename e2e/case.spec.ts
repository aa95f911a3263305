import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { connect, expect, fakeToken, mailsTo, request, signIn, test } from './fixtures.ts'

type Requested = Awaited<ReturnType<typeof request>>

const idOf = ({ connections }: Requested) => connections[0]?.id ?? ''
const keyOf = (link: string) => link.slice(link.lastIndexOf('/') + 1)

/** What support types or pastes into the one box. */
async function lookUp(page: Page, text: string): Promise<void> {
  await page.goto('/support')
  await page.getByRole('textbox', { name: 'Look up a connection' }).fill(text)
  await page.getByRole('button', { name: 'Find' }).click()
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled })
    test.slow()

    test('support finds a pasted link and sends a new one in two clicks; the link is never shown', async ({ page }) => {
      const email = `resend-${javaScriptEnabled}@acme.example`
      const asked = await request({ email, customer: `Resend ${javaScriptEnabled}` })
      const addresses: string[] = []
      page.on('request', (sent) => addresses.push(sent.url()))
      await signIn(page, 'support')
      await lookUp(page, asked.link)
      await expect(page.getByText('The link belongs to this connection')).toBeVisible()
      expect(await page.content()).not.toContain(keyOf(asked.link))

      await page.getByRole('link', { name: /Send again/ }).click()
      await page.getByRole('button', { name: 'Send new link' }).click()
      await expect(page.getByText('A new link is on its way to Jane Miller.')).toBeVisible()
      await expect.poll(() => mailsTo(email).length).toBe(1)
      expect(addresses.filter((address) => address.includes(keyOf(asked.link)))).toEqual([])
      const old = await page.request.get(asked.link)
      expect(old.status()).toBe(410)
    })

    test('a link that is copied once works in another browser, and a reload shows it no more', async ({
      page,
      browser,
    }) => {
      const asked = await request({ customer: `Copy ${javaScriptEnabled}` })
      await signIn(page, 'account_manager')
      await page.goto(`/connections/${idOf(asked)}?do=copy`)
      await page.getByRole('button', { name: 'Show the address' }).click()
      await expect(page.getByText('Send this only to Jane Miller (jane@acme.example)')).toBeVisible()
      const address = (await page.getByText(/\/l\/[\w-]{43}$/).textContent()) ?? ''
      expect(page.url()).not.toContain('/l/')
      const other = await browser.newContext()
      const theirs = await other.newPage()
      await theirs.goto(address)
      await expect(theirs.getByRole('button', { name: 'Check and connect' })).toBeVisible()
      await other.close()
      await page.goto(`/connections/${idOf(asked)}`)
      await expect(page.getByText('Link copied once')).toBeVisible()
      expect(await page.content()).not.toContain(keyOf(address))
    })

    test('revoking names whose link it is, wants a reason and starts on Cancel', async ({ page }) => {
      const asked = await request({ customer: `Revoke ${javaScriptEnabled}` })
      await signIn(page, 'support')
      await page.goto(`/support/${idOf(asked)}`)
      await page.getByRole('link', { name: 'Revoke', exact: true }).click()
      const dialog = page.getByRole('dialog', {
        name: `Revoke the link of Jane Miller at Revoke ${javaScriptEnabled}?`,
      })
      await expect(dialog).toBeVisible()
      await expect(dialog.getByRole('link', { name: 'Cancel' })).toBeFocused()
      await dialog.getByRole('button', { name: 'Revoke link' }).click()
      await expect(dialog.getByText('Say why. It is kept in the audit log.')).toBeVisible()
      await dialog.getByLabel('Why').fill('Jane left the company')
      await dialog.getByRole('button', { name: 'Revoke link' }).click()
      await expect(page.getByText('The link is revoked.')).toBeVisible()
      await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'revoked')
      await expect(page.getByText('Reason: Jane left the company')).toBeVisible()
      expect((await page.request.get(asked.link)).status()).toBe(410)
    })

    test('a corrected address gets the new link, and what was typed wrong stays to be mended', async ({ page }) => {
      const email = `corrected-${javaScriptEnabled}@acme.example`
      const asked = await request({ customer: `Correct ${javaScriptEnabled}` })
      await signIn(page, 'account_manager')
      await page.goto(`/connections/${idOf(asked)}?do=address`)
      await page.getByLabel('E-mail address').fill('jane at acme')
      await page.getByRole('button', { name: 'Save and send new link' }).click()
      await expect(page.getByText('That is not an e-mail address. It looks like jane@example.com.')).toBeVisible()
      await expect(page.getByLabel('E-mail address')).toHaveValue('jane at acme')
      await page.getByLabel('E-mail address').fill(email)
      await page.getByRole('button', { name: 'Save and send new link' }).click()
      await expect(page.getByText('The address is corrected, and a new link is on its way')).toBeVisible()
      await expect.poll(() => mailsTo(email).length).toBe(1)
    })
  })
}

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? 'a proposal, with JavaScript' : 'a proposal, without JavaScript', () => {
    test.use({ javaScriptEnabled })
    test.slow()

    test('support proposes an address; a manager says no, then yes, and only then a link goes there', async ({
      page,
      browser,
    }) => {
      const asked = await request({ customer: `Propose ${javaScriptEnabled}` })
      const email = `proposed-${javaScriptEnabled}@new.example`
      const context = await browser.newContext({ javaScriptEnabled })
      const managers = await context.newPage()
      await signIn(managers, 'account_manager')
      await signIn(page, 'support')
      const propose = async (reason: string) => {
        await page.goto(`/support/${idOf(asked)}`)
        await expect(page.getByRole('link', { name: 'Correct the address' })).toHaveCount(0)
        await page.getByRole('link', { name: 'Propose another address' }).click()
        await page.getByLabel('Name of the contact').fill('Jane New')
        await page.getByLabel('E-mail address').fill(email)
        await page.getByRole('button', { name: 'Send the proposal' }).click()
        await expect(page.getByText('Say why. It is kept in the audit log.')).toBeVisible()
        await page.getByLabel('Why').fill(reason)
        await page.getByRole('button', { name: 'Send the proposal' }).click()
        await expect(page.getByText('The account manager is asked by mail.')).toBeVisible()
        await expect(page.getByRole('heading', { name: `Ines Wolf proposes Jane New (${email})` })).toBeVisible()
        await expect(page.getByRole('link', { name: 'Yes, use it and send a new link' })).toHaveCount(0)
      }

      await propose('She told me on the phone')
      await expect(page.getByText(/Letter “Proposal of another address” to/).first()).toBeVisible()
      await managers.goto(`/connections/${idOf(asked)}`)
      await expect(managers.getByText('She told me on the phone').first()).toBeVisible()
      await managers.getByRole('link', { name: 'No', exact: true }).click()
      await managers.getByRole('button', { name: 'No, keep Jane Miller' }).click()
      await expect(managers.getByText('The contact stays Jane Miller.')).toBeVisible()
      await expect(managers.getByRole('heading', { name: /proposes/ })).toHaveCount(0)
      expect(mailsTo(email)).toEqual([])

      await propose('She has written it down')
      await managers.goto(`/connections/${idOf(asked)}`)
      await managers.getByRole('link', { name: 'Yes, use it and send a new link' }).click()
      await managers.getByRole('button', { name: 'Yes, use it and send a new link' }).click()
      await expect(
        managers.getByText('The address is corrected, and a new link is on its way to Jane New'),
      ).toBeVisible()
      await expect.poll(() => mailsTo(email).length).toBe(1)
      expect((await page.request.get(asked.link)).status()).toBe(410)
      await context.close()
    })
  })

test('Escape leaves a dialog, and the focus is where it came from', async ({ page }) => {
  test.slow()
  const asked = await request()
  await signIn(page, 'account_manager')
  await page.goto(`/connections/${idOf(asked)}`)
  await page.getByRole('link', { name: 'Extend', exact: true }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.waitForURL('**#do-extend')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('link', { name: 'Extend', exact: true }).click()
  await page.getByLabel('Days from now').fill('61')
  await page.getByRole('button', { name: 'Extend link' }).click()
  await expect(page.getByText('Enter a number from 1 to 60.')).toBeVisible()
  await page.getByLabel('Days from now').fill('60')
  await page.getByRole('button', { name: 'Extend link' }).click()
  await expect(page.getByText('The link lives longer now.')).toBeVisible()
})

test('two connections with one token: the team says yes, and the customer is connected', async ({ page, browser }) => {
  test.slow()
  const customer = await browser.newContext()
  const theirs = await customer.newPage()
  const asked = [await request({ customer: 'Twin one' }), await request({ customer: 'Twin two' })]
  for (const { link } of asked) {
    await theirs.goto(link)
    await connect(theirs, { domain: 'e2e-50', token: fakeToken('admin@e2e-50') })
    await expect(theirs.locator('main [data-verdict]')).toBeVisible()
  }
  await customer.close()
  await signIn(page, 'account_manager')
  await page.goto(`/connections/${idOf(asked[1] as Requested)}`)
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-verdict', 'ALREADY_CONNECTED')
  await page.getByRole('link', { name: 'Both are wanted' }).click()
  await page.getByRole('button', { name: 'Both are wanted' }).click()
  await expect(page.getByText('Decided. The customer hears of it by mail.')).toBeVisible()
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'connected')
  await expect(page.getByRole('row', { name: /Read deals/ })).toContainText('Yes')
  await expect(page.getByRole('region', { name: 'Access log' })).toContainText('Check after the team said yes')
})

test('what Pipedrive answered oddly stands in the queue; its case shows calls, reply and the customer’s page', async ({
  page,
  browser,
}) => {
  test.slow()
  const customer = await browser.newContext()
  const theirs = await customer.newPage()
  const asked = await request({ customer: 'Odd answers', language: 'de' })
  await theirs.goto(asked.link)
  await theirs.getByLabel('Ihre Pipedrive-Adresse').fill('acme')
  await theirs.getByLabel('Persönliches API-Token').fill(fakeToken('html-200'))
  await theirs.getByRole('button', { name: 'Prüfen und verbinden' }).click()
  await expect(theirs.locator('main [data-verdict]')).toHaveAttribute('data-verdict', 'UNEXPECTED_ANSWER')
  await customer.close()

  await signIn(page, 'support')
  await page.goto('/support')
  await expect(page.getByRole('row', { name: /Odd answers/ })).toContainText('We cannot check with Pipedrive')
  await page.getByRole('link', { name: 'Odd answers' }).click()
  await expect(page.getByText('Pipedrive answered in a way we do not know').first()).toBeVisible()
  await expect(page.getByText('Guten Tag Jane Miller,')).toBeVisible()
  await expect(page.getByText(/users\/me.*: 200, \d+ ms/).first()).toBeAttached()
  await expect(page.getByText(/Link fetched once/)).toBeVisible()

  await page.getByRole('link', { name: 'What the customer sees' }).click()
  await expect(page.getByRole('heading', { name: 'Wir bringen das für Sie zu Ende' })).toBeVisible()
})

test('the customer’s form is shown to support with every control switched off', async ({ page }) => {
  const asked = await request({ customer: 'Shown' })
  await signIn(page, 'support')
  await page.goto(`/preview/${idOf(asked)}`)
  await expect(page.getByRole('button', { name: 'Check and connect' })).toBeDisabled()
  await expect(page.getByLabel('Personal API token')).toBeDisabled()
  await page.mouse.click(300, 300)
  await page.goto(`/support/${idOf(asked)}`)
  await expect(page.getByText('Not yet. Mail scanners')).toBeVisible()
  await expect(page.locator('main [data-status]')).toHaveAttribute('data-status', 'sent')
})

test('an admin filters and exports the audit log; both are written down', async ({ page }) => {
  test.slow()
  const asked = await request({ customer: '=HYPERLINK("http://evil.example")' })
  await signIn(page, 'admin')
  await page.goto(`/connections/${idOf(asked)}?do=revoke`)
  await page.getByLabel('Why').fill('=1+1, "quoted"')
  await page.getByRole('button', { name: 'Revoke link' }).click()
  await expect(page.getByText('The link is revoked.')).toBeVisible()

  await page.goto('/audit')
  await page.getByLabel('Action').selectOption('link.revoked')
  await page.getByLabel('Connection or other id').fill(asked.id)
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.locator('tbody tr')).toHaveCount(1)
  await expect(page.locator('tbody tr')).toContainText('=1+1, "quoted"')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export as CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.csv$/)
  const text = readFileSync(await file.path(), 'utf8')
  expect(text.split('\r\n')).toHaveLength(3)
  expect(text).toContain(`link.revoked,${asked.id},done,"'=1+1, ""quoted""",`)

  await page.goto('/audit?action=audit.exported')
  await expect(page.locator('tbody tr').first()).toContainText('Maria Lopez')
  await page.goto('/audit?action=audit.viewed')
  await expect(page.locator('tbody tr').first()).toContainText('Audit log looked at')
})

import type { Page } from '@playwright/test'
import { expect } from '@playwright/test'
import { mailsTo, portal, signIn, test } from './fixtures.ts'

/** A mailbox that no other test knows. */
const mailbox = (name: string) => `${name}@c-${crypto.randomUUID().slice(0, 8)}.example`
/** A member of their own for each test: what somebody began is kept for them. */
const signInAlone = (page: Page) =>
  signIn(page, 'account_manager', `sam-${crypto.randomUUID().slice(0, 8)}@northwind.example`)
const uniqueCustomer = (name: string) => `${name} ${crypto.randomUUID().slice(0, 6)}`

async function fill(
  page: Page,
  { customer, email, profile = 'two-way-crm' }: { customer: string; email: string; profile?: string },
) {
  await page.getByLabel('Customer', { exact: true }).fill(customer)
  await page.getByLabel('Contact’s e-mail').fill(email)
  await page.getByLabel('What the integration does').first().selectOption(profile)
}

async function expectMail(address: string) {
  await expect.poll(() => mailsTo(address).length).toBe(1)
  return mailsTo(address)[0]
}

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled })

    test('an account manager sends a request with three fields', async ({ page }) => {
      await signInAlone(page)
      await page.goto('/connections/new')
      const email = mailbox('jane.miller')
      const customer = uniqueCustomer('Acme')
      await fill(page, { customer, email })
      await page.getByRole('button', { name: 'Send request' }).click()
      await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
      expect(new URL(page.url()).pathname).toMatch(/^\/connections\/con_\w+$/)
      await expect(page.getByRole('heading', { level: 1 })).toContainText(customer)
      await page.getByRole('link', { name: 'Ask another customer' }).click()
      await expect(page.getByLabel('Customer', { exact: true })).toHaveValue('')
      await expect(page.getByText('You began a request')).toHaveCount(0)
      const mail = await expectMail(email)
      expect(mail?.text).toContain('Two-way CRM integration')
      expect(mail?.text).toContain(customer)
    })

    test('mail and page are shown before anything is sent', async ({ page }) => {
      await signInAlone(page)
      await page.goto('/connections/new')
      const email = mailbox('info')
      await fill(page, { customer: 'Globex', email, profile: 'full-setup' })
      await page.getByRole('button', { name: 'Preview' }).last().click()
      const preview = page.getByRole('region', { name: 'What the customer gets' })
      await expect(preview).toContainText('Connect Globex’s Pipedrive to')
      const letter = preview.locator('.letter')
      await expect(letter).toContainText('Hello Globex,')
      await expect(letter.getByText('Open the secure link')).toHaveCSS('color', 'rgb(255, 255, 255)')
      await expect(letter.getByRole('link')).toHaveCount(0)
      await expect(preview.locator('.preview-text')).toBeHidden()
      await preview.getByText('The same as plain text').click()
      await expect(preview.locator('.preview-text')).toContainText('Hello Globex,')
      await expect(preview).toContainText('a Pipedrive login with admin rights')
      expect(mailsTo(email)).toEqual([])
    })

    test('faults are told at their fields, and nothing typed is lost', async ({ page }) => {
      await signInAlone(page)
      await page.goto('/connections/new')
      await fill(page, { customer: 'Initech', email: 'not an address' })
      await page.getByText('More settings').click()
      await page.getByLabel('Expected Pipedrive company (optional)').first().fill('evil.com')
      await page.getByRole('button', { name: 'Send request' }).click()
      const summary = page.getByRole('alert').filter({ hasText: 'There is a problem' })
      await expect(summary.getByRole('link')).toHaveText([/Enter an e-mail address/, /Enter a Pipedrive company/])
      await expect(page).toHaveTitle(/^Error: /)
      await expect(page.getByLabel('Customer', { exact: true })).toHaveValue('Initech')
      await expect(page.getByLabel('Expected Pipedrive company (optional)').first()).toBeVisible()
      await expect(page.getByLabel('What the integration does').first()).toHaveValue('two-way-crm')
    })

    test('a second request for the same person is warned of, and sent if it is meant', async ({ page }) => {
      const email = mailbox('bill')
      await portal('request', 'create', '--customer', 'Hooli', '--email', email, '--no-mail')
      await signInAlone(page)
      await page.goto('/connections/new')
      await fill(page, { customer: uniqueCustomer('Other'), email })
      await page.getByRole('button', { name: 'Send request' }).click()
      const warning = page.getByRole('alert').filter({ hasText: 'There is an open request already' })
      await expect(warning.getByRole('link')).toContainText(`Hooli, ${email}`)
      expect(mailsTo(email)).toEqual([])
      await warning.getByRole('button', { name: 'Send anyway' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'Sent to' })).toBeVisible()
      await expectMail(email)
    })

    test('a draft is saved, changed, and sent', async ({ page }) => {
      const email = mailbox('peter.gibbons')
      const customer = uniqueCustomer('Draft')
      await signInAlone(page)
      await page.goto('/connections/new')
      await fill(page, { customer, email })
      await page.getByRole('button', { name: 'Save as draft' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'The draft is saved' })).toBeVisible()
      expect(mailsTo(email)).toEqual([])

      await page.getByText('Several connections').click()
      await page.getByRole('button', { name: 'Add a connection' }).click()
      await page.getByLabel('What the integration does').nth(1).selectOption('read-only-sync')
      const saved = page.waitForResponse((response) => response.request().method() === 'POST')
      await page.getByRole('button', { name: 'Save draft' }).click()
      await saved
      await page.goto(page.url())
      await expect(page.getByLabel('What the integration does').nth(1)).toHaveValue('read-only-sync')
      await page.getByRole('button', { name: 'Remove connection 2' }).click()
      await expect(page.getByLabel('What the integration does')).toHaveCount(1)
      await page.getByRole('button', { name: 'Send request' }).click()
      await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
      expect((await expectMail(email))?.text).toContain('Hello Peter Gibbons,')
    })

    test('several connections end on the board, and show nothing else', async ({ page }) => {
      const email = mailbox('several')
      await signInAlone(page)
      await page.goto('/connections/new')
      await fill(page, { customer: uniqueCustomer('Several'), email })
      await page.getByText('Several connections').click()
      await page.getByRole('button', { name: 'Add a connection' }).click()
      await page.getByLabel('What the integration does').nth(1).selectOption('read-only-sync')
      await page.getByRole('button', { name: 'Send request' }).click()
      const sent = page.getByRole('status').filter({ hasText: `Sent to ${email}` })
      await expect(sent).toBeVisible()
      const [reference = ''] = /[A-Z]{3}-\d{3}/.exec((await sent.textContent()) ?? '') ?? []
      await expect(page.getByLabel('Search')).toHaveValue(reference)
      await expect(page.locator('table tbody tr')).toHaveCount(2)
    })

    test('a half-filled form is saved as it is, found again, and judged when it is sent', async ({ page }) => {
      const customer = uniqueCustomer('Half')
      await signInAlone(page)
      await page.goto('/connections/new')
      await page.getByRole('button', { name: 'Save as draft' }).click()
      await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toBeVisible()

      await page.getByLabel('Customer', { exact: true }).fill(customer)
      await page.getByText('More settings').click()
      await page.getByLabel('Note to the customer (optional)').fill('As we said on Tuesday')
      await page.getByRole('button', { name: 'Save as draft' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'Something is still missing' })).toBeVisible()

      await page.goto('/connections/new')
      await expect(page.getByLabel('Customer', { exact: true })).toHaveValue('')
      await page.getByText(`You began a request: ${customer}`).waitFor()
      await page.getByRole('link', { name: 'Continue' }).click()
      await expect(page.getByLabel('Customer', { exact: true })).toHaveValue(customer)
      await expect(page.getByLabel('Note to the customer (optional)')).toHaveValue('As we said on Tuesday')
      await page.getByRole('button', { name: 'Send request' }).click()
      await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toBeVisible()

      const email = mailbox('half')
      await fill(page, { customer, email })
      await page.getByRole('button', { name: 'Send request' }).click()
      await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
      await page.goto('/connections/new')
      await expect(page.getByText(customer)).toHaveCount(0)
    })

    test('what was begun is thrown away after a question', async ({ page }) => {
      const customer = uniqueCustomer('Thrown')
      await signInAlone(page)
      await page.goto('/connections/new')
      await page.getByLabel('Customer', { exact: true }).fill(customer)
      await page.getByRole('button', { name: 'Save as draft' }).click()
      await page.getByRole('link', { name: 'Throw away' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Throw away what you typed (${customer})?`)
      await page.getByRole('button', { name: 'Throw away' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'The draft is deleted' })).toBeVisible()
      await expect(page.getByText(customer)).toHaveCount(0)
    })

    test('a draft is deleted after a question that names it', async ({ page }) => {
      const customer = uniqueCustomer('Gone')
      await signInAlone(page)
      await page.goto('/connections/new')
      await fill(page, { customer, email: mailbox('gone') })
      await page.getByRole('button', { name: 'Save as draft' }).click()
      await page.getByRole('link', { name: 'Delete draft' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Delete the draft for ${customer}?`)
      await page.getByRole('button', { name: /^Delete draft/ }).click()
      await expect(page.getByRole('status').filter({ hasText: 'The draft is deleted' })).toBeVisible()
      await expect(page.getByRole('link', { name: customer })).toHaveCount(0)
    })

    test('a list names its bad rows and is sent when it is right', async ({ page }) => {
      await signInAlone(page)
      await page.goto('/connections/new/import')
      const head = 'customer,contact_name,contact_email,profile,language,expected_domain,start_date,external_id,note'
      await upload(page, [
        head,
        ',,jane@acme.example,read-only-sync,,,,,',
        'Acme,,jane@,read-only-sync,,,,,',
        'Acme,,jane@acme.example,no-such,,,,,',
        'Acme,,jane@acme.example,read-only-sync,fr,,,,',
        'Acme,,jane@acme.example,read-only-sync,,evil.com,2199-01-01,,',
        'Fine,,fine@acme.example,read-only-sync,,,,,',
      ])
      const alert = page.getByRole('alert').filter({ hasText: '5 rows are not ready' })
      for (const words of [
        'customer: “customer” is missing',
        'contact_email: Enter an e-mail address',
        'profile: There is no profile “no-such”. There are: read-only-sync',
        'language: Choose “en” or “de”. You wrote “fr”.',
        'expected_domain: Enter a Pipedrive company',
        'start_date: Choose a day between',
      ])
        await expect(alert).toContainText(words)
      await expect(page.getByRole('button', { name: /^Send/ })).toHaveCount(0)

      await page.getByRole('link', { name: 'Upload another file' }).click()
      const [first, second] = [mailbox('first'), mailbox('second')]
      await upload(page, [
        head,
        `${uniqueCustomer('One')},,${first},read-only-sync,de,,,,`,
        `${uniqueCustomer('Two')},,${second},two-way-crm,,,,,`,
        `${uniqueCustomer('Three')},,${second},two-way-crm,,,,,`,
      ])
      await expect(page.getByRole('row', { name: /Same as line 3/ })).toBeVisible()
      await page.getByRole('button', { name: 'Send 2 requests' }).click()
      await expect(
        page.getByRole('status').filter({ hasText: '2 requests were sent. One duplicate was left out.' }),
      ).toBeVisible()
      expect((await expectMail(first))?.text).toContain('Pipedrive')
      await expectMail(second)
    })

    test('a file that is no list says why', async ({ page }) => {
      await signInAlone(page)
      await page.goto('/connections/new/import')
      await upload(page, ['customer,phone', 'Acme,1'])
      await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toContainText(
        'There is no column “phone”',
      )
      await upload(page, ['x'.repeat(300 * 1024)])
      await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toContainText(
        'larger than 256 kB',
      )
    })
  })

async function upload(page: Page, lines: string[]) {
  await page
    .getByLabel('CSV file')
    .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\r\n')) })
  await page.getByRole('button', { name: 'Check the list' }).click()
}

test('the preview follows what is typed', async ({ page }) => {
  await signInAlone(page)
  await page.goto('/connections/new')
  await fill(page, { customer: 'Umbrella', email: 'alice.abernathy@umbrella.example' })
  const preview = page.getByRole('region', { name: 'What the customer gets' })
  await expect(preview).toContainText('Hello Alice Abernathy,')
  await expect(preview).toContainText('adds and edits them')
  await page.getByText('More settings').click()
  await page.getByLabel('Language of mail and page').selectOption('de')
  await expect(preview).toContainText('fügt welche hinzu und bearbeitet sie')
})

test('what is typed is kept without a press, even by whoever leaves at once', async ({ page }) => {
  const customer = uniqueCustomer('Left')
  await signInAlone(page)
  await page.goto('/connections/new')
  await page.getByLabel('Customer', { exact: true }).pressSequentially(customer)
  await page
    .getByRole('link', { name: 'Support' })
    .or(page.getByRole('link', { name: 'Profiles' }))
    .first()
    .click()
  await page.waitForURL(/profiles|support/)
  await expect
    .poll(async () => {
      await page.goto('/connections/new')
      return page.getByText(`You began a request: ${customer}`).count()
    })
    .toBe(1)
  await page.getByRole('link', { name: 'Continue' }).click()
  await expect(page.getByLabel('Customer', { exact: true })).toHaveValue(customer)
})

test('changes of a draft that were not saved are found again, and leave the draft as it is', async ({ page }) => {
  const customer = uniqueCustomer('Kept')
  await signInAlone(page)
  await page.goto('/connections/new')
  await fill(page, { customer, email: mailbox('kept') })
  await page.getByRole('button', { name: 'Save as draft' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'The draft is saved' })).toBeVisible()
  const draft = new URL(page.url())
  await page.getByLabel('Contact’s e-mail').fill('')
  await expect(page.getByText('What you type is kept.')).toBeVisible()
  await page.goto(`${draft.pathname}?draft=${draft.searchParams.get('draft')}`)
  await expect(page.getByText('These are changes that you have not saved')).toBeVisible()
  await expect(page.getByLabel('Contact’s e-mail')).toHaveValue('')
  await page.getByRole('link', { name: 'Throw away' }).click()
  await page.getByRole('button', { name: 'Throw away' }).click()
  await page.goto(`${draft.pathname}?draft=${draft.searchParams.get('draft')}`)
  await expect(page.getByLabel('Contact’s e-mail')).toHaveValue(/^kept@/)
})

test('whoever leaves before what they typed is kept is asked', async ({ page, tolerate }) => {
  tolerate(/ERR_FAILED|Failed to fetch/)
  await signInAlone(page)
  await page.goto('/connections/new')
  await page.route('**/connections/new*', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  )
  await page.getByLabel('Customer', { exact: true }).pressSequentially('Nowhere')
  const asked = page.waitForEvent('dialog')
  await page.close({ runBeforeUnload: true })
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.accept()
})

// R3
test('pressing twice sends once', async ({ page }) => {
  await signInAlone(page)
  await page.goto('/connections/new')
  const email = mailbox('twice')
  await fill(page, { customer: uniqueCustomer('Twice'), email })
  await page.getByRole('button', { name: 'Send request' }).dblclick()
  await expect(page.getByRole('status').filter({ hasText: `Sent to ${email}` })).toBeVisible()
  await expectMail(email)
  await page.waitForTimeout(2_000)
  expect(mailsTo(email)).toHaveLength(1)
})

test('Return in a field previews and does not send', async ({ page }) => {
  await signInAlone(page)
  await page.goto('/connections/new')
  const email = mailbox('return')
  await fill(page, { customer: 'Return', email })
  await page.getByLabel('Contact’s e-mail').press('Enter')
  await expect(page.getByRole('region', { name: 'What the customer gets' })).toContainText('Hello Return,')
  expect(mailsTo(email)).toEqual([])
})

// S40
test('support can neither request nor change profiles, but may look at them', async ({ page }) => {
  await signIn(page, 'support')
  for (const path of ['/connections/new', '/connections/new/import', '/connections/new/delete', '/profiles/new']) {
    expect((await page.goto(path))?.status(), path).toBe(403)
  }
  expect((await page.request.get('/connections/new/import/example')).status()).toBe(403)
  const origin = new URL(page.url()).origin
  const posted = await page.request.post('/connections/new/import/upload', {
    headers: { origin },
    multipart: { file: { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('customer') } },
  })
  expect(posted.status()).toBe(403)
  await page.goto('/profiles')
  await expect(page.getByRole('link', { name: /^Copy/ })).toHaveCount(0)
})

test('whoever is not signed in is sent to sign in, or told 401', async ({ page }) => {
  await page.goto('/connections/new')
  await expect(page).toHaveURL(/\/sign-in\?next=/)
  const origin = new URL(page.url()).origin
  expect((await page.request.post('/connections/new/import/upload', { headers: { origin } })).status()).toBe(401)
  expect((await page.request.get('/connections/new/import/example')).status()).toBe(401)
})

// S39
test("a draft or list that is not the team's is not found", async ({ page }) => {
  await signInAlone(page)
  const unknown = '01kb3v00000000000000000000'
  expect((await page.goto(`/connections/new?draft=req_${unknown}`))?.status()).toBe(404)
  expect((await page.goto(`/connections/new/import/imp_${unknown}`))?.status()).toBe(404)
  expect((await page.goto('/profiles/no-such'))?.status()).toBe(404)
})

import {
  badge,
  connect,
  expect,
  expectAccessible,
  expectBadge,
  fakeToken,
  mailsTo,
  request,
  signIn,
  test,
} from './fixtures.ts'

type Requested = Awaited<ReturnType<typeof request>>
const idOf = ({ connections }: Requested) => connections[0]?.id ?? ''

/** What a mail address holds, as a mail program would read it. */
const bodyOf = (href: string | null) => new URL(href ?? '').searchParams.get('body') ?? ''

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('a user who is no admin is told so, hands over, and the admin connects with what is known', async ({
      page,
      browser,
    }) => {
      test.slow()
      const company = javaScriptEnabled ? 'e2e-31' : 'e2e-32'
      const colleague = `ada-${company}@acme.example`
      const { link } = await request({ profile: 'full-setup', customer: `Hand-over ${company}` })
      await page.goto(link)
      await connect(page, { domain: company, token: fakeToken(`regular@${company}`) })
      await expectBadge(page, 'needs_customer', 'NOT_ADMIN')
      await expect(page.getByRole('heading', { name: 'This token belongs to' })).toBeVisible()
      await expect(page.getByText(`${company}.pipedrive.com`, { exact: true })).toBeVisible()
      const mail = page.getByRole('link', { name: 'Mail it to my admin' }).first()
      const body = bodyOf(await mail.getAttribute('href'))
      expect(body).toContain(`for ${company}.pipedrive.com`)
      expect(body).not.toMatch(/[0-9a-f]{40}/)
      if (javaScriptEnabled) await expectAccessible(page)

      await page.getByRole('link', { name: 'Somebody else manages Pipedrive' }).click()
      await page.getByLabel('Your colleague’s name').fill('Ada Admin')
      await page.getByLabel('Your colleague’s work e-mail address').fill(colleague)
      await page.getByRole('button', { name: 'Pass it on' }).click()
      await expect.poll(() => mailsTo(colleague).length).toBe(1)

      const theirs = await browser.newPage({ javaScriptEnabled })
      await theirs.goto(/http:\S+\/l\/\S+/.exec(mailsTo(colleague)[0]?.text ?? '')?.[0] ?? '')
      const known = theirs.getByRole('region', { name: 'What we know so far' })
      await expect(known).toContainText('Jane Miller passed this on to you')
      await expect(known).toContainText('This project needs an admin’s token'.replace('’', "'"))
      await expect(theirs.getByLabel('Your Pipedrive address')).toHaveValue(company)
      if (javaScriptEnabled) await expectAccessible(theirs)
      await connect(theirs, { domain: company, token: fakeToken(`admin@${company}`) })
      await theirs.waitForURL('**/done')
      await expectBadge(theirs, 'connected', 'OK')
      await theirs.close()
    })

    test('a token of another company names its owner, and the right company is one press away', async ({ page }) => {
      const [right, typed] = javaScriptEnabled ? ['e2e-33', 'e2e-34'] : ['e2e-34', 'e2e-33']
      const { link } = await request()
      await page.goto(link)
      await connect(page, { domain: typed ?? '', token: fakeToken(`regular@${right}`) })
      await expectBadge(page, 'needs_customer', 'COMPANY_MISMATCH')
      await expect(page.getByText(`${right}.pipedrive.com`, { exact: true })).toBeVisible()
      await page.getByRole('button', { name: `Use ${right}` }).click()
      await expect(badge(page)).toHaveAttribute('data-verdict', 'LIMITED_ACCESS')
      await expect(page.getByText(`${right}.pipedrive.com`, { exact: true })).toBeVisible()
    })
  })
}

test('rights that are missing are explained by what one notices, and the admin gets them as a list', async ({
  page,
}) => {
  const asked = await request()
  await page.goto(asked.link)
  await connect(page, { domain: 'e2e-35', token: fakeToken('regular@e2e-35') })
  await expectBadge(page, 'needs_confirmation', 'LIMITED_ACCESS')
  await expect(page.getByText('It changes only what belongs to this user')).toBeVisible()
  const mail = await page.getByRole('link', { name: 'Mail it to my admin' }).getAttribute('href')
  expect(bodyOf(mail)).toContain('- Edit deals')
  await expectAccessible(page)

  await signIn(page, 'account_manager')
  await page.goto(`/connections/${idOf(asked)}`)
  await expect(page.getByText('It changes only what belongs to this user')).toBeVisible()
  await page.getByText('Words for the customer’s Pipedrive admin').click()
  const toContact = page.getByRole('link', { name: 'Mail it to Jane Miller' })
  expect(await toContact.getAttribute('href')).toMatch(/^mailto:jane@acme\.example\?subject=/)
  await expectAccessible(page)
})

test('a token that can do more than needed is taken, with the recipe for a user of its own', async ({ page }) => {
  const asked = await request({ profile: 'read-only-sync' })
  await page.goto(asked.link)
  await connect(page, { domain: 'e2e-36', token: fakeToken('admin@e2e-36'), date: '2024-05-01' })
  await page.waitForURL('**/done')
  await expect(page.getByText(/^It may also: .*Manage account settings/)).toBeVisible()
  await page.getByText('How to use a separate user').click()
  await expect(page.getByText('Several tools with different rights?')).toBeVisible()
  await expectAccessible(page)
  await signIn(page, 'account_manager')
  await page.goto(`/connections/${idOf(asked)}`)
  await expect(page.getByText(/^It may also: .*Manage account settings/)).toBeVisible()
})

test('what uses one token is listed for the team, and for the customer by their own names only', async ({ page }) => {
  test.slow()
  const own = { customer: 'Fate', email: 'fate@acme.example' }
  const first = await request(own)
  const second = await request(own)
  const stranger = await request({ customer: 'Fate elsewhere', email: 'other@fate.example' })
  const token = fakeToken('admin@e2e-37')
  await page.goto(first.link)
  await page.getByLabel('Name for this connection').fill('First of two')
  await connect(page, { domain: 'e2e-37', token })
  await page.waitForURL('**/done')
  for (const [{ link }, name] of [
    [second, 'Second of two'],
    [stranger, 'Elsewhere'],
  ] as const) {
    await page.goto(link)
    await page.getByLabel('Name for this connection').fill(name)
    await connect(page, { domain: 'e2e-37', token })
    await expectBadge(page, 'needs_manager', 'ALREADY_CONNECTED')
  }
  await expect(page.getByRole('region', { name: 'What else uses this token' })).toContainText(
    'Another connection of Latchkey',
  )
  expect(await page.content()).not.toContain('First of two')

  await signIn(page, 'account_manager')
  for (const asked of [second, stranger]) {
    await page.goto(`/connections/${idOf(asked)}?do=accept`)
    await page.getByRole('button', { name: 'Both are wanted' }).click()
    await expect(page.getByText('Decided. The customer hears of it by mail.')).toBeVisible()
  }
  await page.goto(`/connections/${idOf(first)}`)
  const together = page.getByRole('region', { name: 'What breaks together' })
  await expect(together.getByRole('link')).toHaveText(['Fate: Second of two', 'Fate elsewhere: Elsewhere'])
  await expectAccessible(page)
  await together.getByRole('link', { name: 'Fate elsewhere: Elsewhere' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Fate elsewhere: Elsewhere')

  await page.goto(first.link)
  const fate = page.getByRole('region', { name: 'What else uses this token' })
  await expect(fate.getByRole('listitem')).toHaveText(['Second of two', 'Another connection of Latchkey'])
  await expectAccessible(page)
})

test('each try is told with its calls and with what the customer read', async ({ page }) => {
  const asked = await request()
  await page.goto(asked.link)
  await connect(page, { domain: 'e2e-38', token: fakeToken('admin@e2e-39') })
  await expectBadge(page, 'needs_customer', 'COMPANY_MISMATCH')
  await signIn(page, 'support')
  for (const base of ['connections', 'support']) {
    await page.goto(`/${base}/${idOf(asked)}`)
    await page.getByText('Calls, and what the customer read').first().click()
    await expect(page.getByText(/GET \/v1\/users\/me: 200, \d+ ms/)).toBeVisible()
    await expect(page.getByText('You typed e2e-38.pipedrive.com.').first()).toBeVisible()
    await expectAccessible(page)
  }
})

test('a secret of something else is named, not kept and not shown again', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  const secret = `pat-${'na'}1-0123abcd-0123-4567-89ab-0123456789ab`
  await connect(page, { domain: 'acme', token: secret })
  await expect(page.getByText('This looks like a HubSpot token.')).toBeVisible()
  await page.reload()
  expect(await page.content()).not.toContain(secret)
  await connect(page, { domain: 'acme', token: fakeToken('regenerated') })
  await expectBadge(page, 'needs_customer', 'TOKEN_REJECTED')
  await expect(page.getByText('so does the key of a custom field')).toBeVisible()
})

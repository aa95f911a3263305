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

test('an account manager closes a connection; the customer withdraws the token; both get the proof', async ({
  page,
}) => {
  test.setTimeout(240_000)
  const email = 'closing@acme.example'
  const { link, connections } = await request({ email, customer: 'Closing Ltd' })
  const connectionId = connections[0]?.id ?? ''
  await page.goto(link)
  await connect(page, { domain: 'e2e-74', token: fakeToken('admin@e2e-74') })
  await page.waitForURL('**/done')

  await signIn(page, 'account_manager')
  await page.goto(`/connections/${connectionId}?do=close`)
  await expectAccessible(page)
  await page.getByLabel('Why').fill('The project is over')
  await page.getByRole('dialog').getByRole('button', { name: 'Close connection' }).click()
  await expect(page.getByText('The connection is closing.')).toBeVisible()
  await expect(page.locator('main [data-status=off_boarding]').first()).toBeVisible()

  const subjects = () => mailsTo(email).map(({ subject }) => subject)
  await expect.poll(subjects).toContainEqual(expect.stringContaining('withdraw'))
  const letter = mailsTo(email).find(({ subject }) => subject.includes('withdraw'))
  await page.goto(/http:\S+\/l\/\S+/.exec(letter?.text ?? '')?.[0] ?? '')
  await page.waitForURL(`**/disconnect/${connectionId}`)
  await expectBadge(page, 'off_boarding')
  await expectAccessible(page)

  await page.getByRole('button', { name: 'I did it, check now' }).click()
  await expect(page.getByText('The old token still works')).toBeVisible({ timeout: 30_000 })
  await expectBadge(page, 'off_boarding', 'STILL_ALIVE')

  await fake('regenerate', { name: 'admin@e2e-74' })
  await page.getByLabel('The token belongs to a person').check()
  await page.getByRole('button', { name: 'I did it, check now' }).click()
  await expect(page.getByText('Pipedrive refused the token', { exact: true })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('heading', { name: 'The token is dead' })).toBeVisible({ timeout: 180_000 })
  await expectBadge(page, 'closed', 'PROVEN_DEAD')
  await expectAccessible(page)
  await expect.poll(subjects).toContainEqual(expect.stringContaining('has ended'))

  await page.goto(`/connections/${connectionId}`)
  await expect(page.getByRole('heading', { name: 'Proof of the end' })).toBeVisible()
  await expectAccessible(page)
})

test('a customer sees what is held and ends it by themselves, without JavaScript', async ({ browser }) => {
  const { link, connections } = await request({ customer: 'Leaving Ltd' })
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(link)
  await connect(page, { domain: 'e2e-75', token: fakeToken('admin@e2e-75') })
  await page.waitForURL('**/done')
  await page.getByRole('link', { name: /What .* holds/ }).click()
  await page.waitForURL(`**/disconnect/${connections[0]?.id}`)
  await expectBadge(page, 'connected')
  await page.getByRole('button', { name: 'Withdraw access now' }).click()
  await expectBadge(page, 'off_boarding')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Withdraw')
  await context.close()
})

test('an account manager changes their mind, without JavaScript: the connection goes on, and its customer reads it', async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000)
  const email = 'kept@acme.example'
  const { link, connections } = await request({ email, customer: 'Kept Ltd' })
  const connectionId = connections[0]?.id ?? ''
  await page.goto(link)
  await connect(page, { domain: 'e2e-76', token: fakeToken('admin@e2e-76') })
  await page.waitForURL('**/done')

  const context = await browser.newContext({ javaScriptEnabled: false })
  const staff = await context.newPage()
  await signIn(staff, 'account_manager')
  await staff.goto(`/connections/${connectionId}?do=close`)
  await staff.getByLabel('Why').fill('The project is over')
  await staff.getByRole('dialog').getByRole('button', { name: 'Close connection' }).click()
  await expect(staff.getByText('The connection is closing.')).toBeVisible()

  const subjects = () => mailsTo(email).map(({ subject }) => subject)
  await expect.poll(subjects).toContainEqual(expect.stringContaining('withdraw'))
  const letter = mailsTo(email).find(({ subject }) => subject.includes('withdraw'))
  const withdrawal = /http:\S+\/l\/\S+/.exec(letter?.text ?? '')?.[0] ?? ''
  await page.goto(withdrawal)
  await expectBadge(page, 'off_boarding')

  await staff.getByRole('link', { name: 'Call off the closing' }).click()
  await staff.getByRole('dialog').getByRole('button', { name: 'Call off the closing' }).click()
  await expect(staff.getByText('Say why. It is kept in the audit log.')).toBeVisible()
  await staff.getByLabel('Why').fill('The customer stays for another year')
  await staff.getByRole('dialog').getByRole('button', { name: 'Call off the closing' }).click()
  await expect(staff.getByText('The closing is called off.')).toBeVisible()
  await expect(staff.locator('main [data-status=connected]').first()).toBeVisible()
  await expect(staff.getByText('Closing called off').first()).toBeVisible()

  await expect.poll(subjects).toContainEqual(expect.stringContaining('You need not withdraw'))
  expect((await page.goto(withdrawal))?.status()).toBe(410)
  await expectBadge(page, 'revoked', 'LINK_REVOKED')

  await staff.goto(`/connections/${connectionId}?do=call_off`)
  await staff.getByLabel('Why').fill('Once more')
  await staff.getByRole('dialog').getByRole('button', { name: 'Call off the closing' }).click()
  await expect(staff.getByText('The connection is not closing. Somebody was faster.')).toBeVisible()

  await signIn(page, 'account_manager')
  await page.goto(`/connections/${connectionId}?do=call_off`)
  await expectAccessible(page)

  // A reason ends where its field does; one that comes in longer all the same is kept, and told.
  const why = page.getByLabel('Why')
  await expect(why).toHaveAttribute('maxlength', '300')
  await why.evaluate((field) => field.removeAttribute('maxlength'))
  await why.fill('x'.repeat(301))
  await page.getByRole('dialog').getByRole('button', { name: 'Call off the closing' }).click()
  await expect(page.getByText('At most 300 characters.')).toBeVisible()
  await expect(why).toHaveValue('x'.repeat(301))
  await context.close()
})

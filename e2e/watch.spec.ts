import {
  connect,
  expect,
  expectAccessible,
  expectBadge,
  fake,
  fakeToken,
  mailsTo,
  portal,
  request,
  signIn,
  test,
} from './fixtures.ts'

/** Has the watcher look now; twice a minute apart is what it needs to be sure. */
const look = (connectionId: string) => portal('check', connectionId)
const SURE_MS = 70_000

test('a regenerated token is noticed, the customer mends it in place, and the same connection works again', async ({
  page,
}) => {
  test.setTimeout(240_000)
  const email = 'watch@acme.example'
  const { link, connections, reference } = await request({ email, profile: 'two-way-crm', customer: 'Watched Ltd' })
  const connectionId = connections[0]?.id ?? ''
  await page.goto(link)
  await connect(page, { domain: 'e2e-71', token: fakeToken('admin@e2e-71') })
  await page.waitForURL('**/done')
  // Somebody else's connection shows that Pipedrive itself is well.
  const other = await request({ customer: 'Control Ltd' })
  await page.goto(other.link)
  await connect(page, { domain: 'e2e-72', token: fakeToken('admin@e2e-72') })
  await page.waitForURL('**/done')

  const { token } = await fake('regenerate', { name: 'admin@e2e-71' })
  await look(connectionId)
  await page.waitForTimeout(SURE_MS)
  await look(connectionId).catch(() => {})
  await expect
    .poll(() => mailsTo(email).map(({ subject }) => subject), { timeout: 90_000 })
    .toContainEqual(expect.stringContaining('stopped accepting the token'))

  const letter = mailsTo(email).find(({ subject }) => subject.includes('stopped accepting'))
  const repair = /http:\S+\/l\/\S+/.exec(letter?.text ?? '')?.[0] ?? ''
  expect((await page.goto(link))?.status()).toBe(410)
  await page.goto(repair)
  await expectBadge(page, 'stopped', 'STOPPED_WORKING')
  await expectAccessible(page)
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-71')
  await expect(page.getByLabel('Your Pipedrive address')).toHaveAttribute('readonly', '')

  // The token that stopped working is recognised, as a password manager would fill it in.
  await page.getByLabel('Personal API token').fill(fakeToken('admin@e2e-71'))
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await expect(page.locator('main [data-verdict=TOKEN_SAME_AS_BEFORE]')).toHaveCount(1)

  await page.getByLabel('Personal API token').fill(String(token))
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
  await expectBadge(page, 'connected', 'OK')
  expect(page.url()).toContain(connectionId)

  await signIn(page, 'account_manager')
  await page.goto(`/connections?q=${reference}`)
  await expect(page.locator('main [data-status=connected]').first()).toBeVisible()

  // Whoever answers for the customer reads how soon they were told.
  await page.goto(`/connections/${connectionId}`)
  await expect(page.getByText('Stopped between')).toBeVisible()
  await expect(page.getByText(/within (a minute|\d minutes) of the first refusal/)).toBeVisible()
  await expectAccessible(page)
})

test('"check now" on the page of a connection looks at once', async ({ page }) => {
  const { link, connections } = await request({ customer: 'Checked Ltd' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-73', token: fakeToken('admin@e2e-73') })
  await page.waitForURL('**/done')
  await signIn(page, 'account_manager')
  await page.goto(`/connections/${connections[0]?.id}`)
  await page.getByRole('link', { name: 'Check now' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Check now' }).click()
  await expect(page.getByText('The check runs within a second or two.')).toBeVisible()
})

import { expect, expectBadge, portal, request, test } from './fixtures.ts'

test('fetching a link changes nothing that a person sees', async ({ page, request: http }) => {
  const { link } = await request()
  for (let fetches = 0; fetches < 25; fetches++) {
    const answer = await http.fetch(link, { method: fetches % 2 ? 'HEAD' : 'GET', maxRedirects: 0 })
    expect(answer.status()).toBe(303)
    expect(answer.headers().location).not.toContain(link.split('/l/')[1])
  }
  await page.goto(link)
  await expectBadge(page, 'sent')
})

test('the first key or pointer of a person is noticed', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  const told = page.waitForResponse('**/visited')
  await page.mouse.click(5, 5)
  expect((await told).status()).toBe(204)
  await page.reload()
  await expectBadge(page, 'visited')
})

test('an unknown link is not found, and says what may be missing', async ({ page }) => {
  const answer = await page.goto('/l/cut-off')
  expect(answer?.status()).toBe(404)
  await expectBadge(page, 'unknown', 'LINK_UNKNOWN')
})

test('a revoked link says who closed it', async ({ page }) => {
  const { link, reference } = await request()
  await page.goto(link)
  await portal('request', 'revoke', reference, '--reason', 'test')
  expect((await page.goto(link))?.status()).toBe(410)
  await expectBadge(page, 'revoked', 'LINK_REVOKED')
})

test('a replaced link points to the newer mail, in the open tab too', async ({ page }) => {
  const { link, reference, connections } = await request()
  await page.goto(link)
  const { link: newer } = (await portal('request', 'link', reference, '--no-mail')) as { link: string }
  expect((await page.goto(link))?.status()).toBe(410)
  await expectBadge(page, 'replaced', 'LINK_REPLACED')
  expect((await page.goto(`/connect/${connections[0]?.id}`))?.status()).toBe(410)
  expect((await page.goto(newer))?.status()).toBe(200)
})

test('a page of a connection opens only in the browser that has its link', async ({ page }) => {
  const { connections } = await request()
  const answer = await page.goto(`/connect/${connections[0]?.id}`)
  expect(answer?.status()).toBe(403)
  await expect(page.getByRole('heading', { name: 'Open the link from your e-mail in this browser' })).toBeVisible()
})

test('forms from elsewhere are refused', async ({ request: http }) => {
  for (const origin of ['https://evil.example', 'null']) {
    const answer = await http.post('/', { headers: { origin, 'x-forwarded-host': 'evil.example' }, form: { a: 'b' } })
    expect(answer.status()).toBe(403)
  }
})

test('every page carries its policy, errors too', async ({ request: http }) => {
  for (const path of ['/', '/guides/pipedrive', '/help', '/l/unknown', '/nowhere', '/outbox', '/api/health']) {
    const headers = (await http.get(path)).headers()
    expect(headers['content-security-policy'], path).toContain("frame-ancestors 'none'")
    expect(headers['referrer-policy'], path).toBe('same-origin')
    expect(headers['x-content-type-options'], path).toBe('nosniff')
    expect(headers['x-powered-by'], path).toBeUndefined()
  }
  expect((await http.get('/_next/image?url=%2Ficon.svg&w=64&q=75')).status()).toBe(404)
})

test('a picture of the guide opens larger', async ({ page }) => {
  await page.goto('/guides/pipedrive')
  await page.getByRole('button', { name: 'Enlarge the picture: the token and the Copy button' }).click()
  await expect(page.locator('#picture-token')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.locator('#picture-token')).toBeHidden()
})

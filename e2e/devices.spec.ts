import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { connect, expect, expectAccessible, expectBadge, fakeToken, mailsTo, request, test } from './fixtures.ts'

const jsqr = readFileSync(new URL('../node_modules/jsqr/dist/jsQR.js', import.meta.url), 'utf8')

/** What the camera of another device reads off the screen. */
async function readCode(page: Page): Promise<string | null> {
  const picture = await page.getByRole('img', { name: 'Code that opens this page on another device' }).screenshot()
  const camera = await page.context().browser()?.newPage()
  if (!camera) throw new Error('no browser')
  await camera.evaluate(jsqr)
  const address = await camera.evaluate(
    async (source) => {
      const image = new Image()
      image.src = source
      await image.decode()
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')
      if (!canvas) throw new Error('no canvas')
      canvas.drawImage(image, 0, 0)
      const { data } = canvas.getImageData(0, 0, image.width, image.height)
      const { jsQR } = window as unknown as {
        jsQR(pixels: Uint8ClampedArray, width: number, height: number): { data: string } | null
      }
      return jsQR(data, image.width, image.height)?.data ?? null
    },
    `data:image/png;base64,${picture.toString('base64')}`,
  )
  await camera.close()
  return address
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'a code' : 'a code without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('opens the page on another device, once more, and the first link stays', async ({ page, browser }) => {
      const { link } = await request()
      await page.goto(link)
      await page.getByLabel('Your Pipedrive address').fill('acme')
      await page.getByRole('button', { name: 'Show a code for another device' }).click()
      await expect(page.getByText('The code is shown once.')).toBeVisible()
      if (javaScriptEnabled) {
        await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('acme')
        await page.emulateMedia({ colorScheme: 'dark' })
        await expectAccessible(page)
      }
      // The camera page needs scripts, and shares this setting; without them the drawing is the same.
      const address = javaScriptEnabled ? await readCode(page) : null
      if (address !== null) {
        expect(address).toMatch(/^http:\/\/localhost:\d+\/l\/[\w-]{43}$/)
        expect(address).not.toBe(link)
        expect(page.url() + (await page.content())).not.toContain(address.split('/l/')[1])
      }
      for (const opened of [link, ...(address === null ? [] : [address])]) {
        const device = await browser.newContext()
        expect((await (await device.newPage()).goto(opened))?.status()).toBe(200)
        await device.close()
      }
      await page.goto(page.url())
      await expect(page.getByText('The code is shown once.')).toHaveCount(0)
    })
  })
}

test('after five keys in an hour no further one is made', async ({ page }) => {
  const { link } = await request()
  await page.goto(link)
  for (let press = 0; press < 5; press++) {
    await page.getByRole('button', { name: 'Show a code for another device' }).click()
    await expect(page.getByText('The code is shown once.')).toBeVisible()
    await page.reload()
  }
  await page.getByRole('button', { name: 'Show a code for another device' }).click()
  await expect(page.getByText('No code can be made now.')).toBeVisible()
})

test('the receipt is mailed once more on request', async ({ page }) => {
  const { link } = await request({ email: 'receipts@acme.example' })
  await page.goto(link)
  await connect(page, { domain: 'e2e-47', token: fakeToken('admin@e2e-47') })
  await page.waitForURL('**/done')
  await expect.poll(() => mailsTo('receipts@acme.example').length).toBe(1)
  await page.getByRole('button', { name: 'E-mail me this receipt' }).click()
  await expect(page.getByText('The receipt is on its way to r•••@acme.example.')).toBeVisible()
  await expect.poll(() => mailsTo('receipts@acme.example').length).toBe(2)
})

test('a form of an older build keeps what was typed but the token, and succeeds on the second try', async ({
  page,
}) => {
  const { link } = await request()
  await page.goto(link)
  await page.route('**/connect/**', (route) => {
    const headers = route.request().headers()
    return headers['next-action']
      ? route.continue({ headers: { ...headers, 'next-action': `40${'0'.repeat(40)}` } })
      : route.continue()
  })
  await connect(page, { domain: 'e2e-48', token: fakeToken('admin@e2e-48') })
  await expect(page.getByText('This page was updated while it was open.')).toBeVisible()
  await expectAccessible(page)
  await page.unrouteAll()
  await page.getByRole('button', { name: 'Reload this page' }).click()
  await expect(page.getByLabel('Personal API token')).toHaveValue('')
  await expect(page.getByLabel('Your Pipedrive address')).toHaveValue('e2e-48')
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(fakeToken('admin@e2e-48'))
  await connect(page, { domain: 'e2e-48', token: fakeToken('admin@e2e-48') })
  await page.waitForURL('**/done')
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('a form of an older build comes back to its page', async ({ page }) => {
    const { link } = await request()
    await page.goto(link)
    await page.route('**/connect/**', (route) => {
      const sent = route.request()
      return sent.method() === 'POST'
        ? route.continue({
            postData: sent
              .postDataBuffer()
              ?.toString('latin1')
              .replace(/[0-9a-f]{42}/g, '4'.repeat(42)),
          })
        : route.continue()
    })
    await connect(page, { domain: 'e2e-49', token: fakeToken('admin@e2e-49') })
    await expect(page.getByText('This page was updated while it was open, so nothing was sent.')).toBeVisible()
    await page.unrouteAll()
    await connect(page, { domain: 'e2e-49', token: fakeToken('admin@e2e-49') })
    await expectBadge(page, 'connected', 'OK')
  })
})

test('what the policy blocked is heard, and nothing of the address is written down', async ({ request: http }) => {
  for (const [type, body] of [
    ['application/csp-report', { 'csp-report': { 'blocked-uri': 'https://csp.example/secret', 'document-uri': 'x' } }],
    ['application/reports+json', [{ type: 'csp-violation', body: { blockedURL: 'https://csp.example/secret' } }]],
    ['application/json', 'x'.repeat(20_000)],
  ] as const) {
    const answer = await http.post('/api/csp-report', { headers: { 'content-type': type }, data: body })
    expect(answer.status()).toBe(204)
  }
  const log = () => readFileSync('.data/e2e.log', 'utf8')
  await expect.poll(log).toContain('https://csp.example')
  expect(log()).not.toContain('csp.example/secret')
})

import type { Page } from '@playwright/test'
import { PORT } from '../playwright.config.ts'
import {
  connect,
  expect,
  expectAccessible,
  expectBadge,
  fakeToken,
  mailsTo,
  portal,
  request,
  signIn,
  test,
} from './fixtures.ts'

/** A connection that works, and how an integration fares that wants its token. */
async function connected(page: Page, customer: string, company: string) {
  const { key } = (await portal('api-key', 'create', '--name', customer, '--scopes', 'credentials:read')) as {
    key: string
  }
  const { link, connections } = await request({ customer })
  await page.goto(link)
  await connect(page, { domain: company, token: fakeToken(`admin@${company}`) })
  await expectBadge(page, 'connected')
  const id = connections[0]?.id ?? ''
  const read = async () => {
    const answer = await page.request.post(`http://localhost:${PORT}/api/v1/connections/${id}/credential`, {
      headers: { authorization: `Bearer ${key}` },
      data: { purpose: 'Nightly sync' },
    })
    return [answer.status(), (await answer.json()).code]
  }
  return { id, read }
}

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('support stops hand-off in two clicks, and an admin lets it go on', async ({ page }) => {
      test.slow()
      const customer = `Frozen ${javaScriptEnabled}`
      const { id, read } = await connected(page, customer, javaScriptEnabled ? 'e2e-80' : 'e2e-81')
      expect(await read()).toEqual([200, undefined])

      await signIn(page, 'support')
      await page.goto(`/support/${id}`)
      await page.getByRole('link', { name: 'Stop hand-off', exact: true }).click()
      await page.getByRole('button', { name: 'Stop hand-off' }).click()
      await expect(page.getByText('Say why. It is kept in the audit log.')).toBeVisible()
      await page.getByRole('textbox', { name: 'Why' }).fill('A laptop was stolen')
      await page.getByRole('button', { name: 'Stop hand-off' }).click()
      await expect(page.getByText('Hand-off is stopped. Integrations are refused')).toBeVisible()
      await expect(page.getByText(/Since .* by Ines Wolf: A laptop was stolen/)).toBeVisible()
      await expect(page.getByRole('link', { name: 'Let hand-off go on' })).toHaveCount(0)
      if (javaScriptEnabled) await expectAccessible(page)
      expect(await read()).toEqual([423, 'hand_off_frozen'])
      await page.goto(`/connections?q=${encodeURIComponent(customer)}`)
      await expect(page.getByRole('row', { name: customer }).getByText('Hand-off stopped')).toBeVisible()

      await signIn(page, 'admin')
      await page.goto(`/connections/${id}`)
      await page.getByRole('link', { name: 'Let hand-off go on' }).click()
      await page.getByRole('row', { name: customer }).getByRole('link', { name: 'Let go on' }).click()
      if (javaScriptEnabled) await expectAccessible(page)
      await page.getByRole('button', { name: 'Let hand-off go on' }).click()
      await expect(page.getByText('Hand-off goes on.')).toBeVisible()
      expect(await read()).toEqual([200, undefined])
      const mails = () => mailsTo('maria@northwind.example').map(({ text }) => text)
      await expect
        .poll(() => mails().some((text) => text.includes('goes on for') && text.includes(customer)))
        .toBe(true)
    })
  })

test('a customer is stopped by name from the support page, and a name of nobody is told', async ({ page }) => {
  const { read } = await connected(page, 'Frozen & Partners', 'e2e-82')
  await signIn(page, 'support')
  await page.goto('/support')
  await page.getByRole('link', { name: 'Stop hand-off for a customer' }).click()
  await page.getByRole('textbox', { name: 'Name of the customer' }).fill('Frozen & Nobody')
  await page.getByRole('textbox', { name: 'Why' }).fill('Contract ended')
  await page.getByRole('button', { name: 'Stop hand-off' }).click()
  await expect(page.getByText('No customer of the team has this name.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Name of the customer' }).fill('frozen & partners')
  await page.getByRole('button', { name: 'Stop hand-off' }).click()
  await expect(page.getByRole('row', { name: /Frozen & Partners.*Contract ended/ })).toBeVisible()
  expect((await read())[0]).toBe(423)
  await portal('thaw', 'Frozen & Partners')
  expect((await read())[0]).toBe(200)
})

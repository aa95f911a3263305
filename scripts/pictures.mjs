import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { chromium } from '@playwright/test'
import sparticuz from '@sparticuz/chromium'
import { freePort, root } from '../bin/process.mjs'
import { fakeToken } from '../lib/providers/pipedrive/fake.ts'

/** `npm run pictures`: the README's pictures, taken from the demo as a customer would see it. */
const folder = path.join(root, 'docs', 'pictures')
const demo = spawn(process.execPath, ['bin/demo.mjs'], {
  cwd: root,
  env: { ...process.env, PORT: String(await freePort()) },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const freshLink = await printed(/^ +(http\S+) +fresh, nothing/m)
  const browser = await chromium.launch({
    executablePath: process.env.CHROME || (await sparticuz.executablePath()),
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 1180 }, colorScheme: 'light' })
  mkdirSync(folder, { recursive: true })

  await page.goto(freshLink)
  await page.getByLabel('Your Pipedrive address').fill('acme')
  await scrollTo(page.getByRole('heading', { level: 1 }))
  await page.screenshot({ path: path.join(folder, 'customer-page.png') })

  await page.getByLabel('Personal API token').fill(fakeToken('readonly'))
  await page.getByLabel('Import records changed since').fill('2024-05-01')
  await page.getByRole('button', { name: 'Check and connect' }).click()
  await page.waitForURL('**/done')
  await page.screenshot({ path: path.join(folder, 'receipt.png') })
  await browser.close()
} finally {
  demo.kill('SIGTERM')
}

/** Waits until the demo says where it is; fails when it ends instead. */
function printed(pattern) {
  let text = ''
  return new Promise((resolve, reject) => {
    demo.stdout.on('data', (part) => {
      text += part
      const found = text.match(pattern)
      if (found) resolve(found[1])
    })
    demo.once('close', () => reject(new Error(`the demo ended:\n${text}`)))
  })
}

/** Puts the place near the top of the picture. */
function scrollTo(place) {
  return place.evaluate((element) => {
    document.activeElement?.blur()
    window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 24)
  })
}

import { defineConfig } from '@playwright/test'
import chromium from '@sparticuz/chromium'
import { ownFonts } from './e2e/fonts.ts'

/** The fake Pipedrive listens on the port after the portal's. */
export const PORT = Number(process.env.E2E_PORT || 3310)
export const FAKE_PORT = PORT + 1
/** The company's sign-in listens on the one after. */
export const COMPANY_PORT = PORT + 2

/** The browser comes with the packages; CHROME names another one. */
const executablePath = process.env.CHROME || (await chromium.executablePath())

export default defineConfig({
  testDir: 'e2e',
  // The sweep looks at what all the others left behind.
  projects: [
    { name: 'story', testIgnore: /(secrets|looks)\.spec\.ts/ },
    { name: 'sweep', testMatch: /secrets\.spec\.ts/, dependencies: ['story'] },
    // A run of its own: `npm run test:looks`.
    { name: 'looks', testMatch: /looks\.spec\.ts/ },
  ],
  workers: 2,
  fullyParallel: true,
  timeout: 45_000,
  expect: { timeout: 15_000 },
  reporter: process.env.CI ? [['dot']] : [['list']],
  use: {
    baseURL: `http://localhost:${PORT}`,
    launchOptions: { executablePath, args: ['--no-sandbox'], env: { ...process.env, ...ownFonts() } },
    screenshot: 'only-on-failure',
  },
  webServer: {
    command: 'node e2e/portal.mjs > .data/e2e.log 2>&1',
    url: `http://localhost:${PORT}/api/health`,
    timeout: 180_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    env: { PORT: String(PORT), FAKE_PORT: String(FAKE_PORT), COMPANY_PORT: String(COMPANY_PORT) },
  },
})

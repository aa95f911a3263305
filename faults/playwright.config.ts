import path from 'node:path'
import { defineConfig } from '@playwright/test'
import base, { PORT } from '../playwright.config.ts'

/** The browser's part of `npm run test:faults`. Its portals are other builds than the one that `npm test` starts. */
const root = path.resolve(import.meta.dirname, '..')
const portal = { E2E_BUILD: '.data/without-proxy', E2E_DATA: 'e2e-without-proxy' }
// Read by the tests as by the portal.
Object.assign(process.env, portal)

export default defineConfig({
  ...base,
  testDir: root,
  projects: [
    { name: 'without proxy.ts', testMatch: 'e2e/guards.spec.ts' },
    { name: 'two builds', testMatch: 'faults/*.spec.ts' },
  ],
  webServer: {
    command: 'node faults/without-proxy.mjs > .data/without-proxy.log 2>&1',
    cwd: root,
    url: `http://localhost:${PORT}/api/health`,
    timeout: 600_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    env: { PORT: String(PORT), FAKE_PORT: String(PORT + 1), COMPANY_PORT: String(PORT + 2), ...portal },
  },
})

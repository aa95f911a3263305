import path from 'node:path'
import { defineConfig } from '@playwright/test'
import base, { PORT } from '../playwright.config.ts'

/** `npm run test:faults`: the whole browser suite once more, against two web processes and two workers. */
const root = path.resolve(import.meta.dirname, '..')
const portal = { E2E_DATA: 'e2e-cluster' }
// Read by the tests as by the portal.
Object.assign(process.env, portal)

export default defineConfig({
  ...base,
  testDir: root,
  projects: [
    { name: 'cluster', testMatch: 'faults/cluster.spec.ts' },
    { name: 'story', testMatch: 'e2e/*.spec.ts', testIgnore: /(secrets|looks)\.spec\.ts/ },
    {
      name: 'sweep',
      testMatch: /secrets\.spec\.ts/,
      // Each process counts what it opened itself, and only one of them is asked.
      grepInvert: /every token that was opened/,
      dependencies: ['story'],
    },
  ],
  webServer: {
    command: 'node faults/cluster.mjs > .data/e2e.log 2>&1',
    cwd: root,
    url: `http://localhost:${PORT}/api/health`,
    timeout: 600_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
    env: { PORT: String(PORT), FAKE_PORT: String(PORT + 1), COMPANY_PORT: String(PORT + 2), ...portal },
  },
})

import { rmSync } from 'node:fs'
import path from 'node:path'
import { ensureBuilt } from '../bin/build.mjs'
import { root } from '../bin/process.mjs'
import { startFakePipedrive } from '../lib/providers/pipedrive/fake.ts'
import { startCompany } from './company.mjs'

/** What this shell may be set up for, and the tests are not. */
const otherSettings = [
  'DATABASE_URL',
  'SMTP_URL',
  'MASTER_KEY',
  'MASTER_KEY_FILE',
  'SESSION_SECRET',
  'TRUSTED_PROXY_HOPS',
]

/**
 * Everything that a portal of the browser tests finds when it starts: a build, an empty data folder, a fake Pipedrive and
 * the company's sign-in on ports of their own, settings in the environment. The database is the embedded one unless
 * E2E_DATABASE_URL names another; mail stays in the data folder unless E2E_SMTP_URL takes it.
 */
export async function preparePortal() {
  const companies = ['e2e', 'looks'].flatMap((name) => Array.from({ length: 90 }, (_, index) => `${name}-${index + 1}`))
  const fake = await startFakePipedrive({ port: Number(process.env.FAKE_PORT), companies })
  const { PORT, COMPANY_PORT, E2E_SMTP_URL, E2E_DATABASE_URL } = process.env
  const company = COMPANY_PORT ? await startCompany(Number(COMPANY_PORT), `http://localhost:${PORT}`) : null
  const dataDir = path.join(root, '.data', process.env.E2E_DATA || 'e2e')
  rmSync(dataDir, { recursive: true, force: true })
  for (const name of otherSettings) delete process.env[name]
  Object.assign(process.env, {
    NODE_ENV: 'production',
    PORTAL_ORIGIN: `http://localhost:${PORT}`,
    DATA_DIR: dataDir,
    BUILD_KEY_DIR: '.data',
    PIPEDRIVE_BASE_URL: fake.url,
    ...(company && {
      OIDC_ISSUER: company.issuer,
      OIDC_CLIENT_ID: company.clientId,
      OIDC_CLIENT_SECRET: company.clientSecret,
    }),
    ...(E2E_SMTP_URL && { SMTP_URL: E2E_SMTP_URL }),
    ...(E2E_DATABASE_URL && { DATABASE_URL: E2E_DATABASE_URL }),
    LOG_LEVEL: 'info',
  })
  await ensureBuilt()
}

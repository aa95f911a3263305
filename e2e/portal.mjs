import { rmSync } from 'node:fs'
import path from 'node:path'
import { ensureBuilt } from '../bin/build.mjs'
import { listenOn, root, runNext } from '../bin/process.mjs'
import { startFakePipedrive } from '../lib/providers/pipedrive/fake.ts'
import { startCompany } from './company.mjs'

/**
 * The portal as the browser tests meet it: built, fake Pipedrive on a port of its own, no mail server. The database is
 * the embedded one, or where the tests of outages need one that they can cut off, E2E_DATABASE_URL.
 */
const companies = ['e2e', 'looks'].flatMap((name) => Array.from({ length: 90 }, (_, index) => `${name}-${index + 1}`))
const fake = await startFakePipedrive({ port: Number(process.env.FAKE_PORT), companies })
const { PORT, COMPANY_PORT } = process.env
const company = COMPANY_PORT ? await startCompany(Number(COMPANY_PORT), `http://localhost:${PORT}`) : null
const dataDir = path.join(root, '.data', process.env.E2E_DATA || 'e2e')
rmSync(dataDir, { recursive: true, force: true })
Object.assign(process.env, {
  NODE_ENV: 'production',
  PORTAL_ORIGIN: `http://localhost:${process.env.PORT}`,
  DATA_DIR: dataDir,
  BUILD_KEY_DIR: '.data',
  PIPEDRIVE_BASE_URL: fake.url,
  ...(company && {
    OIDC_ISSUER: company.issuer,
    OIDC_CLIENT_ID: company.clientId,
    OIDC_CLIENT_SECRET: company.clientSecret,
  }),
  LOG_LEVEL: 'info',
})
for (const name of [
  'DATABASE_URL',
  'SMTP_URL',
  'MASTER_KEY',
  'MASTER_KEY_FILE',
  'SESSION_SECRET',
  'TRUSTED_PROXY_HOPS',
]) {
  delete process.env[name]
}
// Where the tests of mail read what arrives.
if (process.env.E2E_SMTP_URL) process.env.SMTP_URL = process.env.E2E_SMTP_URL
if (process.env.E2E_DATABASE_URL) process.env.DATABASE_URL = process.env.E2E_DATABASE_URL
await ensureBuilt()
// The fault runs start another build of the same sources.
const build = process.env.E2E_BUILD ? [process.env.E2E_BUILD] : []
runNext(['start', ...build, '--port', process.env.PORT, ...listenOn()])

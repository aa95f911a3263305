import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { endWithNpm, ensureNode, listenOn, portIsFree, root, runNext } from './process.mjs'

/**
 * `npm run demo`: the portal with a fake Pipedrive and made-up customers, all in this process. Always fresh: its data
 * folder is emptied at each start and is never the one of `npm start`.
 */
await ensureNode(fileURLToPath(import.meta.url))
endWithNpm()

const port = Number(process.env.PORT || 3000)
if (!(await portIsFree(port))) {
  process.stderr.write(
    `Port ${port} is in use. Stop what runs there, or choose another one: PORT=${port + 1} npm run demo\n`,
  )
  process.exit(1)
}
const origin = `http://localhost:${port}`
const dataDir = path.join(root, '.data', `demo-${port}`)

// Whatever this shell is set up for, the demo touches none of it.
for (const name of [
  'DATABASE_URL',
  'SMTP_URL',
  'MAIL_FROM',
  'MASTER_KEY',
  'MASTER_KEY_FILE',
  'SESSION_SECRET',
  'TRUSTED_PROXY_HOPS',
  'OIDC_ISSUER',
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
]) {
  delete process.env[name]
}
const { startFakePipedrive, fakeTokens, fakeToken } = await import('../lib/providers/pipedrive/fake.ts')
const fake = await startFakePipedrive({ companies: ['globex-corp', 'umbrella', 'stark'] })
Object.assign(process.env, {
  NODE_ENV: 'production',
  PORT: String(port),
  PORTAL_ORIGIN: origin,
  DATA_DIR: dataDir,
  BUILD_KEY_DIR: '.data',
  PIPEDRIVE_BASE_URL: fake.url,
  LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
})

rmSync(dataDir, { recursive: true, force: true })
process.stdout.write(`Demo data in ${path.relative(root, dataDir)} is made anew.\n`)
const [{ signInLink, links }] = await Promise.all([seed(), ensureBuilt()])
const repairToken = fake.regenerate(fakeToken('admin@globex-corp'))
runNext(['start', '--port', String(port), ...listenOn()])
await answers(`${origin}/api/health`)
process.stdout.write(welcome())

/** Fills the database in a process of its own: Next and the domain's code need different import conditions. */
function seed() {
  const credentials = {
    stopped: { domain: 'globex-corp', apiToken: fakeToken('admin@globex-corp') },
    connected: { domain: 'umbrella', apiToken: fakeToken('admin@umbrella') },
    limited: { domain: 'stark', apiToken: fakeToken('regular@stark') },
    busy: { domain: 'acme', apiToken: fakeToken('burst') },
  }
  const script = path.join(root, 'bin', 'demo-seed.ts')
  const child = spawn(process.execPath, ['--conditions=react-server', script, JSON.stringify(credentials)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return new Promise((resolve) => {
    child.once('message', resolve)
    child.once('exit', (code) => {
      if (code === 0) return
      process.stderr.write('The demo data could not be made.\n')
      process.exit(1)
    })
  })
}

async function answers(address) {
  for (;;) {
    const answer = await fetch(address).catch(() => null)
    if (answer?.ok) return
    await sleep(100)
  }
}

function welcome() {
  const shown = [
    'admin',
    'regular',
    'regenerated',
    'other-company',
    'api-off',
    'not-open',
    'deactivated',
    'no-deals',
    'feature-off',
    'burst-then-ok',
    'daily',
    'maintenance-html',
    'slow',
  ]
  const rows = fakeTokens
    .filter(({ name }) => shown.includes(name))
    .sort((a, b) => shown.indexOf(a.name) - shown.indexOf(b.name))
  return `
Latchkey demo is ready. Nothing here is real: no mail leaves, no Pipedrive is asked.

Portal   ${origin}
Outbox   ${origin}/outbox   every letter that would have been sent

Staff sign-in, once: you are Maria Lopez, admin of Northwind
  ${signInLink}

Secure links
${links.map(({ link, shows }) => `  ${link}   ${shows}`).join('\n')}

What to type at the first link: address acme, any name, any start date, and one of these tokens
${rows.map(({ token, expected, story }) => `  ${token}   ${mark(expected['read-only-sync'])}   ${story}`).join('\n')}

At the link that stopped working: address globex-corp and the token
  ${repairToken}   ✓

Ctrl-C ends everything. The next start makes fresh data.
`
}

function mark(code) {
  return code === 'OK' ? '✓' : `! ${code}`
}

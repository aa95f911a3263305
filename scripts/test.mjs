import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** `npm test`: everything that CI runs, the quick parts first. Stops at the first failure. */
const steps = [
  ['types, lint, layers, versions, unit', 'check'],
  ['production build', 'build'],
  ['start and stop', 'test:process'],
  ...(existsSync('playwright.config.ts') ? [['pages in a browser', 'test:pages']] : []),
]

const postgres = process.env.TEST_DATABASE_URL
  ? 'Data tests run on the embedded database and on the server Postgres of TEST_DATABASE_URL.'
  : 'Data tests run on the embedded database only: TEST_DATABASE_URL is not set, so server Postgres is LEFT OUT.'

say(postgres)
for (const [title, script] of steps) {
  say(`== ${title} (npm run ${script})`)
  const started = Date.now()
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' })
  if (status !== 0) {
    say(`== ${title}: FAILED`)
    process.exit(status ?? 1)
  }
  say(`== ${title}: passed in ${Math.round((Date.now() - started) / 1000)} s`)
}
say(`All passed. ${postgres}`)

function say(line) {
  process.stdout.write(`\n${line}\n`)
}

import { spawnSync } from 'node:child_process'

/**
 * `npm run test:faults`: the long runs that `npm test` leaves out. Races of 200 rounds, an outage over many connections,
 * a portal and workers that are killed again and again, other builds. RACE_ROUNDS, ROTATE_ROUNDS, OUTAGE_CONNECTIONS,
 * KILL_ROUNDS and FAULT_SEED choose another length, or repeat a run.
 */
const node = ['--conditions=react-server', '--test', '--test-concurrency=1', '--test-reporter=spec']
const races = ['races', 'decide', 'link-controls', 'call-off'].map((name) => `lib/connection/${name}.test.ts`)
const steps = [
  ['races', process.execPath, [...node, ...races]],
  [
    'kill -9 while keys rotate',
    process.execPath,
    [...node, '--test-name-pattern=killed', 'lib/jobs/rotate-keys.test.ts'],
  ],
  ['kill -9 while workers check', process.execPath, [...node, 'faults/kill-workers.test.ts']],
  ['an outage over 1,000 connections', process.execPath, [...node, 'lib/jobs/outage.test.ts']],
  ['production build', 'npm', ['run', '--silent', 'build']],
  ['kill -9 while letters leave', process.execPath, [...node, 'faults/kill-outbox.test.ts']],
  ['kill -9 while webhooks leave', process.execPath, [...node, 'faults/kill-webhooks.test.ts']],
  ['kill -9 while customers submit', process.execPath, [...node, 'faults/kill-submissions.test.ts']],
  ['other builds, in a browser', 'npx', ['playwright', 'test', '--config', 'faults/playwright.config.ts']],
  // Where there is a server Postgres; the others leave that half out by themselves.
  ...(process.env.TEST_DATABASE_URL
    ? [['two web processes and two workers', 'npx', ['playwright', 'test', '--config', 'faults/cluster.config.ts']]]
    : []),
]

const env = {
  ...process.env,
  RACE_ROUNDS: process.env.RACE_ROUNDS || '200',
  ROTATE_ROUNDS: process.env.ROTATE_ROUNDS || '25',
  ROTATE_ROWS: process.env.ROTATE_ROWS || '2000',
  OUTAGE_CONNECTIONS: process.env.OUTAGE_CONNECTIONS || '1000',
}
if (!env.TEST_DATABASE_URL) say('TEST_DATABASE_URL is not set, so server Postgres is LEFT OUT.')
for (const [title, command, args] of steps) {
  say(`== ${title}`)
  const started = Date.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit', env })
  if (status !== 0) {
    say(`== ${title}: FAILED`)
    process.exit(status ?? 1)
  }
  say(`== ${title}: passed in ${Math.round((Date.now() - started) / 1000)} s`)
}

function say(line) {
  process.stdout.write(`\n${line}\n`)
}

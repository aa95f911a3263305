import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort, root } from '../bin/process.mjs'

const READY_TIMEOUT_MS = 60_000
const POLL_MS = 10
const undo = []

/** A folder, gone when all is measured. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'))
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A database of its own on the server of TEST_DATABASE_URL, gone when all is measured. */
export async function temporaryDatabase() {
  const name = `latchkey_bench_${process.pid}_${undo.length}`
  await runSql(`create database ${name}`)
  undo.push(() => runSql(`drop database ${name} with (force)`))
  return new URL(`/${name}`, process.env.TEST_DATABASE_URL).href
}

async function runSql(text) {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL })
  await client.connect()
  await client.query(text)
  await client.end()
}

export async function cleanUp() {
  for (const step of undo.splice(0).reverse()) await step()
}

/** What this shell is set up for is not what is measured. */
export function settings(given) {
  const { PATH, HOME, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, LATCHKEY_BUILD_ID } = process.env
  return { PATH, HOME, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, LATCHKEY_BUILD_ID, LOG_LEVEL: 'warn', ...given }
}

/** `npm start` as it is, without npm. */
export function startPortal(given) {
  return start(['bin/start.mjs'], root, given)
}

/** The same build under Next alone: no migration, no database, no background work, no operator's socket. */
export function startBareNext() {
  const folder = temporaryFolder()
  cpSync(path.join(root, '.next'), path.join(folder, '.next'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => !/\.next[\\/](?:cache|dev|server[\\/]instrumentation)/.test(file),
  })
  for (const name of ['node_modules', 'package.json', 'next.config.js']) {
    symlinkSync(path.join(root, name), path.join(folder, name))
  }
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
  return start([next, 'start', '--hostname', '127.0.0.1'], folder, { NODE_ENV: 'production', DATA_DIR: folder })
}

/** Starts a server on a free port and waits for the first page. */
async function start(argv, cwd, given) {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const log = path.join(temporaryFolder(), 'server.log')
  const output = openSync(log, 'w')
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', path.join(import.meta.dirname, 'meter.mjs'), ...argv], {
    cwd,
    env: settings({ PORT: String(port), ...given }),
    stdio: ['ignore', output, output, 'ipc'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  undo.push(() => child.kill('SIGKILL'))
  while (!(await answers(`${origin}/`))) {
    if (child.exitCode !== null || performance.now() - startedAt > READY_TIMEOUT_MS)
      throw new Error(`the server does not answer:\n${readFileSync(log, 'utf8')}`)
    await sleep(POLL_MS)
  }
  return {
    origin,
    readyMs: performance.now() - startedAt,
    /** Since the start: `cpuMs` of all threads, `rssMb` now. */
    usage: () =>
      new Promise((resolve) => {
        child.once('message', resolve)
        child.send('usage')
      }),
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function answers(address) {
  return fetch(address).then(
    async (answer) => (await answer.text()) !== '' && answer.ok,
    () => false,
  )
}

/** Asks a customer through the running portal, as an operator would; answers what opens the page. */
export async function requestConnection({ origin }, dataDir) {
  const asked = ['--customer', 'Acme', '--email', 'jane@acme.example', '--contact-name', 'Jane Miller']
  const argv = ['request', 'create', ...asked, '--provider', 'pipedrive', '--profile', 'two-way-crm', '--no-mail']
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=react-server', 'bin/portal.ts', ...argv, '--json'],
    { cwd: root, env: settings({ DATA_DIR: dataDir, PORTAL_ORIGIN: origin }) },
  )
  return JSON.parse(stdout).link
}

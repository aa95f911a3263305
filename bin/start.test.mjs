import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startCollector } from '../lib/testing/collector.ts'
import { freePort, portIsFree, root } from './process.mjs'

/** Starts the real thing: expects that `npm run build` was run before, else the first test also builds. */
const READY_TIMEOUT_MS = 180_000
const GONE_TIMEOUT_MS = 30_000
const folders = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

for (const [title, stop] of [
  ['SIGTERM to npm frees the port', (npm) => process.kill(npm.pid, 'SIGTERM')],
  ['Ctrl-C in the terminal frees the port', (npm) => process.kill(-npm.pid, 'SIGINT')],
  ['SIGKILL to npm frees the port', (npm) => process.kill(npm.pid, 'SIGKILL')],
]) {
  test(title, async () => {
    const { npm, port } = await start()
    stop(npm)
    await until(() => portIsFree(port), GONE_TIMEOUT_MS, 'the port is still taken')
  })
}

test('the operator asks the running server over a private socket', async () => {
  const { npm, port, dataDir } = await start()
  assert.equal(statSync(path.join(dataDir, 'portal.sock')).mode & 0o777, 0o600)
  const asked = ['run', '--silent', 'portal', '--']
  const env = { ...process.env, DATA_DIR: dataDir, PORT: String(port) }

  // A machine without a way out cannot reach Pipedrive, and the doctor says so; everything else must be well.
  const { stdout } = await promisify(execFile)('npm', [...asked, 'doctor', '--json'], { cwd: root, env }).catch(
    (error) => error,
  )
  const ill = JSON.parse(stdout).checks.filter(({ check, ok }) => !ok && check !== 'providers')
  assert.deepEqual(ill, [])

  const refused = await promisify(execFile)('npm', [...asked, 'nonsense', '--json'], { cwd: root, env }).catch(
    (error) => error,
  )
  assert.equal(refused.code, 2)
  assert.equal(JSON.parse(refused.stdout).error.code, 'USAGE')

  process.kill(npm.pid, 'SIGTERM')
  await until(() => portIsFree(port), GONE_TIMEOUT_MS, 'the port is still taken')
})

test('a busy port is refused with a sentence', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  const env = { ...process.env, PORT: String(port) }
  const refused = await promisify(execFile)(process.execPath, ['bin/start.mjs'], { cwd: root, env }).catch(
    (error) => error,
  )
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, new RegExp(`^Port ${port} is in use\\.`))
  server.close()
})

test('an impossible setting ends the start with a sentence', async () => {
  const { exited, output } = launch({ TRUSTED_PROXY_HOPS: 'many' }, await freePort())
  assert.equal(await exited, 1)
  assert.match(output(), /Latchkey cannot start: .*TRUSTED_PROXY_HOPS/)
})

// S59
test('a collector is sent the routes of requests, never a link', async (t) => {
  const collector = await startCollector()
  t.after(() => collector.close())
  const { npm, port, dataDir } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const asked = [
    'request',
    'create',
    '--customer',
    'Acme',
    '--email',
    'jane@acme.example',
    '--contact-name',
    'Jane Miller',
  ]
  const argv = [...asked, '--provider', 'pipedrive', '--profile', 'two-way-crm', '--no-mail', '--json']
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'portal', '--', ...argv], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port) },
  })
  const { pathname } = new URL(JSON.parse(stdout).link)
  const here = `http://localhost:${port}`
  const opened = await fetch(here + pathname, { redirect: 'manual' })
  assert.ok(opened.status < 400, `${opened.status}`)
  await Promise.all(
    [`${pathname}/more`, `/nowhere${pathname}`, pathname.slice(0, -1)].map((path) => fetch(here + path)),
  )
  process.kill(npm.pid, 'SIGTERM')

  // What is left is sent when the process ends.
  const sent = () => [...collector.received.traces, ...collector.received.metrics].join('\n')
  const isComplete = () =>
    sent().includes('latchkey.outbox_age') && sent().includes('BaseServer.handleRequest GET /l/[link')
  await until(isComplete, GONE_TIMEOUT_MS, 'figures or routes did not come')
  assert.ok(!sent().includes(pathname.slice('/l/'.length, -1)), 'a link was sent')
})

async function start(settings = {}) {
  const port = await freePort()
  const started = launch(settings, port)
  const address = `http://127.0.0.1:${port}/api/health`
  let gone = false
  started.exited.then(() => {
    gone = true
  })
  await until(
    async () =>
      gone ||
      (await fetch(address).then(
        (answer) => answer.ok,
        () => false,
      )),
    READY_TIMEOUT_MS,
    'the server does not answer',
  )
  assert.equal(gone, false, started.output())
  return { ...started, port }
}

function launch(settings, port) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'latchkey-start-'))
  folders.push(dataDir)
  // The key of the checkout's own build, so that no other one is made.
  const env = { ...process.env, DATA_DIR: dataDir, BUILD_KEY_DIR: '.data', PORT: String(port), ...settings }
  const npm = spawn('npm', ['start'], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (part) => (text += part))
  return { npm, dataDir, output: () => text, exited: new Promise((resolve) => npm.once('exit', resolve)) }
}

async function until(isSo, timeoutMs, complaint) {
  for (let waited = 0; waited < timeoutMs; waited += 100) {
    if (await isSo()) return
    await sleep(100)
  }
  assert.fail(complaint)
}

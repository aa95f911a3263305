import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')

const NODE_MAJOR_MIN = 22
const NODE_MINOR_MIN = 18

/** Runs `script` again under the Node of node_modules when this one is too old. `npm run` finds that one by itself. */
export async function ensureNode(script) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN)) return
  const node = path.join(root, 'node_modules', '.bin', 'node')
  if (!existsSync(node) || process.env.LATCHKEY_NODE) {
    process.stderr.write(
      `Latchkey needs Node ${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or newer; this is ${process.versions.node}.\n`,
    )
    process.exit(1)
  }
  process.exit(await runToEnd(node, [script, ...process.argv.slice(2)], { ...process.env, LATCHKEY_NODE: '1' }))
}

/** Runs a child to its end and passes signals on to it. Answers its exit code. */
export function runToEnd(command, args, env = process.env) {
  const child = spawn(command, args, { stdio: 'inherit', env, cwd: root })
  const passOn = (signal) => child.kill(signal)
  process.on('SIGTERM', passOn).on('SIGINT', passOn)
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code, signal) => {
      process.off('SIGTERM', passOn).off('SIGINT', passOn)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}

const PARENT_CHECK_MS = 500

/** What npm started ends by itself when npm is gone: npm may die without passing the signal on, and never can after SIGKILL. */
export function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const started = ancestors()
  setInterval(() => {
    if (ancestors() !== started) process.kill(process.pid, 'SIGTERM')
  }, PARENT_CHECK_MS).unref()
}

/** Our parent and, where the system tells, its parent: npm puts a shell between itself and us. */
function ancestors() {
  const parent = process.ppid
  try {
    const grandparent = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]
    return `${parent} ${grandparent}`
  } catch {
    return `${parent}`
  }
}

/** Whether nothing listens on the port: neither on all addresses nor on the loopback ones. */
export async function portIsFree(port) {
  const answers = await Promise.all(['127.0.0.1', '::1'].map((host) => somebodyAnswers(host, port)))
  return !answers.includes(true) && canListen(port)
}

function somebodyAnswers(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}

/** A port that nothing listens on, chosen by the system. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether the portal is for this machine only; without an origin it is. */
export function isLoopback(origin = process.env.PORTAL_ORIGIN) {
  return !origin || (URL.canParse(origin) && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname))
}

/** A portal for this machine only is not for its neighbours in the network either. `LISTEN_HOST` overrides, e.g. in a container. */
export function listenOn() {
  const host = process.env.LISTEN_HOST || (isLoopback() ? '127.0.0.1' : null)
  return host ? ['--hostname', host] : []
}

/** Runs Next's command line in this process: one process to signal, one process that owns the embedded database. */
export function runNext(args) {
  const require = createRequire(import.meta.url)
  const next = require.resolve('next/dist/bin/next')
  process.env.NEXT_TELEMETRY_DISABLED = '1'
  process.chdir(root)
  process.argv = [process.execPath, next, ...args]
  require(next)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import pg from 'pg'
import { preparePortal } from '../e2e/prepare-portal.mjs'
import { PORTS } from './cluster-ports.mjs'

/**
 * The portal of the browser tests as bigger teams run it: two web processes and two workers on one server Postgres, and a
 * proxy in front that asks the two in turn, so that hardly any page is drawn where the one before came from.
 */
const { proxy, webs, database } = PORTS
await makeDatabase()
process.env.E2E_DATABASE_URL = database
await preparePortal()
process.env.TRUSTED_PROXY_HOPS = '1'

const children = []
// The tests speak to the operator's socket, as they do with the embedded database. It makes tables and keys, first.
const operator = start(['--conditions=react-server', 'faults/operator.ts'])
await once(operator, 'message')
for (const port of webs) start(['bin/start.mjs'], { PORT: String(port) })
for (let worker = 0; worker < 2; worker++) start(['--conditions=react-server', 'bin/worker.ts'])
await Promise.all(webs.map(isReady))
http.createServer(passOn).listen(proxy, '127.0.0.1')

function start(args, settings = {}) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.once('exit', (code) => code && stop(code))
  children.push(child)
  return child
}

/** One that ends by itself ends them all: a test must not pass because only half of the cluster is there. */
async function stop(code) {
  for (const child of children) child.removeAllListeners('exit').kill('SIGTERM')
  await Promise.all(children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit')))
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(0))

async function makeDatabase() {
  const { pathname } = new URL(database)
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL })
  await client.connect()
  await client.query(`drop database if exists ${pathname.slice(1)} with (force)`)
  await client.query(`create database ${pathname.slice(1)}`)
  await client.end()
}

async function isReady(port) {
  for (;;) {
    const isUp = await fetch(`http://127.0.0.1:${port}/api/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

let turn = 0
function passOn(request, response) {
  const { method, url, socket } = request
  const headers = { ...request.headers, 'x-forwarded-for': socket.remoteAddress }
  const port = webs[turn++ % webs.length]
  const passed = http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders)
    answer.pipe(response)
  })
  passed.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  response.on('close', () => passed.destroy())
  request.pipe(passed)
}

import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { getJson, isPublicAddress, post } from './http.ts'

const closers: (() => void)[] = []
after(() => {
  for (const close of closers) close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ask(listener: RequestListener, options: { timeoutMs?: number; bytesMax?: number } = {}) {
  const origin = await serve(listener)
  return getJson(`${origin}/path`, {
    headers: { 'x-api-token': 't' },
    timeoutMs: 400,
    bytesMax: 1000,
    allowPrivateOrigin: origin,
    ...options,
  })
}

const json = { 'content-type': 'application/json; charset=utf-8' }

test('a JSON answer comes back parsed, with its status and headers', async () => {
  const outcome = await ask((request, response) => {
    response.writeHead(200, { ...json, 'x-correlation-id': 'c1' })
    response.end(JSON.stringify({ token: request.headers['x-api-token'], method: request.method }))
  })
  assert.equal(outcome.kind, 'answer')
  if (outcome.kind !== 'answer') return
  assert.equal(outcome.status, 200)
  assert.equal(outcome.headers['x-correlation-id'], 'c1')
  assert.deepEqual(outcome.body, { type: 'json', value: { token: 't', method: 'GET' } })
})

for (const [name, headers, body, type] of [
  ['a page', { 'content-type': 'text/html; charset=UTF-8' }, '<html></html>', 'html'],
  ['a page that says it is JSON', json, '  <!DOCTYPE html>', 'html'],
  ['JSON that says it is text', { 'content-type': 'text/plain' }, '{}', 'not_json'],
  ['half of a JSON text', json, '{"a":', 'not_json'],
  ['nothing', json, '', 'not_json'],
  ['a compressed body nobody asked for', { ...json, 'content-encoding': 'gzip' }, '{}', 'not_json'],
  ['an unknown JSON type', { 'content-type': 'application/problem+json' }, '{}', 'json'],
] as const) {
  test(`${name} is ${type}`, async () => {
    const outcome = await ask((_request, response) => {
      response.writeHead(200, headers)
      response.end(body)
    })
    assert.equal(outcome.kind === 'answer' ? outcome.body.type : outcome.kind, type)
  })
}

for (const [name, expected, listener] of [
  [
    'a redirect is not followed',
    'redirect',
    (_q, r) => r.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  ],
  ['silence ends in a time-out', 'timeout', () => {}],
  [
    'an announced size above the bound is not read',
    'too_large',
    (_q, r) => r.writeHead(200, { ...json, 'content-length': 5000 }).end('a'.repeat(5000)),
  ],
  ['a body above the bound is given up', 'too_large', (_q, r) => r.writeHead(200, json).end('a'.repeat(50_000))],
  [
    'an answer that ends early is cut',
    'cut',
    (_q, r) => r.writeHead(200, { ...json, 'content-length': 900 }).write('{', () => r.socket?.destroy()),
  ],
  ['a connection that ends before the headers is cut', 'cut', (q) => q.socket.destroy()],
  [
    'a trickle ends in a time-out',
    'timeout',
    (_q, r) => {
      r.writeHead(200, json)
      const timer = setInterval(() => r.write(' '), 30)
      r.on('close', () => clearInterval(timer))
    },
  ],
] as [string, string, RequestListener][]) {
  test(name, async () => {
    const startedAt = performance.now()
    assert.equal((await ask(listener)).kind, expected)
    assert.ok(performance.now() - startedAt < 2_000)
  })
}

test('a refused connection is a network fault', async () => {
  const origin = 'http://127.0.0.1:9'
  const outcome = await getJson(origin, { headers: {}, timeoutMs: 1000, bytesMax: 10, allowPrivateOrigin: origin })
  assert.deepEqual(outcome, { kind: 'network', reason: 'ECONNREFUSED' })
})

test('private addresses and plain http are refused, whatever their spelling', async () => {
  const origin = await serve((_request, response) => response.writeHead(200, json).end('{}'))
  const port = new URL(origin).port
  for (const url of [
    origin,
    `https://127.0.0.1:${port}/`,
    `https://localhost:${port}/`,
    `https://[::1]:${port}/`,
    `https://[::ffff:127.0.0.1]:${port}/`,
    'https://2130706433/',
    'https://0x7f.1/',
    'https://169.254.169.254/',
    'https://[64:ff9b::7f00:1]/',
    'http://api.pipedrive.com/',
    'https://user:pass@api.pipedrive.com/',
    'file:///etc/passwd',
    'not a url',
  ]) {
    const outcome = await getJson(url, {
      headers: {},
      timeoutMs: 1000,
      bytesMax: 10,
      allowPrivateOrigin: 'http://127.0.0.1:1',
    })
    assert.equal(outcome.kind, 'refused_address', url)
  }
})

test('only public addresses count as public', () => {
  for (const address of ['8.8.8.8', '104.16.1.1', '2606:4700::1111']) assert.ok(isPublicAddress(address), address)
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'ff02::1',
    'pipedrive.com',
    '',
  ]) {
    assert.ok(!isPublicAddress(address), address)
  }
})

test('a POST brings its body, and what counts of the answer is its status', async () => {
  const bodies: string[] = []
  const origin = await serve(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    bodies.push(`${request.method} ${request.headers['content-length']} ${body}`)
    response.writeHead(201, { 'content-type': 'text/html' }).end('<p>Thank you')
  })
  const sent = { headers: {}, body: '{"ü":1}', timeoutMs: 400, bytesMax: 1000, allowPrivateOrigin: origin }
  assert.deepEqual(await post(origin, sent), { kind: 'answered', status: 201, retryAfterSeconds: null })
  assert.deepEqual(bodies, ['POST 8 {"ü":1}'])
  assert.deepEqual(await post(origin, { ...sent, allowPrivateOrigin: null }), { kind: 'refused_address' })
})

for (const [name, expected, listener] of [
  ['nothing comes', { kind: 'timeout', status: null }, () => {}],
  ['the line goes dead', { kind: 'cut', status: null }, (_q, r) => r.destroy()],
  [
    'it ends in the middle',
    { kind: 'answered', status: 200, retryAfterSeconds: null },
    (_q, r) => void r.writeHead(200).write('x', () => r.destroy()),
  ],
  [
    'it never ends',
    { kind: 'answered', status: 200, retryAfterSeconds: null },
    (_q, r) => void r.writeHead(200).write('x'),
  ],
  [
    'it is too long',
    { kind: 'answered', status: 503, retryAfterSeconds: 90 },
    (_q, r) => r.writeHead(503, { 'retry-after': '90' }).end('x'.repeat(2_000)),
  ],
  ['it leads elsewhere', { kind: 'redirect', status: 307 }, (_q, r) => r.writeHead(307, { location: '/' }).end()],
] as [string, object, RequestListener][]) {
  test(`a POST whose answer is such that ${name} ends in ${JSON.stringify(expected)}`, async () => {
    const origin = await serve(listener)
    const sent = { headers: {}, body: '{}', timeoutMs: 400, bytesMax: 1000, allowPrivateOrigin: origin }
    assert.deepEqual(await post(origin, sent), expected)
  })
}

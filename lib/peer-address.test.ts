import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { clientAddress, PEER_HEADER, rewriteForwardedHeaders, trustOnlyOurProxies } from './peer-address.ts'

const local = 'http://localhost:3000'
const open = 'https://portal.example.com'

const addresses: [hops: number, forwardedFor: string | undefined, socket: string, expected: string][] = [
  [0, undefined, '203.0.113.9', '203.0.113.9'],
  [0, '198.51.100.1', '203.0.113.9', '203.0.113.9'],
  [0, undefined, '::ffff:127.0.0.1', '127.0.0.1'],
  [1, '198.51.100.1', '10.0.0.2', '198.51.100.1'],
  [1, '6.6.6.6, 198.51.100.1', '10.0.0.2', '198.51.100.1'],
  [2, '6.6.6.6, 198.51.100.1, 10.0.0.3', '10.0.0.2', '198.51.100.1'],
  [1, '198.51.100.1:4711', '10.0.0.2', '198.51.100.1'],
  [1, '[2001:db8::1]:4711', '10.0.0.2', '2001:db8::1'],
  [2, '198.51.100.1', '10.0.0.2', '10.0.0.2'],
  [1, undefined, '10.0.0.2', '10.0.0.2'],
]

for (const [trustedProxyHops, forwardedFor, socket, expected] of addresses) {
  test(`with ${trustedProxyHops} proxies, "${forwardedFor}" from ${socket} counts as ${expected}`, () => {
    const headers = { 'x-forwarded-for': forwardedFor, [PEER_HEADER]: '6.6.6.6' }
    rewriteForwardedHeaders(headers, socket, { trustedProxyHops, portalOrigin: local })
    assert.equal(headers[PEER_HEADER], expected)
  })
}

test("a client's forwarded host never survives", () => {
  for (const trustedProxyHops of [0, 1]) {
    const headers: IncomingHttpHeaders = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    }
    rewriteForwardedHeaders(headers, '10.0.0.2', { trustedProxyHops, portalOrigin: open })
    assert.equal(headers['x-forwarded-host'], 'portal.example.com')
    assert.equal(headers['x-forwarded-proto'], 'https')
    assert.equal(headers.forwarded, undefined)
  }
})

test('every request to a server of this process is rewritten before its handler runs', async () => {
  trustOnlyOurProxies({ trustedProxyHops: 0, portalOrigin: local })
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers))).listen(
    0,
    '127.0.0.1',
  )
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { [PEER_HEADER]: '6.6.6.6', 'x-forwarded-host': 'evil.example' },
  })
  const seen = new Headers((await answer.json()) as Record<string, string>)
  assert.equal(clientAddress(seen), '127.0.0.1')
  assert.equal(seen.get('x-forwarded-host'), null)
  server.close()
})

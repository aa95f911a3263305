import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { connect as connectCustomer } from '#lib/connection/connect.ts'
import { db } from '#lib/data/database.ts'
import { PEER_HEADER, trustOnlyOurProxies } from '#lib/peer-address.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { giveCredential } from './credential.ts'
import type { Listening } from './listen.ts'
import { listen } from './listen.ts'
import { readCredential } from './operations.ts'
import { routes } from './serve.ts'

let pipedrive: FakePipedrive
let server: Listening
let operator: Operator
let asked: Asked
let key: string

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

type Sent = { method?: string; body?: string; headers?: Record<string, string> }

async function call(path: string, { method = 'POST', body = '{"purpose":"nightly"}', headers = {} }: Sent = {}) {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(method !== 'GET' && { body }),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const credentialOf = ({ connectionId }: Asked) => `/api/v1/connections/${connectionId}/credential`

/** What HTTP libraries would not send. */
async function callRaw(request: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  socket.end(request)
  return text(socket)
}

onEachEngine(
  () => {
    before(async () => {
      trustOnlyOurProxies({ portalOrigin: 'http://localhost:3000', trustedProxyHops: 0 })
      server = await listen({ port: 0, host: '127.0.0.1' }, [
        { path: readCredential.path, methods: routes({ POST: giveCredential }) },
        { path: '/api/health', methods: { GET: async () => Response.json({ status: 'ok' }) } },
      ])
    })
    after(() => server.close())
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
      await connectCustomer(asked.holder, typed('admin'))
      ;({ key } = await makeMachine(operator))
    })

    test('a machine reads its credential, and the log has its own address', async () => {
      const answer = await call(credentialOf(asked), { headers: { [PEER_HEADER]: '203.0.113.7' } })
      assert.equal(answer.status, 200)
      assert.equal(JSON.parse(answer.text).headers['x-api-token'], fakeToken('admin'))
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      const { address } = await db()
        .selectFrom('auditEvents')
        .select('address')
        .where('action', '=', 'credential.read')
        .where('objectId', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.equal(address, '127.0.0.1')
    })

    test('who has no key, or asks for what is not there, is refused in the form of the API', async () => {
      const other = await ask(await makeTeam())
      for (const [path, sent, status, code] of [
        [credentialOf(asked), { headers: { authorization: '' } }, 401, 'key_unknown'],
        [credentialOf(other), {}, 404, 'not_found'],
        [credentialOf(asked), { method: 'GET' }, 405, 'method_not_allowed'],
        [credentialOf(asked), { body: 'x'.repeat(40_000) }, 413, 'too_large'],
        [credentialOf(asked), { body: '{' }, 400, 'unreadable_json'],
        ['/api/v1/connections', { method: 'GET' }, 404, 'not_found'],
        ['/api/v1/connections/a/credential/more', {}, 404, 'not_found'],
        ['/connections', { method: 'GET' }, 404, 'not_found'],
        ['/api/health', {}, 404, 'not_found'],
      ] as const) {
        const answer = await call(path, sent)
        assert.deepEqual([answer.status, JSON.parse(answer.text).code], [status, code], `${path} ${answer.text}`)
        assert.match(answer.headers.get('content-type') ?? '', /problem\+json/)
      }
      assert.equal((await call('/api/health', { method: 'GET' })).status, 200)
    })

    test('a request that is none does no harm', async () => {
      for (const request of [
        'GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n',
        'TRACE /api/health HTTP/1.1\r\nhost: x\r\n\r\n',
      ])
        assert.match(await callRaw(request), /^HTTP\/1.1 (?:400|404|405)/)
      assert.equal((await call('/api/health', { method: 'GET' })).status, 200)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { LIMITS } from '#lib/api/operation.ts'
import { credential as credentialSchema } from '#lib/api/schemas.ts'
import { KeyProviderError } from '#lib/crypto/key-provider.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { pipedrive as provider } from '#lib/providers/pipedrive/provider.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Answer } from '#lib/testing/machine.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { type Status, statuses } from './status.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const TOKEN = fakeToken('admin')

function read(key: string, connectionId: string, headers?: Record<string, string>): Promise<Answer> {
  return callApi('POST', `/api/v1/connections/${connectionId}/credential`, {
    key,
    body: { purpose: 'Nightly sync' },
    headers,
  })
}

async function readsOf(connectionId: string) {
  return db()
    .selectFrom('auditEvents')
    .select(['actorKind', 'actorId', 'action', 'outcome', 'reason'])
    .where('objectId', '=', connectionId)
    .where('action', 'in', ['credential.read', 'credential.open_refused'])
    .orderBy('id')
    .execute()
}

async function setStatus(connectionId: string, status: Status): Promise<void> {
  await db().updateTable('connections').set({ status }).where('id', '=', connectionId).execute()
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator, { startDate: '2026-01-02T03:04:05+02:00' })
      await connect(asked.holder, typed('admin', { startDate: '2026-01-02T03:04:05+02:00' }))
    })

    test('an integration gets what it needs to call the provider, and the call works', async () => {
      const { id, key } = await makeMachine(operator, { scopes: ['credentials:read'] })
      const answer = await read(key, asked.connectionId)
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('etag'), null)
      credentialSchema.strict().parse(answer.body)
      const { headers, baseUrl, company, startDate, version } = answer.body
      assert.deepEqual(headers, { 'x-api-token': TOKEN })
      assert.deepEqual([company.domain, startDate, version], ['acme', '2026-01-02T03:04:05+02:00', 1])
      const deals = await fetch(`${baseUrl}/v2/deals?limit=1`, { headers })
      assert.equal(deals.status, 200)
      const reads = await readsOf(asked.connectionId)
      assert.deepEqual(reads, [
        { actorKind: 'integration', actorId: id, action: 'credential.read', outcome: 'done', reason: '“Nightly sync”' },
      ])
    })

    test('without a fake provider the address is that of the company', () => {
      assert.equal(provider.baseUrlOf('acme', null), 'https://acme.pipedrive.com/api')
      assert.throws(() => provider.baseUrlOf('acme.evil.example/', null), /company label/)
    })

    // S33
    test('every unwrap of a data key for an integration has its audit row, and an Idempotency-Key saves none', async () => {
      const { key } = await makeMachine(operator)
      const before = (await readsOf(asked.connectionId)).length
      const spy = mock.method(keyProvider(), 'unwrap')
      for (let count = 0; count < 5; count++)
        assert.equal((await read(key, asked.connectionId, { 'idempotency-key': 'again' })).status, 200)
      assert.equal(spy.mock.callCount(), 5)
      spy.mock.restore()
      assert.equal((await readsOf(asked.connectionId)).length - before, 5)
      const kept = await db()
        .selectFrom('apiAnswers')
        .select('idempotencyKey')
        .where('teamId', '=', operator.teamId)
        .execute()
      assert.deepEqual(kept, [])
    })

    // S34
    test('where the audit row cannot be written, nothing is opened', async () => {
      const { key } = await makeMachine(operator)
      const spy = mock.method(keyProvider(), 'unwrap')
      await sql`create function no_audit() returns trigger language plpgsql as
        $$ begin raise exception 'disk full' using errcode = '53100'; end $$`.execute(db())
      await sql`create trigger no_audit before insert on audit_events for each row execute function no_audit()`.execute(
        db(),
      )
      try {
        const answer = await read(key, asked.connectionId)
        assert.equal(answer.status, 500)
        assert.equal(answer.body.code, 'internal')
        assert.ok(answer.body.reference)
        assert.ok(!answer.text.includes('disk') && !answer.text.includes(TOKEN))
      } finally {
        await sql`drop trigger no_audit on audit_events`.execute(db())
        await sql`drop function no_audit()`.execute(db())
      }
      assert.equal(spy.mock.callCount(), 0)
      spy.mock.restore()
      assert.equal((await read(key, asked.connectionId)).status, 200)
    })

    test('a purpose is needed: some words in one line', async () => {
      const { key } = await makeMachine(operator)
      const address = `/api/v1/connections/${asked.connectionId}/credential`
      for (const body of [
        {},
        { purpose: '' },
        { purpose: '  ' },
        { purpose: 'x'.repeat(201) },
        { purpose: 'a\nb c' },
        { purpose: 7 },
      ])
        assert.equal((await callApi('POST', address, { key, body })).status, 422, JSON.stringify(body))
      assert.equal((await callApi('GET', address, { key })).status, 405)
      assert.deepEqual(await readsOf(asked.connectionId), [])
    })

    test('only what is connected is handed out; everything else says why not', async () => {
      const { key } = await makeMachine(operator)
      const codes: Record<Status, string> = {
        draft: 'not_connected',
        queued: 'not_connected',
        sent: 'not_connected',
        undeliverable: 'not_connected',
        visited: 'not_connected',
        declined: 'not_connected',
        expired: 'not_connected',
        revoked: 'not_connected',
        needs_customer: 'needs_action',
        needs_confirmation: 'needs_action',
        needs_manager: 'needs_action',
        waiting_provider: 'waiting_for_provider',
        stopped: 'stopped',
        off_boarding: 'off_boarding',
        closed: 'closed',
        closed_unproven: 'closed',
        connected: '',
        connected_limited: '',
      }
      const spy = mock.method(keyProvider(), 'unwrap')
      for (const status of statuses) {
        await setStatus(asked.connectionId, status)
        const answer = await read(key, asked.connectionId)
        const opened = spy.mock.callCount()
        spy.mock.resetCalls()
        if (codes[status] === '') assert.deepEqual([answer.status, opened], [200, 1], status)
        else {
          assert.deepEqual([answer.status, answer.body.code, opened], [409, codes[status], 0], status)
          assert.equal(answer.body.connection.status, status)
          assert.ok(!answer.text.includes(TOKEN))
        }
      }
      spy.mock.restore()
      const never = await ask(operator)
      assert.equal((await read(key, never.connectionId)).body.code, 'not_connected')
    })

    // S21
    test('a company that somebody changed in the database gets no token', async () => {
      const { key } = await makeMachine(operator)
      const spy = mock.method(keyProvider(), 'unwrap')
      const moved = { providerCompanyDomain: 'evil' }
      await db().updateTable('connections').set(moved).where('id', '=', asked.connectionId).execute()
      assert.equal((await read(key, asked.connectionId)).status, 500)
      assert.equal(spy.mock.callCount(), 0)
      spy.mock.restore()
      // With the host changed beside it, the seal itself does not open.
      await db()
        .updateTable('credentials')
        .set({ host: 'evil.pipedrive.com' })
        .where('connectionId', '=', asked.connectionId)
        .execute()
      const answer = await read(key, asked.connectionId)
      assert.equal(answer.status, 500)
      assert.ok(!answer.text.includes(TOKEN))
      const refused = (await readsOf(asked.connectionId)).filter(({ action }) => action === 'credential.open_refused')
      assert.equal(refused.length, 2)
    })

    test('with a public key the answer is a JWE that its private half alone opens', async () => {
      for (const [alg, options] of [
        ['ECDH-ES+A256KW', { crv: 'P-256' }],
        ['ECDH-ES', { crv: 'P-384' }],
        ['ECDH-ES+A256KW', { crv: 'X25519' }],
      ] as const) {
        const { publicKey, privateKey } = await generateKeyPair(alg, { ...options, extractable: true })
        const machine = await makeMachine(operator, {
          publicKey: JSON.stringify({ ...(await exportJWK(publicKey)), alg }),
        })
        const answer = await read(machine.key, asked.connectionId, { accept: 'application/jose' })
        assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/jose'])
        assert.ok(!answer.text.includes(TOKEN))
        const { plaintext, protectedHeader } = await compactDecrypt(answer.text, privateKey)
        assert.deepEqual([protectedHeader.alg, protectedHeader.enc], [alg, 'A256GCM'])
        const opened = JSON.parse(new TextDecoder().decode(plaintext))
        assert.equal(opened.headers['x-api-token'], TOKEN)
        const stranger = await generateKeyPair(alg, options)
        await assert.rejects(compactDecrypt(answer.text, stranger.privateKey))
        assert.equal((await read(machine.key, asked.connectionId)).body.headers['x-api-token'], TOKEN)
      }
    })

    test('a JWE without a public key is refused before anything is opened', async () => {
      const { key } = await makeMachine(operator)
      const answer = await read(key, asked.connectionId, { accept: 'application/jose, application/json;q=0.5' })
      assert.deepEqual([answer.status, answer.body.code], [406, 'not_acceptable'])
      assert.deepEqual(await readsOf(asked.connectionId), [])
    })

    test('a private key, a point on no curve and anything else are no public key', async () => {
      const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
      const good = await exportJWK(publicKey)
      for (const bad of [
        JSON.stringify(await exportJWK(privateKey)),
        JSON.stringify({ ...good, y: good.x }),
        JSON.stringify({ ...good, crv: 'P-521' }),
        JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }),
        '{}',
        'no JSON',
      ])
        await assert.rejects(makeMachine(operator, { publicKey: bad }), /ZodError|public/, bad)
    })

    // S63
    test('credentials have a limit of their own', async () => {
      const { id, key } = await makeMachine(operator)
      const first = await read(key, asked.connectionId)
      assert.equal(first.headers.get('ratelimit-limit'), '60')
      const full = { hits: LIMITS.credentials }
      await db().updateTable('rateLimits').set(full).where('bucket', '=', `api:credentials:${id}`).execute()
      const answer = await read(key, asked.connectionId)
      assert.equal(answer.status, 429)
      assert.ok(answer.headers.get('retry-after'))
      assert.equal((await callApi('GET', '/api/v1/profiles', { key })).status, 200)
      assert.equal((await readsOf(asked.connectionId)).length, 1)
    })

    test('a key provider that is down is an outage, not a bug, and nothing leaves', async () => {
      const { key } = await makeMachine(operator)
      const spy = mock.method(keyProvider(), 'unwrap', async () =>
        Promise.reject(new KeyProviderError('timeout', 'no')),
      )
      const answer = await read(key, asked.connectionId)
      spy.mock.restore()
      assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable'])
      assert.ok(answer.headers.get('retry-after'))
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

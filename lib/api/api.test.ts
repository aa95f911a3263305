import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { decline } from '#lib/connection/decline.ts'
import { expireLinks } from '#lib/connection/expire.ts'
import { revokeIntegration, rotateKey } from '#lib/connection/integrations.ts'
import { endLinkAt, extendLink, findLinkByKey } from '#lib/connection/links.ts'
import { visit } from '#lib/connection/visit.ts'
import { db } from '#lib/data/database.ts'
import { numberEvents, purgeEvents } from '#lib/data/events.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { scopes } from '#lib/scopes.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import { ask, eventsOf, keyOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { LIMITS } from './operation.ts'
import { operations } from './operations.ts'
import { problemResource } from './schemas.ts'

let pipedrive: FakePipedrive
let operator: Operator

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const NOBODY = '0'.repeat(26)
const order = (over: object = {}) => ({
  customer: 'Acme',
  contact: { name: 'Jane Miller', email: 'jane@acme.example' },
  deliver: 'link',
  connections: [{ provider: 'pipedrive', profile: 'two-way-crm', externalId: 'crm-7' }],
  ...over,
})

async function auditOf(
  actorId: string,
): Promise<{ action: string; outcome: string; objectId: string; details: Record<string, unknown> }[]> {
  return db()
    .selectFrom('auditEvents')
    .select(['action', 'outcome', 'objectId', 'details'])
    .where('actorId', '=', actorId)
    .orderBy('id')
    .execute()
}

/** Every operation with an address that leads nowhere, and a body its schema takes. */
const bodies: Record<string, unknown> = {
  createRequest: order(),
  rotateRequestLink: {},
  readCredential: { purpose: 'Test' },
  reportConnection: { observed: 401 },
  offBoardConnection: {},
}
const calls = operations.map(({ id, method, path, scopes: needed }) => ({
  id,
  method,
  needed,
  address: path.replace('{requestId}', `req_${NOBODY}`).replace('{connectionId}', `con_${NOBODY}`),
  body: bodies[id],
}))

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
    })

    test('without a key, with a made-up one and with a cookie alone nobody gets in', async () => {
      for (const { method, address, body } of calls) {
        const without = await callApi(method, address, { body, headers: { cookie: 'latchkey-staff=anything' } })
        assert.deepEqual([without.status, without.body.code], [401, 'key_missing'], address)
        assert.match(without.headers.get('www-authenticate') ?? '', /^Bearer/)
        for (const authorization of [
          `Bearer lk_${'A'.repeat(43)}`,
          'Bearer x',
          'Basic bGs6',
          `bearer lk_${'A'.repeat(44)}`,
        ]) {
          const answer = await callApi(method, address, { body, headers: { authorization } })
          assert.deepEqual([answer.status, answer.body.code], [401, 'key_unknown'], authorization)
        }
      }
    })

    // S63
    test('a key that was revoked, has expired or was replaced is refused at its next call, and the log says so', async () => {
      const revoked = await makeMachine(operator)
      const expired = await makeMachine(operator)
      const replaced = await makeMachine(operator)
      for (const { key } of [revoked, expired, replaced])
        assert.equal((await callApi('GET', '/api/v1/profiles', { key })).status, 200)
      await revokeIntegration(operator, revoked.id)
      await db().updateTable('integrations').set({ expiresAt: sql<Date>`now()` }).where('id', '=', expired.id).execute()
      await rotateKey(operator, { integrationId: replaced.id, overlapHours: 0 })
      for (const [{ id, key }, code] of [
        [revoked, 'key_revoked'],
        [expired, 'key_expired'],
        [replaced, 'key_expired'],
      ] as const) {
        const answer = await callApi('GET', '/api/v1/profiles', { key })
        assert.deepEqual([answer.status, answer.body.code], [401, code])
        const rows = await auditOf(id)
        assert.deepEqual(
          rows.map(({ action, outcome, details }) => [action, outcome, details.code]),
          [['integration.refused', 'refused', code]],
        )
      }
    })

    test('a key without the scope is refused with 403 by every call, and the log says so', async () => {
      for (const { id, method, address, body, needed } of calls) {
        const others = scopes.filter((scope) => !needed.includes(scope))
        const machine = await makeMachine(operator, { scopes: others })
        const answer = await callApi(method, address, { key: machine.key, body })
        assert.deepEqual([answer.status, answer.body.code], [403, 'scope_missing'], id)
        assert.deepEqual(answer.body.wanted, needed)
        assert.deepEqual(
          (await auditOf(machine.id)).map(({ details }) => details),
          [{ code: 'scope_missing', wanted: needed }],
        )
        // The scope alone is enough to get past the door.
        for (const scope of needed) {
          const { key } = await makeMachine(operator, { scopes: [scope] })
          assert.ok(![401, 403].includes((await callApi(method, address, { key, body })).status), id)
        }
      }
    })

    test('a key with a list of addresses works from these alone', async () => {
      const machine = await makeMachine(operator, { addresses: ['203.0.113.0/24', '2001:db8::7'] })
      const from = async (address: string) =>
        (await callApi('GET', '/api/v1/profiles', { key: machine.key, from: address })).status
      assert.equal(await from('203.0.113.9'), 200)
      assert.equal(await from('2001:db8::7'), 200)
      for (const address of ['203.0.114.9', '2001:db8::8', '', 'nonsense'])
        assert.equal(await from(address), 403, address)
      // A header that anybody can send is no address.
      const forged = { 'x-forwarded-for': '203.0.113.9' }
      const answer = await callApi('GET', '/api/v1/profiles', {
        key: machine.key,
        from: '198.51.100.1',
        headers: forged,
      })
      assert.equal(answer.body.code, 'address_not_allowed')
    })

    test('whoever tries keys from one address is slowed down; a good key there is not', async () => {
      const { key } = await makeMachine(operator)
      const from = '198.51.100.77'
      const codes: number[] = []
      for (let tries = 0; tries < 61; tries++)
        codes.push((await callApi('GET', '/api/v1/profiles', { key: `lk_${'B'.repeat(43)}`, from })).status)
      assert.deepEqual([codes[0], codes[59], codes[60]], [401, 401, 429])
      assert.equal((await callApi('GET', '/api/v1/profiles', { key, from })).status, 200)
    })

    test('a request that is handed over has its link in the answer, and a customer can open it', async () => {
      const machine = await makeMachine(operator)
      const made = await callApi('POST', '/api/v1/requests', { key: machine.key, body: order() })
      assert.equal(made.status, 201)
      assert.equal(made.headers.get('cache-control'), 'no-store')
      assert.equal(made.headers.get('location'), `/api/v1/requests/${made.body.id}`)
      assert.match(made.body.reference, /^[A-Z]{3}-\d{3}$/)
      assert.equal((await findLinkByKey(keyOf(made.body.link)))?.requestId, made.body.id)
      assert.deepEqual(
        made.body.connections.map(({ status }: { status: string }) => status),
        ['sent'],
      )
      const read = await callApi('GET', `/api/v1/requests/${made.body.id}`, { key: machine.key })
      assert.equal(read.body.link.state, 'live')
      assert.equal(read.body.connections[0].externalId, 'crm-7')
      assert.ok(!read.text.includes(keyOf(made.body.link)))
      assert.deepEqual(
        (await auditOf(machine.id)).map(({ action }) => action),
        ['request.created'],
      )
    })

    test('a request that is mailed is queued, and its link is not told', async () => {
      const { key } = await makeMachine(operator)
      const made = await callApi('POST', '/api/v1/requests', { key, body: order({ deliver: undefined }) })
      assert.equal(made.status, 201)
      assert.equal(made.body.link, undefined)
      assert.equal((await statusOf(made.body.connections[0].id)).status, 'queued')
    })

    test('bad input is named field by field, and nothing is stored', async () => {
      const { key } = await makeMachine(operator)
      const body = order({
        contact: { name: '', email: 'jane@' },
        connections: [{ provider: 'pipedrive', profile: 'no-such', expectedDomain: 'a b' }, { provider: 'xero' }],
      })
      const { status, body: said } = await callApi('POST', '/api/v1/requests', { key, body })
      assert.deepEqual([status, said.code], [422, 'invalid_request'])
      const fields = said.errors.map(({ field }: { field: string }) => field)
      for (const field of ['contact.name', 'contact.email', 'connections.1.provider'])
        assert.ok(fields.includes(field), `${field} in ${fields}`)
      const only = order({ connections: [{ provider: 'pipedrive', profile: 'no-such' }] })
      const other = await callApi('POST', '/api/v1/requests', { key, body: only })
      assert.deepEqual(
        other.body.errors.map(({ field, problem }: { field: string; problem: string }) => [field, problem]),
        [['connections.0.profile', 'profile']],
      )
      const list = await callApi('GET', '/api/v1/connections', { key })
      assert.deepEqual(list.body, { data: [], nextCursor: null })
    })

    test('bodies that are no JSON, too long, too deep or of the wrong type are refused', async () => {
      const { key } = await makeMachine(operator)
      const post = (text: string, headers?: Record<string, string>) =>
        callApi('POST', '/api/v1/requests', { key, text, headers })
      const long = JSON.stringify(order({ note: 'x'.repeat(33_000) }))
      for (const [answer, expected] of [
        [await post('{"customer":'), 400],
        [await post(''), 400],
        [await post('['.repeat(5_000) + ']'.repeat(5_000)), 400],
        [await post(long), 413],
        [await post('customer=Acme', { 'content-type': 'application/x-www-form-urlencoded' }), 415],
        [await post('null'), 422],
        [await post('[]'), 422],
        [await post('{"connections":"x","__proto__":{"admin":true}}'), 422],
        [await post('{"connections":[null]}'), 422],
      ] as const) {
        assert.equal(answer.status, expected, answer.text)
        assert.equal(answer.headers.get('content-type'), 'application/problem+json')
        assert.equal(answer.headers.get('cache-control'), 'no-store')
        problemResource.strict().parse(answer.body)
      }
    })

    test('an Idempotency-Key makes one request of many calls, link and all', async () => {
      const { key } = await makeMachine(operator)
      const headers = { 'idempotency-key': 'order-4711' }
      const post = (body: unknown) => callApi('POST', '/api/v1/requests', { key, body, headers })
      const together = await Promise.all([post(order()), post(order()), post(order())])
      const later = await post(order())
      const [first] = together
      for (const answer of [...together, later]) {
        assert.equal(answer.status, 201)
        assert.deepEqual(answer.body, first?.body)
      }
      assert.equal(later.headers.get('idempotent-replayed'), 'true')
      const list = await callApi('GET', '/api/v1/connections', { key })
      assert.equal(list.body.data.length, 1)
      assert.equal((await findLinkByKey(keyOf(later.body.link)))?.requestId, later.body.id)
      const other = await post(order({ customer: 'Another' }))
      assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
      const [kept] = await db().selectFrom('apiAnswers').selectAll().where('teamId', '=', operator.teamId).execute()
      assert.ok(!JSON.stringify(kept).includes(keyOf(later.body.link)), 'the link is stored')
    })

    test('an Idempotency-Key is of one machine, and a call that was refused leaves it free', async () => {
      const [mine, theirs] = [await makeMachine(operator), await makeMachine(operator)]
      const headers = { 'idempotency-key': 'same' }
      const bad = await callApi('POST', '/api/v1/requests', { key: mine.key, body: order({ customer: '' }), headers })
      assert.equal(bad.status, 422)
      const one = await callApi('POST', '/api/v1/requests', { key: mine.key, body: order(), headers })
      const two = await callApi('POST', '/api/v1/requests', { key: theirs.key, body: order(), headers })
      assert.deepEqual([one.status, two.status], [201, 201])
      assert.notEqual(one.body.id, two.body.id)
      for (const name of ['', 'with blank', 'x'.repeat(201)]) {
        const answer = await callApi('POST', '/api/v1/requests', {
          key: mine.key,
          body: order(),
          headers: { 'idempotency-key': name },
        })
        assert.equal(answer.body.code, 'idempotency_key_format')
      }
    })

    test('a new link ends the one before; revoking ends both, twice over', async () => {
      const { key } = await makeMachine(operator)
      const { requestId, linkKey, connectionId } = await ask(operator)
      const address = `/api/v1/requests/${requestId}/link`
      const made = await callApi('POST', address, { key, body: { deliver: 'link', expiresInDays: 3 } })
      assert.equal(made.status, 201)
      assert.equal((await findLinkByKey(linkKey))?.state, 'replaced')
      assert.equal((await findLinkByKey(keyOf(made.body.link)))?.state, 'live')
      const mailed = await callApi('POST', address, { key })
      assert.deepEqual([mailed.status, mailed.body.link], [201, undefined])
      assert.equal((await statusOf(connectionId)).status, 'queued')
      for (const _ of [1, 2]) {
        const ended = await callApi('DELETE', address, { key })
        assert.deepEqual([ended.status, ended.text], [204, ''])
      }
      assert.equal((await statusOf(connectionId)).status, 'revoked')
    })

    test('a link is made again five times an hour, then the caller has to wait', async () => {
      const { key } = await makeMachine(operator)
      const { requestId } = await ask(operator)
      const codes: number[] = []
      for (let count = 0; count < 6; count++)
        codes.push(
          (await callApi('POST', `/api/v1/requests/${requestId}/link`, { key, body: { deliver: 'link' } })).status,
        )
      assert.deepEqual(codes, [201, 201, 201, 201, 201, 429])
    })

    test('what is connected needs no link', async () => {
      const { key } = await makeMachine(operator)
      const asked = await ask(operator)
      await connect(asked.holder, typed('admin'))
      const answer = await callApi('POST', `/api/v1/requests/${asked.requestId}/link`, { key })
      assert.deepEqual([answer.status, answer.body.code], [409, 'link_not_needed'])
    })

    test('lists are paged without gaps, whatever is added meanwhile', async () => {
      const { key } = await makeMachine(operator)
      const made: string[] = []
      for (let count = 0; count < 5; count++) made.unshift((await ask(operator, { externalId: 'same' })).connectionId)
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const query: string = `externalId=same&limit=2${cursor && `&cursor=${cursor}`}`
        const { body } = await callApi('GET', `/api/v1/connections?${query}`, { key })
        seen.push(...body.data.map(({ id }: { id: string }) => id))
        cursor = body.nextCursor
        await ask(operator, { externalId: 'same' })
      }
      assert.deepEqual(seen, made)
      const none = await callApi('GET', '/api/v1/connections?status=stopped', { key })
      assert.deepEqual(none.body.data, [])
      for (const query of ['status=nonsense', 'cursor=nonsense', 'limit=0', 'limit=101', 'external_id=same'])
        assert.equal(
          (await callApi('GET', `/api/v1/connections?${query}`, { key })).body.code,
          'invalid_request',
          query,
        )
    })

    test('a connection tells whose turn it is, what its token can do, and changes its ETag with it', async () => {
      const { key } = await makeMachine(operator)
      const asked = await ask(operator)
      const address = `/api/v1/connections/${asked.connectionId}`
      const before = await callApi('GET', address, { key })
      assert.deepEqual([before.body.status, before.body.turn, before.body.report], ['sent', 'customer', []])
      const etag = before.headers.get('etag') ?? ''
      const same = await callApi('GET', address, { key, headers: { 'if-none-match': `"other", W/${etag}` } })
      assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', etag])
      await connect(asked.holder, typed('admin'))
      const after = await callApi('GET', address, { key, headers: { 'if-none-match': etag } })
      assert.deepEqual([after.status, after.body.status, after.body.turn], [200, 'connected', 'nobody'])
      assert.deepEqual([after.body.version, after.body.company.domain], [1, 'acme'])
      assert.ok(after.body.since > before.body.since)
      assert.ok(after.body.report.some(({ capability }: { capability: string }) => capability === 'read_deals'))
    })

    test('a report puts the connection at the head of the queue, once it has a token', async () => {
      const { id, key } = await makeMachine(operator)
      const asked = await ask(operator)
      const address = `/api/v1/connections/${asked.connectionId}/report`
      const early = await callApi('POST', address, { key, body: { observed: 401 } })
      assert.deepEqual([early.status, early.body.code], [409, 'nothing_to_check'])
      await connect(asked.holder, typed('admin'))
      const taken = await callApi('POST', address, { key, body: { observed: 401 } })
      assert.deepEqual([taken.status, taken.body.status], [202, 'connected'])
      const isDue = await db()
        .selectFrom('connectionChecks')
        .select(sql<boolean>`due_at <= now()`.as('isDue'))
        .where('connectionId', '=', asked.connectionId)
        .executeTakeFirst()
      assert.deepEqual(isDue, { isDue: true })
      assert.ok((await auditOf(id)).some(({ action }) => action === 'connection.reported'))
      assert.equal((await callApi('POST', address, { key, body: { observed: 200 } })).status, 422)
      for (let count = 0; count < 8; count++) await callApi('POST', address, { key, body: { observed: 401 } })
      assert.equal((await callApi('POST', address, { key, body: { observed: 401 } })).status, 429)
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.ok(!(await lettersOf(asked.connectionId)).includes('stopped_working'))
    })

    const eventsAfter = async (key: string, query = '') => {
      while ((await numberEvents()) > 0);
      const { status, body } = await callApi('GET', `/api/v1/events${query}`, { key })
      assert.equal(status, 200)
      return body as { data: { id: string; type: string; connection: { id: string } }[]; nextCursor: string }
    }

    test('a poller reads every event once, in order, and goes on where it was', async () => {
      const { key } = await makeMachine(operator)
      const none = await eventsAfter(key)
      assert.deepEqual(none.data, [])
      const asked = await ask(operator, { externalId: 'crm-9' })
      await visit(asked.holder)
      await connect(asked.holder, typed('admin'))
      const seen: string[] = []
      let cursor = none.nextCursor
      for (let page = 0; page < 4; page++) {
        const { data, nextCursor } = await eventsAfter(key, `?cursor=${cursor}&limit=1`)
        seen.push(...data.map(({ type }) => type))
        cursor = nextCursor
      }
      assert.deepEqual(seen, ['request.sent', 'request.opened', 'connection.ready'])
      const address = `/api/v1/events?cursor=${cursor}`
      const nothing = await callApi('GET', address, { key })
      assert.deepEqual(nothing.body, { data: [], nextCursor: cursor })
      const same = await callApi('GET', address, {
        key,
        headers: { 'if-none-match': nothing.headers.get('etag') ?? '' },
      })
      assert.equal(same.status, 304)
      await callApi('POST', `/api/v1/connections/${asked.connectionId}/off-board`, { key })
      const { data } = await eventsAfter(key, `?cursor=${cursor}`)
      assert.equal(data.length, 1)
      const [event] = data
      assert.match(event?.id ?? '', /^evt_/)
      assert.deepEqual(
        { ...event, id: '', at: '' },
        {
          id: '',
          type: 'connection.offboarding',
          at: '',
          connection: { id: asked.connectionId, externalId: 'crm-9', status: 'off_boarding', version: 1 },
        },
      )
      for (const bad of ['nonsense', Buffer.from(`1:con_${NOBODY}`).toString('base64url')])
        assert.equal((await callApi('GET', `/api/v1/events?cursor=${bad}`, { key })).body.code, 'invalid_request')
    })

    test('a place behind which events are gone is told, and nobody goes on as if nothing had been', async () => {
      const { key } = await makeMachine(operator)
      const { nextCursor: beginning } = await eventsAfter(key)
      const asked = await ask(operator)
      await visit(asked.holder)
      const first = await eventsAfter(key, '?limit=1')
      const { nextCursor: head } = await eventsAfter(key)
      const { teamId } = operator
      const age = sql`update events set created_at = created_at - interval '91 days' where team_id = ${teamId}`
      await age.execute(db())
      await connect(asked.holder, typed('admin'))
      while ((await numberEvents()) > 0);
      assert.equal(await purgeEvents(db(), { teamId, dryRun: true }), 2)
      assert.equal(await purgeEvents(db(), { teamId, dryRun: false }), 2)
      for (const place of [beginning, first.nextCursor]) {
        const { status, body } = await callApi('GET', `/api/v1/events?cursor=${place}`, { key })
        assert.deepEqual([status, body.code], [410, 'cursor_expired'])
        assert.match(body.detail, /kept for 90 days/)
      }
      const types = async (query: string) => (await eventsAfter(key, query)).data.map(({ type }) => type)
      assert.deepEqual(await types(`?cursor=${head}`), ['connection.ready'])
      assert.deepEqual(await types(''), ['connection.ready'])

      // However old, the newest stays: the next one has its place behind it.
      await age.execute(db())
      assert.equal(await purgeEvents(db(), { teamId, dryRun: false }), 0)
      const { nextCursor } = await eventsAfter(key)
      await callApi('POST', `/api/v1/connections/${asked.connectionId}/off-board`, { key })
      assert.deepEqual(await types(`?cursor=${nextCursor}`), ['connection.offboarding'])
    })

    test('a limited key reads events of its own connections, and passes over the others', async () => {
      const [mine, other] = [await ask(operator, { profile: 'two-way-crm' }), await ask(operator)]
      const theirs = await ask(await makeTeam())
      const byProfile = await makeMachine(operator, { profiles: ['two-way-crm'] })
      const byId = await makeMachine(operator, { connections: [other.connectionId, theirs.connectionId] })
      for (const [{ key }, connectionId] of [
        [byProfile, mine.connectionId],
        [byId, other.connectionId],
      ] as const) {
        const { data, nextCursor } = await eventsAfter(key)
        assert.deepEqual(
          data.map(({ type, connection }) => [type, connection.id]),
          [['request.sent', connectionId]],
        )
        assert.deepEqual(await eventsAfter(key, `?cursor=${nextCursor}`), { data: [], nextCursor })
      }
    })

    test('every kind of event is told by what happens', async () => {
      const told = async (connectionId: string, ...types: string[]) =>
        assert.deepEqual((await eventsOf(connectionId)).slice(-types.length), types)
      const lapsed = await ask(operator)
      await endLinkAt(operator, { requestId: lapsed.requestId, expiresAt: new Date(Date.now() - 3_600_000) })
      await expireLinks()
      await told(lapsed.connectionId, 'request.sent', 'request.expired')
      await extendLink(operator, { requestId: lapsed.requestId, days: 3 })
      await told(lapsed.connectionId, 'request.expired', 'request.sent')
      const declined = await ask(operator)
      await decline(declined.holder, { reason: 'left', text: '' })
      await told(declined.connectionId, 'request.sent', 'connection.needs_attention')
    })

    test('an integration begins the end of a connection and confirms it, each once', async () => {
      const { id, key } = await makeMachine(operator)
      const asked = await ask(operator)
      const address = `/api/v1/connections/${asked.connectionId}/off-board`
      const early = await callApi('POST', address, { key })
      assert.deepEqual([early.status, early.body.code], [409, 'not_connected'])
      const unbegun = await callApi('POST', `${address}/confirm`, { key })
      assert.deepEqual([unbegun.status, unbegun.body.code], [409, 'not_off_boarding'])
      await connect(asked.holder, typed('admin'))
      for (const body of [{ days: 0 }, { days: 61 }, { reason: 'two\nlines' }, { cause: 'x' }])
        assert.equal((await callApi('POST', address, { key, body })).status, 422, JSON.stringify(body))
      const headers = { 'idempotency-key': 'end-1' }
      const order = { reason: 'Project over', days: 3 }
      const begun = await callApi('POST', address, { key, body: order, headers })
      assert.deepEqual(
        [begun.status, begun.body.id, begun.body.status, begun.body.confirmedAt],
        [202, asked.connectionId, 'off_boarding', null],
      )
      const days = (Date.parse(begun.body.deadline) - Date.now()) / 86_400_000
      assert.ok(days > 2.9 && days < 3.1)
      assert.deepEqual((await callApi('POST', address, { key, body: order, headers })).body, begun.body)
      assert.deepEqual((await callApi('POST', address, { key })).body, begun.body)
      assert.deepEqual((await lettersOf(asked.connectionId)).filter((letter) => letter === 'withdraw').length, 1)
      const read = { purpose: 'Nightly sync' }
      const refused = await callApi('POST', `/api/v1/connections/${asked.connectionId}/credential`, { key, body: read })
      assert.equal(refused.body.code, 'off_boarding')
      const confirmed = await callApi('POST', `${address}/confirm`, { key })
      assert.equal(confirmed.status, 200)
      assert.ok(confirmed.body.confirmedAt)
      assert.deepEqual((await callApi('POST', `${address}/confirm`, { key })).body, confirmed.body)
      const done = (await auditOf(id)).map(({ action }) => action)
      for (const action of ['connection.off_boarding', 'connection.end_confirmed'])
        assert.equal(done.filter((one) => one === action).length, 1, action)
    })

    test('another team, another profile and another connection do not exist for a key', async () => {
      const other = await makeTeam()
      const theirs = await ask(other)
      const mine = await ask(operator)
      const whole = await makeMachine(operator)
      const byProfile = await makeMachine(operator, { profiles: ['two-way-crm'] })
      const byId = await makeMachine(operator, { connections: [theirs.connectionId] })
      for (const [machine, { requestId, connectionId }] of [
        [whole, theirs],
        [byProfile, mine],
        [byId, mine],
        // Naming a connection of another team in a key opens nothing.
        [byId, theirs],
      ] as const) {
        const { id, key } = machine
        for (const call of calls.filter(({ address }) => address.includes(NOBODY))) {
          const address = call.address.replace(`req_${NOBODY}`, requestId).replace(`con_${NOBODY}`, connectionId)
          const answer = await callApi(call.method, address, { key, body: call.body })
          const unknown = await callApi(call.method, call.address, { key, body: call.body })
          assert.deepEqual([answer.status, answer.body], [404, unknown.body], `${call.id} ${address}`)
        }
        assert.deepEqual(
          (await callApi('GET', '/api/v1/connections', { key })).body.data
            .map((row: { id: string }) => row.id)
            .includes(connectionId),
          false,
        )
        const refused = (await auditOf(id)).filter(
          ({ objectId }) => objectId === connectionId || objectId === requestId,
        )
        assert.ok(refused.length > 0 && refused.every(({ outcome }) => outcome === 'refused'))
      }
      assert.equal((await statusOf(theirs.connectionId)).status, 'sent')
      assert.equal((await statusOf(mine.connectionId)).status, 'sent')
    })

    test('a limited key asks for its own profiles only, or for nothing', async () => {
      const byProfile = await makeMachine(operator, { profiles: ['two-way-crm'] })
      const byId = await makeMachine(operator, { connections: [`con_${NOBODY}`] })
      const listed = await callApi('GET', '/api/v1/profiles', { key: byProfile.key })
      assert.deepEqual(
        listed.body.data.map(({ key }: { key: string }) => key),
        ['two-way-crm'],
      )
      assert.equal((await callApi('POST', '/api/v1/requests', { key: byProfile.key, body: order() })).status, 201)
      const foreign = order({ connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }] })
      assert.equal((await callApi('POST', '/api/v1/requests', { key: byProfile.key, body: foreign })).status, 422)
      const limited = await callApi('POST', '/api/v1/requests', { key: byId.key, body: order() })
      assert.deepEqual([limited.status, limited.body.code], [403, 'limited_key'])
    })

    test('a request of which one connection is out of reach is out of reach', async () => {
      const { key } = await makeMachine(operator)
      const two = order({
        connections: [
          { provider: 'pipedrive', profile: 'two-way-crm' },
          { provider: 'pipedrive', profile: 'read-only-sync' },
        ],
      })
      const { body } = await callApi('POST', '/api/v1/requests', { key, body: two })
      const limited = await makeMachine(operator, { profiles: ['two-way-crm'] })
      assert.equal((await callApi('GET', `/api/v1/requests/${body.id}`, { key: limited.key })).status, 404)
      const list = await callApi('GET', '/api/v1/connections', { key: limited.key })
      assert.deepEqual(
        list.body.data.map(({ id }: { id: string }) => id),
        [body.connections[0].id],
      )
    })

    test('every call counts, and the answer says how many are left', async () => {
      const { id, key } = await makeMachine(operator)
      const first = await callApi('GET', '/api/v1/profiles', { key })
      assert.equal(first.headers.get('ratelimit-limit'), String(LIMITS.calls))
      assert.equal(first.headers.get('ratelimit-remaining'), String(LIMITS.calls - 1))
      await db().updateTable('rateLimits').set({ hits: LIMITS.calls }).where('bucket', '=', `api:calls:${id}`).execute()
      const last = await callApi('GET', '/api/v1/profiles', { key })
      assert.deepEqual(
        [last.status, last.body.code, last.headers.get('ratelimit-remaining')],
        [429, 'rate_limited', '0'],
      )
      assert.ok(Number(last.headers.get('retry-after')) > 0)
    })

    test('the use of a key is noted, and not at every call', async () => {
      const { id, key } = await makeMachine(operator)
      const usedAt = async () =>
        (
          await db()
            .selectFrom('integrationKeys')
            .select('lastUsedAt')
            .where('integrationId', '=', id)
            .executeTakeFirstOrThrow()
        ).lastUsedAt
      assert.equal(await usedAt(), null)
      await callApi('GET', '/api/v1/profiles', { key })
      const noted = await usedAt()
      assert.ok(noted)
      await callApi('GET', '/api/v1/profiles', { key })
      assert.deepEqual(await usedAt(), noted)
    })

    test('both keys of a rotation work until the overlap is over, and never three', async () => {
      const machine = await makeMachine(operator)
      const works = async (key: string) => (await callApi('GET', '/api/v1/profiles', { key })).status === 200
      const rotate = async (overlapHours: number) => {
        const rotated = await rotateKey(operator, { integrationId: machine.id, overlapHours })
        return rotated.kind === 'rotated' ? rotated.key : ''
      }
      const second = await rotate(24)
      assert.deepEqual([await works(machine.key), await works(second)], [true, true])
      const third = await rotate(24)
      assert.deepEqual([await works(machine.key), await works(second), await works(third)], [false, true, true])
      await db()
        .updateTable('integrationKeys')
        .set({ endsAt: sql<Date>`now()` })
        .where('endsAt', 'is not', null)
        .where('integrationId', '=', machine.id)
        .execute()
      assert.deepEqual([await works(second), await works(third)], [false, true])
      assert.deepEqual(await rotateKey(await makeTeam(), { integrationId: machine.id, overlapHours: 0 }), {
        kind: 'unknown',
      })
    })

    test('wrong methods and addresses are refused in the same form', async () => {
      const { key } = await makeMachine(operator)
      const method = await callApi('DELETE', '/api/v1/requests', { key })
      assert.deepEqual(
        [method.status, method.body.code, method.headers.get('allow')],
        [405, 'method_not_allowed', 'POST'],
      )
      const address = await callApi('GET', '/api/v1/nonsense', { key })
      assert.deepEqual([address.status, address.body.code], [404, 'not_found'])
    })

    test('no key, link or token is left in the tables', async () => {
      const { key } = await makeMachine(operator)
      const { body } = await callApi('POST', '/api/v1/requests', {
        key,
        body: order(),
        headers: { 'idempotency-key': 'k' },
      })
      const tables = ['integrations', 'integrationKeys', 'apiAnswers', 'auditEvents', 'rateLimits', 'requests'] as const
      for (const table of tables) {
        const rows = await db().selectFrom(table).selectAll().execute()
        const text = JSON.stringify(rows, (_, value) =>
          value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
        )
        for (const secret of [key, keyOf(body.link)]) assert.ok(!text.includes(secret), table)
      }
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

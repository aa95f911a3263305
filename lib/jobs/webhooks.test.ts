import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { Webhook } from 'standardwebhooks'
import type { Operator } from '#lib/actor.ts'
import type { EventType } from '#lib/connection/events.ts'
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  replay,
  replayAll,
  rollSecret,
  testWebhook,
} from '#lib/connection/webhooks.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { numberEvents, recordConnectionEvent } from '#lib/data/events.ts'
import { claimDueDelivery, forgetOldDeliveries, listDeliveries, markDelivered } from '#lib/data/webhook-deliveries.ts'
import { findEndpoint, forgetEndedSecrets } from '#lib/data/webhook-endpoints.ts'
import { env } from '#lib/env.ts'
import type { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Receiver } from '#lib/testing/receiver.ts'
import { startReceiver } from '#lib/testing/receiver.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { rotateKeys } from './rotate-keys.ts'
import { deliverDueWebhooks, finishWebhooks } from './webhooks.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const SCHEDULE = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]

let receiver: Receiver
let operator: Operator
let connectionId: string

before(async () => {
  receiver = await startReceiver()
})
after(() => receiver.down())

async function made(
  over: { url?: string; eventTypes?: EventType[]; profiles?: string[] } = {},
): Promise<{ id: string; secret: Secret }> {
  const webhook = await createWebhook(operator, { name: 'Nightly sync', url: receiver.url, ...over })
  assert.ok(webhook.kind === 'created')
  return webhook
}

async function happens(type: EventType, of: string = connectionId): Promise<void> {
  await inTransaction((trx) => recordConnectionEvent(trx, operator, { type, connectionId: of }))
}

async function deliver(): Promise<void> {
  while ((await numberEvents()) > 0);
  await deliverDueWebhooks()
  await finishWebhooks()
}

/** As if so much time had gone by. */
async function pass(seconds: number): Promise<void> {
  const ago = sql`make_interval(secs => ${seconds})`
  for (const statement of [
    sql`update webhook_deliveries set due_at = due_at - ${ago}, created_at = created_at - ${ago}`,
    sql`update webhook_attempts set at = at - ${ago}`,
    sql`update webhook_secrets set ends_at = ends_at - ${ago}`,
    sql`update webhook_endpoints set failing_since = failing_since - ${ago}`,
  ])
    await statement.execute(db())
}

/** Seconds until the next try of anything. */
async function nextTry(): Promise<number | null> {
  const { rows } = await sql<{ seconds: number | null }>`
    select extract(epoch from min(due_at) - now())::float as seconds from webhook_deliveries
    where delivered_at is null and failed_at is null and due_at <> 'infinity'`.execute(db())
  return rows[0]?.seconds ?? null
}

const logOf = (endpointId: string) => listDeliveries(db(), operator, { endpointId, before: null })
const verified = (secret: Secret, { body, headers } = receiver.received.at(-1) ?? { body: '', headers: {} }) =>
  new Webhook(secret.reveal()).verify(body, headers)
const changesOf = async (endpointId: string) =>
  (
    await db()
      .selectFrom('auditEvents')
      .select('details')
      .where('objectId', '=', endpointId)
      .where('action', '=', 'webhook.changed')
      .execute()
  ).map(({ details }) => details)
const notices = async () =>
  (
    await db()
      .selectFrom('outbox')
      .select(['letter', 'recipientEmail'])
      .where('teamId', '=', operator.teamId)
      .where('letter', '=', 'webhook_off_notice')
      .execute()
  ).map(({ recipientEmail }) => recipientEmail)

onEachEngine(() => {
  beforeEach(async () => {
    receiver.received.length = 0
    receiver.answer((_request, response) => response.writeHead(204).end())
    operator = await makeTeam()
    connectionId = (await ask(operator, { externalId: 'crm-1' })).connectionId
    await deliver()
    await db().deleteFrom('webhookEndpoints').execute()
  })

  test('an event arrives once, signed as Standard Webhooks has it, and says what the API says', async () => {
    const { id, secret } = await made()
    await happens('connection.ready')
    await deliver()
    await deliver()
    assert.equal(receiver.received.length, 1)
    const [message] = receiver.received
    const said = verified(secret) as { id: string; type: string }
    assert.equal(message?.headers['content-type'], 'application/json')
    assert.equal(message?.id, said.id)
    const { key } = await makeMachine(operator)
    const { body } = await callApi('GET', '/api/v1/events', { key })
    assert.deepEqual(said, body.data.at(-1))
    assert.equal(said.type, 'connection.ready')
    const [{ state, attempts }] = (await logOf(id)) as [Awaited<ReturnType<typeof logOf>>[number]]
    assert.equal(state, 'delivered')
    assert.deepEqual(
      attempts.map(({ status, problem }) => [status, problem]),
      [[204, null]],
    )
    assert.ok(!JSON.stringify(receiver.received).includes(secret.reveal()))
    const stored =
      await sql`select e.*, s.* from webhook_endpoints e join webhook_secrets s on s.endpoint_id = e.id`.execute(db())
    assert.ok(!JSON.stringify(stored.rows).includes(secret.reveal().slice(6)), 'the secret is stored sealed')
  })

  test('however many workers number events, each endpoint that wants one is told once', async () => {
    const all = await made()
    const some = await made({ eventTypes: ['connection.replaced'] })
    for (const type of ['connection.ready', 'connection.replaced', 'connection.restored'] as const) await happens(type)
    await Promise.all(Array.from({ length: 8 }, () => numberEvents()))
    const late = await made()
    await Promise.all(Array.from({ length: 8 }, () => numberEvents()))
    const typesOf = async ({ id }: { id: string }) => (await logOf(id)).map(({ type }) => type).reverse()
    assert.deepEqual(await typesOf(all), ['connection.ready', 'connection.replaced', 'connection.restored'])
    assert.deepEqual(await typesOf(some), ['connection.replaced'])
    assert.deepEqual(await typesOf(late), [])
    await deliver()
    assert.equal(receiver.received.length, 4)
    assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 3)
  })

  test('a receiver that is down for a day loses nothing', async () => {
    const { id } = await made()
    await receiver.down()
    try {
      const types = ['connection.ready', 'connection.needs_attention', 'connection.restored'] as const
      for (const type of types) await happens(type)
      await deliver()
      for (let gone = 0; gone < DAY; ) {
        const wait = Math.max(await nextTry().then((seconds) => seconds ?? DAY), 0) + 1
        if (gone + wait > DAY) break
        gone += wait
        await pass(wait)
        await deliver()
      }
    } finally {
      await receiver.up()
    }
    assert.equal(receiver.received.length, 0)
    const before = await logOf(id)
    assert.deepEqual([...new Set(before.map(({ state }) => state))], ['waiting'])
    assert.deepEqual(
      [...new Set(before.flatMap(({ attempts }) => attempts.map(({ problem, reason }) => `${problem} ${reason}`)))],
      ['network ECONNREFUSED'],
    )
    await pass(12 * HOUR)
    await deliver()
    assert.deepEqual(
      receiver.received.map((message) => message.id).sort(),
      before.map(({ messageId }) => messageId).sort(),
    )
  })

  test('it is tried for more than a day, given up, and sent again by hand with the same id', async () => {
    const { id, secret } = await made()
    receiver.answer((_request, response) => response.writeHead(500).end('no'))
    await happens('connection.ready')
    await deliver()
    let total = 0
    for (const seconds of SCHEDULE) {
      const wait = (await nextTry()) ?? 0
      assert.ok(wait > seconds * 0.94 - 2 && wait < seconds * 1.06 + 2, `${wait} is not about ${seconds}`)
      total += wait
      await pass(wait + 1)
      await deliver()
    }
    assert.ok(total > DAY, `${total} seconds are less than a day`)
    assert.equal(await nextTry(), null)
    const [given] = await logOf(id)
    assert.equal(given?.state, 'failed')
    assert.equal(given.attempts.length, 8)
    assert.equal((await findEndpoint(db(), operator, id))?.failed, 1)
    receiver.answer((_request, response) => response.writeHead(200).end())
    assert.equal(await replay(operator, { endpointId: id, deliveryId: given.id }), 'done')
    await deliver()
    assert.deepEqual([...new Set(receiver.received.map((message) => message.id))], [given.messageId])
    assert.equal(receiver.received.length, 9)
    verified(secret)
    // What was delivered can be sent again too, and what was given up all at once.
    assert.equal(await replay(operator, { endpointId: id, deliveryId: given.id }), 'done')
    await db().updateTable('webhookDeliveries').set({ failedAt: new Date(), deliveredAt: null }).execute()
    assert.equal(await replayAll(operator, id), 'done')
    await deliver()
    assert.equal(receiver.received.at(-1)?.id, given.messageId)
    assert.equal(await replay(operator, { endpointId: id, deliveryId: 'whd_0' }), 'busy')
    const stranger = await makeTeam()
    assert.equal(await replay(stranger, { endpointId: id, deliveryId: given.id }), 'unknown')
  })

  for (const [what, status, asked, from, to] of [
    ['503 and 900 seconds', 503, () => '900', 900, 900],
    ['429 and a date in 20 minutes', 429, () => new Date(Date.now() + 1_200_000).toUTCString(), 1_199, 1_200],
    ['429 and more than the longest step', 429, () => '172800', 36_000, 36_000],
    ['503 and less than the next step', 503, () => '1', 4.75, 5.25],
    ['503 and no time', 503, () => 'soon', 4.75, 5.25],
    ['500 and 900 seconds', 500, () => '900', 4.75, 5.25],
  ] as [string, number, () => string, number, number][])
    test(`after ${what} to wait it is left alone for ${from} seconds`, async () => {
      await made()
      receiver.answer((_request, response) => response.writeHead(status, { 'retry-after': asked() }).end('no'))
      await happens('connection.ready')
      await deliver()
      const wait = (await nextTry()) ?? 0
      assert.ok(wait > from - 2 && wait <= to, `it is ${wait} away`)
      receiver.answer((_request, response) => response.writeHead(204).end())
      await pass(from - 3)
      await deliver()
      assert.equal(receiver.received.length, 1)
      await pass(5)
      await deliver()
      assert.equal(receiver.received.length, 2)
    })

  for (const [what, problem, status, answer] of [
    ['answers 500', 'status', 500, (response) => response.writeHead(500).end()],
    ['answers 429', 'status', 429, (response) => response.writeHead(429, { 'retry-after': '3' }).end()],
    ['redirects', 'redirect', 308, (response) => response.writeHead(308, { location: receiver.url }).end()],
    ['hangs up after the message', 'cut', null, (response) => response.destroy()],
    ['breaks off within its headers', 'cut', null, (response) => response.socket?.end('HTTP/1.1 200 O')],
  ] as [string, string, number | null, (response: import('node:http').ServerResponse) => void][])
    test(`a receiver that ${what} gets the same message again`, async () => {
      const { id } = await made()
      receiver.answer((_request, response) => answer(response))
      await happens('connection.ready')
      await deliver()
      receiver.answer((_request, response) => response.writeHead(202).end())
      await pass(10)
      await deliver()
      const [delivery] = await logOf(id)
      assert.deepEqual(
        delivery?.attempts.map((one) => [one.problem, one.status]),
        [
          [null, 202],
          [problem, status],
        ],
      )
      assert.equal(receiver.received.length, 2)
      assert.deepEqual(new Set(receiver.received.map((message) => message.id)), new Set([delivery?.messageId]))
      assert.equal(receiver.received[0]?.body, receiver.received[1]?.body)
    })

  test('a long answer is not read, and what it says is kept nowhere', async () => {
    const { id } = await made()
    receiver.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      for (let count = 0; count < 200; count++) response.write('leaked'.repeat(10_000))
    })
    await happens('connection.ready')
    await deliver()
    const [delivery] = await logOf(id)
    assert.equal(delivery?.state, 'delivered')
    const { rows } = await sql`select row_to_json(a)::text as line from webhook_attempts a`.execute(db())
    assert.ok(!JSON.stringify(rows).includes('leaked'))
  })

  test('a slow receiver keeps the others waiting for nothing', async () => {
    const slow = await startReceiver()
    const waiting: (() => void)[] = []
    slow.answer((_request, response) => void waiting.push(() => response.writeHead(204).end()))
    const { id } = await made({ url: slow.url })
    for (let count = 0; count < 30; count++) await happens('connection.ready')
    while ((await numberEvents()) > 0);
    await deliverDueWebhooks()
    while (waiting.length < 4) await new Promise((resolve) => setTimeout(resolve, 10))
    await made()
    await happens('connection.replaced')
    while ((await numberEvents()) > 0);
    await deliverDueWebhooks()
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(slow.received.length, 4, 'four at once, the rest waits its turn')
    slow.answer((_request, response) => response.writeHead(204).end())
    for (const end of waiting) end()
    await finishWebhooks()
    await deliver()
    assert.ok((await logOf(id)).every(({ state }) => state === 'delivered'))
    assert.equal(new Set(slow.received.map((message) => message.id)).size, 31)
    await slow.down()
  })

  test('while a secret is replaced, whoever knows either can check the message', async () => {
    const { id, secret: first } = await made()
    const second = await rollSecret(operator, { endpointId: id, overlapHours: 24 })
    assert.ok(second)
    await happens('connection.ready')
    await deliver()
    assert.equal(receiver.received[0]?.headers['webhook-signature']?.split(' ').length, 2)
    verified(first)
    verified(second)
    await pass(25 * HOUR)
    await happens('connection.replaced')
    await deliver()
    verified(second)
    assert.throws(() => verified(first), /No matching signature/)
    await forgetEndedSecrets()
    // A third ends the first of two at once, and with no overlap the second as well.
    const third = await rollSecret(operator, { endpointId: id, overlapHours: 0 })
    assert.ok(third)
    await happens('connection.restored')
    await deliver()
    verified(third)
    assert.throws(() => verified(second), /No matching signature/)
    await assert.rejects(rollSecret(operator, { endpointId: id, overlapHours: 169 }), RangeError)
    assert.equal(await rollSecret(await makeTeam(), { endpointId: id, overlapHours: 24 }), null)
  })

  test('secrets are wrapped anew with everything else', async () => {
    const { id, secret } = await made()
    await rotateKeys(operator)
    const { keyId } = await db()
      .selectFrom('webhookSecrets')
      .select('keyId')
      .where('endpointId', '=', id)
      .executeTakeFirstOrThrow()
    assert.equal(keyId, env().masterKeys[0]?.id)
    assert.notEqual(keyId, 'k1')
    await happens('connection.ready')
    await deliver()
    verified(secret)
  })

  test('after five days without one success it is switched off, the admins are told once, and nothing is lost', async () => {
    const { id } = await made()
    receiver.answer((_request, response) => response.writeHead(503).end())
    const sent: EventType[] = []
    for (let day = 0; day < 5; day++) {
      sent.push('connection.degraded')
      await happens('connection.degraded')
      await deliver()
      assert.equal((await findEndpoint(db(), operator, id))?.disabledAt, null)
      await pass(DAY)
    }
    await pass(HOUR)
    for (let count = 0; count < 6; count++) await happens('connection.restored')
    await deliver()
    const off = await findEndpoint(db(), operator, id)
    assert.equal(off?.disabledReason, 'failing')
    assert.deepEqual(await notices(), ['maria@northwind.example'])
    const tries = receiver.received.length
    await happens('connection.ready')
    await pass(DAY)
    await deliver()
    assert.equal(receiver.received.length, tries, 'nothing is sent to it')
    receiver.received.length = 0
    receiver.answer((_request, response) => response.writeHead(204).end())
    assert.equal(await enableWebhook(operator, id), 'done')
    await deliver()
    const log = await logOf(id)
    assert.equal(log.length, 12)
    assert.ok(log.every(({ state }) => state === 'delivered' || state === 'failed'))
    assert.equal(await replayAll(operator, id), 'done')
    await deliver()
    assert.deepEqual(
      receiver.received.map((message) => message.id).sort(),
      log.map(({ messageId }) => messageId).sort(),
    )
    assert.equal((await findEndpoint(db(), operator, id))?.failingSince, null)
    assert.equal(await enableWebhook(operator, id), 'already')
  })

  test('one success in between, and the five days begin anew', async () => {
    const { id } = await made()
    for (const status of [500, 204, 500]) {
      receiver.answer((_request, response) => response.writeHead(status).end())
      await happens('connection.ready')
      await deliver()
      await pass(3 * DAY)
    }
    await happens('connection.ready')
    await deliver()
    assert.equal((await findEndpoint(db(), operator, id))?.disabledAt, null)
    assert.deepEqual(await notices(), [])
  })

  test('a receiver that says it is gone is switched off at once', async () => {
    const { id } = await made()
    receiver.answer((_request, response) => response.writeHead(410).end())
    for (let count = 0; count < 3; count++) await happens('connection.ready')
    await deliver()
    assert.equal((await findEndpoint(db(), operator, id))?.disabledReason, 'gone')
    assert.equal((await notices()).length, 1)
  })

  test('switched off by hand it is told later, and nobody is written to', async () => {
    const { id } = await made()
    assert.equal(await disableWebhook(operator, id), 'done')
    assert.equal(await disableWebhook(operator, id), 'already')
    await happens('connection.ready')
    await deliver()
    assert.equal(receiver.received.length, 0)
    const [held] = await logOf(id)
    assert.equal(held?.state, 'held')
    assert.equal(held.dueAt, null)
    assert.equal(await replay(operator, { endpointId: id, deliveryId: held.id }), 'off')
    assert.deepEqual(await notices(), [])
    await enableWebhook(operator, id)
    await deliver()
    assert.equal(receiver.received.length, 1)
  })

  test('a test message says what it is, also to an endpoint that is off, and its failure means nothing', async () => {
    const { id, secret } = await made({ eventTypes: ['connection.ready'] })
    await disableWebhook(operator, id)
    const sent = await testWebhook(operator, id)
    await deliver()
    const said = verified(secret) as { id: string; type: string; at: string }
    assert.deepEqual(Object.keys(said), ['id', 'type', 'at'])
    assert.deepEqual([said.id, said.type], [sent?.messageId, 'test'])
    await enableWebhook(operator, id)
    receiver.answer((_request, response) => response.writeHead(410).end())
    await testWebhook(operator, id)
    await deliver()
    const [failed] = await logOf(id)
    assert.deepEqual([failed?.type, failed?.state, failed?.attempts.length], ['test', 'failed', 1])
    const endpoint = await findEndpoint(db(), operator, id)
    assert.deepEqual([endpoint?.disabledAt, endpoint?.failingSince, endpoint?.failed], [null, null, 0])
  })

  test('what a worker held that died is taken over, and a late answer of it changes nothing', async () => {
    const { id } = await made()
    await happens('connection.ready')
    while ((await numberEvents()) > 0);
    const dead = await claimDueDelivery(60)
    assert.ok(dead)
    await deliver()
    assert.equal(receiver.received.length, 0, 'its lease is respected')
    await db().updateTable('webhookDeliveries').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute()
    await deliver()
    assert.deepEqual(
      receiver.received.map((message) => message.id),
      [dead.messageId],
    )
    assert.equal(await markDelivered(db(), dead), false)
    assert.equal((await logOf(id))[0]?.state, 'delivered')
  })

  test('an endpoint is told of other things at another address, with the secret it had', async () => {
    const { id, secret } = await made()
    const moved = await startReceiver()
    receiver.answer((_request, response) => response.writeHead(500).end())
    for (const type of ['connection.ready', 'connection.replaced'] as const) await happens(type)
    await deliver()
    const change = { name: 'Hourly sync', url: moved.url, eventTypes: ['connection.ready' as const] }
    assert.equal(await changeWebhook(operator, { endpointId: id, ...change }), 'done')
    const { name, url, eventTypes, failingSince } = (await findEndpoint(db(), operator, id)) ?? {}
    assert.deepEqual({ name, url, eventTypes, failingSince }, { ...change, failingSince: null })
    await pass(10)
    await deliver()
    const told = moved.received.map(({ body }) => JSON.parse(body).type)
    assert.deepEqual(told, ['connection.ready'], 'what waits goes there, if it is still wanted')
    verified(secret, moved.received[0])
    await moved.down()
    assert.deepEqual(await changesOf(id), [
      {
        name: 'Hourly sync',
        changed: ['name', 'url', 'eventTypes'],
        before: { name: 'Nightly sync', eventTypes: null, profiles: null },
        after: { name: 'Hourly sync', eventTypes: ['connection.ready'], profiles: null },
        from: new URL(receiver.url).host,
        to: new URL(moved.url).host,
      },
    ])
  })

  test('what is not given stays, what cannot be is refused, and what is the same is no change', async () => {
    const { id } = await made({ eventTypes: ['connection.ready'] })
    await happens('connection.ready')
    await deliver()
    const [delivery] = await logOf(id)
    for (const bad of [{ url: 'https://10.0.0.8/' }, { name: ' ' }, { eventTypes: [] }])
      await assert.rejects(changeWebhook(operator, { endpointId: id, ...bad }), { name: 'ZodError' })
    assert.equal(await changeWebhook(operator, { endpointId: id, name: 'Nightly sync' }), 'done')
    assert.equal(await changeWebhook(await makeTeam(), { endpointId: id, name: 'Theirs' }), 'unknown')
    assert.deepEqual(await changesOf(id), [])
    assert.equal(await changeWebhook(operator, { endpointId: id, eventTypes: ['connection.replaced'] }), 'done')
    assert.deepEqual(
      (await changesOf(id)).map(({ changed }) => changed),
      [['eventTypes']],
    )
    const { name, url } = (await findEndpoint(db(), operator, id)) ?? {}
    assert.deepEqual([name, url], ['Nightly sync', receiver.url])
    assert.equal((await logOf(id))[0]?.state, 'delivered', 'the log keeps what arrived')
    assert.equal(await replay(operator, { endpointId: id, deliveryId: delivery?.id ?? '' }), 'unwanted')
  })

  test('an endpoint that is kept to profiles is told of their connections alone', async () => {
    const other = (await ask(operator, { profile: 'two-way-crm' })).connectionId
    await deliver()
    const all = await made()
    const kept = await made({ profiles: ['two-way-crm'] })
    const both = await made({ profiles: ['two-way-crm', 'read-only-sync'], eventTypes: ['connection.replaced'] })
    for (const type of ['connection.ready', 'connection.replaced'] as const) {
      await happens(type)
      await happens(type, other)
    }
    await deliver()
    const toldOf = async ({ id }: { id: string }) => (await logOf(id)).map(({ connectionId: of, type }) => [of, type])
    assert.equal((await toldOf(all)).length, 4)
    assert.deepEqual(await toldOf(kept), [
      [other, 'connection.replaced'],
      [other, 'connection.ready'],
    ])
    assert.deepEqual(await toldOf(both), [
      [other, 'connection.replaced'],
      [connectionId, 'connection.replaced'],
    ])
    await assert.rejects(made({ profiles: ['no-such'] }), /there is no profile \\"no-such\\"/)
    await assert.rejects(made({ profiles: [] }), /name at least one profile/)
  })

  test('what waits for an endpoint is not sent once it is kept from its profile, nor what arrived sent again', async () => {
    const { id } = await made()
    await happens('connection.ready')
    await deliver()
    receiver.answer((_request, response) => response.writeHead(500).end())
    await happens('connection.replaced')
    await deliver()
    const [waiting, arrived] = await logOf(id)
    assert.deepEqual([waiting?.state, arrived?.state], ['waiting', 'delivered'])
    receiver.received.length = 0
    await assert.rejects(changeWebhook(operator, { endpointId: id, profiles: ['no-such'] }), { name: 'ZodError' })
    assert.equal(await changeWebhook(operator, { endpointId: id, profiles: ['two-way-crm'] }), 'done')
    assert.deepEqual(
      (await changesOf(id)).map(({ changed, after }) => [changed, (after as { profiles: string[] }).profiles]),
      [[['profiles'], ['two-way-crm']]],
    )
    await pass(DAY)
    await deliver()
    assert.equal(await replay(operator, { endpointId: id, deliveryId: arrived?.id ?? '' }), 'unwanted')
    assert.equal(await replayAll(operator, id), 'done')
    await testWebhook(operator, id)
    await deliver()
    assert.deepEqual(
      receiver.received.map(({ body }) => JSON.parse(body).type),
      ['test'],
    )
    assert.equal(await changeWebhook(operator, { endpointId: id, profiles: null }), 'done')
    assert.equal(await replay(operator, { endpointId: id, deliveryId: arrived?.id ?? '' }), 'done')
  })

  test('what the address before answers late means nothing for the new one', async () => {
    const { id } = await made()
    const answered = new Promise<() => void>((resolve) =>
      receiver.answer((_request, response) => resolve(() => response.writeHead(410).end())),
    )
    await happens('connection.ready')
    while ((await numberEvents()) > 0);
    await deliverDueWebhooks()
    const answer = await answered
    const moved = await startReceiver()
    await changeWebhook(operator, { endpointId: id, url: moved.url })
    answer()
    await finishWebhooks()
    const endpoint = await findEndpoint(db(), operator, id)
    assert.deepEqual([endpoint?.disabledAt, endpoint?.failingSince], [null, null])
    await pass(10)
    await deliver()
    assert.equal(moved.received.length, 1)
    await moved.down()
  })

  test('an endpoint is deleted by its name, even while a message is under way', async () => {
    const { id } = await made()
    await happens('connection.ready')
    const answered = new Promise<() => void>((resolve) =>
      receiver.answer((_request, response) => resolve(() => response.writeHead(204).end())),
    )
    while ((await numberEvents()) > 0);
    await deliverDueWebhooks()
    const answer = await answered
    assert.equal(await deleteWebhook(operator, { endpointId: id, typedName: 'Another' }), 'other_name')
    assert.equal(await deleteWebhook(operator, { endpointId: id, typedName: ' nightly SYNC' }), 'done')
    answer()
    await finishWebhooks()
    for (const table of ['webhookSecrets', 'webhookDeliveries', 'webhookAttempts'] as const)
      assert.deepEqual(await db().selectFrom(table).select('id').where('teamId', '=', operator.teamId).execute(), [])
    assert.equal(await deleteWebhook(operator, { endpointId: id, typedName: 'Nightly sync' }), 'unknown')
  })

  test('the log is kept for thirty days', async () => {
    const { id } = await made()
    await happens('connection.ready')
    await deliver()
    await pass(29 * DAY)
    await happens('connection.replaced')
    await deliver()
    await forgetOldDeliveries()
    assert.equal((await logOf(id)).length, 2)
    await pass(2 * DAY)
    await forgetOldDeliveries()
    assert.deepEqual(
      (await logOf(id)).map(({ type, attempts }) => [type, attempts.length]),
      [['connection.replaced', 1]],
    )
  })

  test('a name that leads to this machine is asked only where the portal runs on it itself', async () => {
    const address = receiver.url.replace('127.0.0.1', 'localhost')
    const { id } = await made({ url: address })
    await happens('connection.ready')
    await deliver()
    assert.equal((await logOf(id))[0]?.state, 'delivered')
    const before = env().isProduction
    env().isProduction = true
    try {
      for (const url of [address, address.replace('http:', 'https:')]) {
        await db().updateTable('webhookEndpoints').set({ url }).where('id', '=', id).execute()
        await happens('connection.replaced')
        await deliver()
        const [refused] = await logOf(id)
        assert.equal(refused?.attempts[0]?.problem, 'refused_address', url)
      }
    } finally {
      env().isProduction = before
    }
    assert.equal(receiver.received.length, 1)
  })

  test('addresses that lead nowhere good are refused when they are typed', async () => {
    const refused = [
      'http://hooks.example.com/',
      'ftp://hooks.example.com/',
      'https://user:pass@hooks.example.com/',
      'https://hooks.example.com/#part',
      'https://10.0.0.8/',
      'https://169.254.169.254/latest/meta-data',
      'https://192.168.1.1/',
      'https://100.64.0.1/',
      'https://0.0.0.0/',
      'https://[fd00::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[64:ff9b::7f00:1]/',
      'https://167772161/',
      'https://0x0a000001/',
      'javascript:alert(1)',
      'hooks.example.com',
      '',
    ]
    const onThisMachine = ['http://localhost:4000/', 'http://127.0.0.1/', 'http://[::1]:80/', 'https://localhost/']
    const problemOf = (url: string) =>
      createWebhook(operator, { name: 'x', url }).then(
        ({ kind }) => kind,
        ({ issues }) => String(issues[0]?.path[0]),
      )
    for (const url of refused) assert.equal(await problemOf(url), 'url', url)
    for (const url of ['https://hooks.example.com/a?b=c', 'https://1.1.1.1:8443/', ...onThisMachine])
      assert.equal(await problemOf(url), 'created', url)
    const before = env().isProduction
    env().isProduction = true
    try {
      for (const url of onThisMachine) assert.equal(await problemOf(url), 'url', url)
    } finally {
      env().isProduction = before
    }
    for (let count = 0; count < 14; count++) await made()
    assert.deepEqual(await createWebhook(operator, { name: 'x', url: receiver.url }), { kind: 'too_many' })
  })
})

import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import type { Operator } from '#lib/actor.ts'
import { findLinkByKey, reissueLink, revokeLink } from '#lib/connection/links.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { db } from '#lib/data/database.ts'
import { claimDueLetters, markAccepted, postponeLetter } from '#lib/data/outbox.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { eventsOf, keyOf, makeTeam } from '#lib/testing/story.ts'
import { deliverDue } from './outbox.ts'

type Answer = (error?: Error | null) => void

const received: string[] = []
let onRecipient: (answer: Answer) => void
let operator: Operator

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo: (_address: unknown, _session: unknown, answer: Answer) => onRecipient(answer),
  onData(stream: NodeJS.ReadableStream, _session: unknown, answer: Answer) {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      received.push(Buffer.concat(parts).toString().replace(/=\r\n/g, ''))
      answer()
    })
  },
})
server.on('error', () => {})

before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())))
after(() => new Promise<void>((resolve) => server.close(() => resolve())))

const settings = () => ({ SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` })

const smtpError = (code: number) => Object.assign(new Error('jane@acme.example'), { responseCode: code })

function ask() {
  return requestConnections(operator, {
    customer: 'Acme',
    contact: { name: 'Jane Miller', email: 'jane@acme.example' },
    connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
  })
}

async function statusOf(requestId: string): Promise<string> {
  const { status } = await db()
    .selectFrom('connections')
    .select('status')
    .where('requestId', '=', requestId)
    .executeTakeFirstOrThrow()
  return status
}

/** Reminders have tests of their own. */
const letters = () => db().selectFrom('outbox').selectAll().where('letter', '<>', 'reminder').orderBy('id').execute()
const makeDue = () =>
  db().updateTable('outbox').set({ dueAt: sql<Date>`now()` }).where('letter', '<>', 'reminder').execute()

onEachEngine(() => {
  beforeEach(async () => {
    received.length = 0
    onRecipient = (answer) => answer()
    operator = await makeTeam()
    await db().deleteFrom('outbox').execute()
  })

  test('a request is mailed: its link works, its key is wiped, its connection is sent', async () => {
    const { id, link, connections } = await ask()
    const [queued] = await letters()
    assert.ok(queued?.sealedLink)
    assert.ok(!JSON.stringify(queued).includes(keyOf(link)), 'the key lies in the outbox')
    await deliverDue({ limit: 20 })
    assert.equal(received.length, 1)
    assert.ok(received[0]?.includes(link))
    assert.ok(received[0]?.includes(`Message-ID: <${queued.id}@localhost>`))
    assert.match(received[0] ?? '', /^Reply-To: .*maria@northwind\.example/m)
    const [sent] = await letters()
    assert.ok(sent?.acceptedAt)
    assert.equal(sent.sealedLink, null)
    assert.equal(await statusOf(id), 'sent')
    assert.deepEqual(await eventsOf(connections[0]?.id ?? ''), ['request.sent'])
    assert.equal((await findLinkByKey(keyOf(link)))?.state, 'live')
    await deliverDue({ limit: 20 })
    assert.equal(received.length, 1)
  })

  test('a deferred letter is tried again at growing intervals, then its connection is undeliverable', async () => {
    onRecipient = (answer) => answer(smtpError(451))
    const { id } = await ask()
    for (const seconds of [5, 30, 120, 600, 3_600, 14_400, 43_200]) {
      await makeDue()
      await deliverDue({ limit: 20 })
      const [letter] = await letters()
      const wait = ((letter?.dueAt.getTime() ?? 0) - Date.now()) / 1_000
      assert.ok(wait > seconds * 0.9 - 2 && wait < seconds * 1.1 + 2, `${wait} is not about ${seconds}`)
      assert.equal(letter?.lastError, 'smtp_answer 451 RCPT TO')
      assert.equal(await statusOf(id), 'queued')
    }
    await makeDue()
    await deliverDue({ limit: 20 })
    const [failed] = await letters()
    assert.ok(failed?.failedAt)
    assert.equal(failed.sealedLink, null)
    assert.equal(await statusOf(id), 'undeliverable')
  })

  test('a refused letter is not tried again, and nothing that is kept about it names an address', async () => {
    onRecipient = (answer) => answer(smtpError(550))
    const { id, connections } = await ask()
    await deliverDue({ limit: 20 })
    const [failed] = await letters()
    assert.ok(failed?.failedAt)
    assert.doesNotMatch(failed.lastError ?? '', /@|http/)
    assert.equal(await statusOf(id), 'undeliverable')
    assert.deepEqual(await eventsOf(connections[0]?.id ?? ''), ['request.delivery_failed'])
  })

  test('a letter whose link was withdrawn or replaced is not sent', async () => {
    const first = await ask()
    await reissueLink(operator, { requestId: first.id, deliver: 'mail' })
    const second = await ask()
    await revokeLink(operator, { requestId: second.id, reason: 'test' })
    await deliverDue({ limit: 20 })
    assert.equal(received.length, 1)
    assert.match(received[0] ?? '', /^Subject: Your new link/m)
    assert.equal(await statusOf(first.id), 'sent')
    assert.equal(await statusOf(second.id), 'revoked')
  })

  test('a worker that lost its lease changes nothing', async () => {
    await ask()
    const [mine] = await claimDueLetters({ limit: 1, leaseSeconds: 60 })
    assert.ok(mine)
    assert.deepEqual(await claimDueLetters({ limit: 1, leaseSeconds: 60 }), [], 'leased letters are left alone')
    await db().updateTable('outbox').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute()
    const [theirs] = await claimDueLetters({ limit: 1, leaseSeconds: 60 })
    assert.equal(theirs?.attempt, 2)
    assert.equal(theirs?.messageId, mine.messageId)
    assert.equal(await markAccepted(db(), mine), false)
    assert.equal(await postponeLetter(db(), mine, { inSeconds: 5, lastError: 'x' }), false)
    assert.ok(theirs && (await markAccepted(db(), theirs)))
  })

  test('no more than asked for are sent at once, each exactly once', async () => {
    for (let count = 0; count < 9; count++) await ask()
    await deliverDue({ limit: 7 })
    assert.equal(received.length, 7)
    await Promise.all([deliverDue({ limit: 20 }), deliverDue({ limit: 20 })])
    assert.equal(received.length, 9)
    assert.equal(new Set(received.map((source) => /^Message-ID: .*/m.exec(source)?.[0])).size, 9)
  })
}, settings)

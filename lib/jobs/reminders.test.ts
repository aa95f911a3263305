import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import type { LinkHolder, Operator } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { decline } from '#lib/connection/decline.ts'
import { tellManager } from '#lib/connection/letters.ts'
import { findLinkByKey, reissueLink, revokeLink } from '#lib/connection/links.ts'
import { stopReminders } from '#lib/connection/reminders.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { findRequest } from '#lib/data/requests.ts'
import { updateTeam } from '#lib/data/teams.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { keyOf, makeTeam } from '#lib/testing/story.ts'
import { deliverDue } from './outbox.ts'

type Answer = (error?: Error | null) => void

const received: string[] = []
let refuse = false
let operator: Operator

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo: (address: { address: string }, _session: unknown, answer: Answer) =>
    answer(
      refuse && address.address.startsWith('jane@') ? Object.assign(new Error('no'), { responseCode: 550 }) : null,
    ),
  onData(stream: NodeJS.ReadableStream, _session: unknown, answer: Answer) {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      received.push(decoded(Buffer.concat(parts).toString()))
      answer()
    })
  },
})
server.on('error', () => {})
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())))
after(() => new Promise<void>((resolve) => server.close(() => resolve())))

/** Quoted-printable, enough to look for addresses and sentences. */
function decoded(source: string): string {
  return source.replace(/=\r\n/g, '').replace(/=3D/g, '=')
}

async function ask(expiresInDays = 14) {
  return requestConnections(operator, {
    customer: 'Acme',
    contact: { name: 'Jane Miller', email: 'jane@acme.example' },
    expiresInDays,
    connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
  })
}

/** Lets days pass: for the link, and for everything that waits in the outbox. */
async function passDays(days: number): Promise<void> {
  await db()
    .updateTable('outbox')
    .set({ dueAt: sql<Date>`due_at - make_interval(days => ${days})` })
    .execute()
  await db()
    .updateTable('secureLinks')
    .set({ expiresAt: sql<Date>`expires_at - make_interval(days => ${days})` })
    .execute()
  await deliverDue({ limit: 20 })
}

const reminders = () => received.filter((mail) => /^Subject: Reminder/m.test(mail))

onEachEngine(
  () => {
    beforeEach(async () => {
      received.length = 0
      refuse = false
      operator = await makeTeam()
      await db().deleteFrom('outbox').execute()
    })

    test('reminders leave on days 2, 5, 10 and a day before the end, each once, each with a key of the same link', async () => {
      const { link } = await ask()
      await deliverDue({ limit: 20 })
      const expected = [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4]
      for (const [day, count] of expected.entries()) {
        if (day > 0) await passDays(1)
        assert.equal(reminders().length, count, `day ${day}`)
      }
      await passDays(1)
      assert.equal(reminders().length, 4)
      const keys = reminders().map((mail) => /\/l\/([\w-]{43})\n?\r?$/m.exec(mail)?.[1] ?? '')
      assert.equal(new Set([keyOf(link), ...keys]).size, 5, 'every letter has a key of its own')
    })

    test('the keys of earlier letters go on working, and mail programs can stop the rest with one press', async () => {
      const { link } = await ask()
      await deliverDue({ limit: 20 })
      await passDays(2)
      const [mail = ''] = reminders()
      const key = /\/l\/([\w-]{43})\?to=decline/.exec(mail)?.[1] ?? ''
      const [first, second] = [await findLinkByKey(keyOf(link)), await findLinkByKey(key)]
      assert.deepEqual([first?.state, second?.id], ['live', first?.id])
      const [, stopKey = ''] =
        /^List-Unsubscribe:\s+<http:\/\/localhost:3000\/api\/stop-reminders\/(\S+)>/m.exec(mail) ?? []
      assert.match(mail, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m)
      assert.match(mail, /^Auto-Submitted: auto-generated/m)
      assert.ok(!stopKey.includes(key))

      assert.equal(await stopReminders(`${stopKey.slice(0, -2)}xx`), false)
      assert.equal(await stopReminders(stopKey), true)
      assert.equal(await stopReminders(stopKey), true)
      await passDays(9)
      assert.equal(reminders().length, 1)
      assert.equal((await findLinkByKey(keyOf(link)))?.state, 'live')
    })

    const endings: [string, (asked: Awaited<ReturnType<typeof ask>>) => Promise<unknown>][] = [
      ['revoked', ({ id }) => revokeLink(operator, { requestId: id, reason: 'test' })],
      [
        'declined',
        async ({ link, id, connections }) =>
          decline(await holderOf(link, id, connections[0]?.id ?? ''), { reason: 'left', text: '' }),
      ],
      ['connected', ({ id }) => setStatus(id, 'connected')],
      ['the provider’s turn', ({ id }) => setStatus(id, 'waiting_provider')],
      ['the manager’s turn', ({ id }) => setStatus(id, 'needs_manager')],
      ['undeliverable', ({ id }) => setStatus(id, 'undeliverable')],
    ]
    for (const [name, end] of endings)
      test(`none is sent when it is ${name}`, async () => {
        const asked = await ask()
        await deliverDue({ limit: 20 })
        await end(asked)
        for (let day = 0; day < 13; day++) await passDays(1)
        assert.equal(reminders().length, 0)
      })

    test('a new link has its own, and those of the earlier one are void', async () => {
      const { id } = await ask()
      await deliverDue({ limit: 20 })
      await passDays(1)
      await reissueLink(operator, { requestId: id, deliver: 'mail' })
      await deliverDue({ limit: 20 })
      await passDays(1)
      assert.equal(reminders().length, 0)
      await passDays(1)
      assert.equal(reminders().length, 1)
    })

    test('after an outage of days one reminder leaves, not all of them', async () => {
      await ask()
      await deliverDue({ limit: 20 })
      await passDays(11)
      assert.equal(reminders().length, 1)
    })

    test('the one of the last day waits when the link was extended', async () => {
      await updateTeam(db(), operator, { reminderDays: [] })
      await ask(4)
      await deliverDue({ limit: 20 })
      await db().updateTable('secureLinks').set({ expiresAt: sql<Date>`expires_at + interval '3 days'` }).execute()
      for (const count of [0, 0, 0, 0, 0, 1]) {
        await passDays(1)
        assert.equal(reminders().length, count)
      }
    })

    test('two workers send each once', async () => {
      await ask()
      await deliverDue({ limit: 20 })
      // The days alone: that of the link's end is not due while the end is far.
      await db()
        .updateTable('outbox')
        .set({ dueAt: sql<Date>`now()` })
        .where(sql`payload->>'kind'`, '=', 'day')
        .execute()
      await Promise.all([deliverDue({ limit: 20 }), deliverDue({ limit: 20 }), deliverDue({ limit: 20 })])
      assert.equal(reminders().length, 1)
    })

    test('the manager reads of a letter that cannot arrive: where to, why, and where to mend it', async () => {
      refuse = true
      const { connections } = await ask()
      await deliverDue({ limit: 20 })
      await deliverDue({ limit: 20 })
      const [mail = '', ...others] = received
      assert.deepEqual(others, [])
      assert.match(mail, /^To: Maria Lopez <maria@northwind\.example>/m)
      assert.match(mail, /^Subject: \[Acme\] The e-mail could not be delivered/m)
      assert.ok(mail.includes('jane@acme.example') && mail.includes('answer 550'))
      assert.ok(mail.includes(`/connections/${connections[0]?.id}`))
    })

    test('beyond five notices an hour a manager gets one digest that names the rest', async () => {
      const { id, connections } = await ask()
      await db().deleteFrom('outbox').execute()
      const request = await findRequest(db(), { teamId: operator.teamId, request: id })
      assert.ok(request)
      const tell = () =>
        inTransaction((trx) =>
          tellManager(trx, operator, request, 'handed_over_notice', {
            connectionId: connections[0]?.id ?? '',
            payload: { colleague: 'Omar Haddad', address: 'omar@acme.example' },
          }),
        )
      for (let times = 0; times < 9; times++) {
        await tell()
        await deliverDue({ limit: 1 })
      }
      assert.equal(received.length, 5)
      await deliverDue({ limit: 20 })
      assert.equal(received.length, 5)
      await db()
        .updateTable('outbox')
        .set({ acceptedAt: sql<Date>`accepted_at - interval '1 hour'` })
        .where('acceptedAt', 'is not', null)
        .execute()
      await db().updateTable('outbox').set({ dueAt: sql<Date>`now()` }).execute()
      await deliverDue({ limit: 20 })
      assert.equal(received.length, 6)
      assert.match(received[5] ?? '', /^Subject: 4 notices about your connections/m)
      assert.equal((received[5]?.match(/- \[Acme\] Handed over to Omar Haddad/g) ?? []).length, 4)
    })
  },
  () => ({ SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` }),
)

async function setStatus(
  requestId: string,
  status: 'connected' | 'waiting_provider' | 'needs_manager' | 'undeliverable',
) {
  await db().updateTable('connections').set({ status }).where('requestId', '=', requestId).execute()
}

async function holderOf(link: string, requestId: string, connectionId: string): Promise<LinkHolder> {
  const found = await findLinkByKey(keyOf(link))
  const { teamId } = operator
  return proven<'link_holder'>({
    kind: 'link_holder',
    teamId,
    requestId,
    linkId: found?.id ?? '',
    connectionId,
    address: null,
  })
}

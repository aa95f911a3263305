import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import { deliverDue } from '#lib/jobs/outbox.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { nameBackup } from './link-controls.ts'
import { findLinkByKey } from './links.ts'
import { requestConnections } from './request.ts'

type Answer = (error?: Error | null) => void
type Mail = { to: string; source: string }

const mails: Mail[] = []
/** What the mail server answers to a recipient; it takes everybody else. */
let answers: Record<string, number> = {}
let operator: Operator

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo: ({ address }: { address: string }, _session: unknown, answer: Answer) =>
    answer(answers[address] ? Object.assign(new Error('no'), { responseCode: answers[address] }) : null),
  onData(stream: NodeJS.ReadableStream, session: { envelope: { rcptTo: { address: string }[] } }, answer: Answer) {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      const source = Buffer.concat(parts).toString().replace(/=\r\n/g, '').replace(/=3D/g, '=')
      for (const { address } of session.envelope.rcptTo) mails.push({ to: address, source })
      answer()
    })
  },
})
server.on('error', () => {})
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())))
after(() => new Promise<void>((resolve) => server.close(() => resolve())))

const jane = { name: 'Jane Miller', email: 'jane@acme.example' }
const omar = { name: 'Omar Haddad', email: 'omar@acme.example' }
const admin = (): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: 'stf_admin', role: 'admin', address: null })

/** A request whose letter waits, with or without somebody who gets it instead. */
async function ask(backup: typeof omar | null) {
  const asked = await requestConnections(operator, {
    customer: 'Acme',
    contact: jane,
    connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
  })
  if (backup) await nameBackup(admin(), { requestId: asked.id, backup })
  return asked
}

const letters = (requestId: string) =>
  db()
    .selectFrom('outbox')
    .select(['letter', 'recipientEmail', 'acceptedAt', 'failedAt', 'sealedLink'])
    .where('requestId', '=', requestId)
    .where('letter', '<>', 'reminder')
    .orderBy('id')
    .execute()

async function statusOf(requestId: string): Promise<string> {
  const row = db().selectFrom('connections').select('status').where('requestId', '=', requestId)
  return (await row.executeTakeFirstOrThrow()).status
}

async function actionsOf(requestId: string) {
  return db()
    .selectFrom('auditEvents')
    .select(['action', 'details'])
    .where('objectId', '=', requestId)
    .where('action', '=', 'request.backup_used')
    .execute()
}

onEachEngine(
  () => {
    beforeEach(async () => {
      mails.length = 0
      answers = {}
      operator = await makeTeam()
      await db().deleteFrom('outbox').execute()
    })

    test('a letter that the contact’s mail server refuses goes to the backup, with a link that works', async () => {
      answers = { [jane.email]: 550 }
      const { id } = await ask(omar)
      await deliverDue({ limit: 10 })
      await deliverDue({ limit: 10 })
      assert.deepEqual(
        mails.map(({ to }) => to),
        [omar.email],
      )
      assert.match(mails[0]?.source ?? '', /^To: Omar Haddad <omar@acme\.example>/m)
      const key = /\/l\/([\w-]{43})/.exec(mails[0]?.source ?? '')?.[1] ?? ''
      const link = await findLinkByKey(key)
      assert.deepEqual([link?.state, link?.requestId], ['live', id])
      assert.equal(await statusOf(id), 'sent')
      const [refused, passed] = await letters(id)
      assert.ok(refused?.failedAt && passed?.acceptedAt)
      assert.deepEqual([refused.sealedLink, passed.sealedLink], [null, null])
    })

    test('the audit log says so once, and knows both addresses only masked', async () => {
      answers = { [jane.email]: 550 }
      const { id } = await ask(omar)
      await deliverDue({ limit: 10 })
      assert.deepEqual(await actionsOf(id), [
        {
          action: 'request.backup_used',
          details: { letter: 'secure_link', from: 'j•••@acme.example', to: 'o•••@acme.example' },
        },
      ])
    })

    test('when the backup cannot be reached either, the manager is told, and nobody is tried again', async () => {
      answers = { [jane.email]: 550, [omar.email]: 550 }
      const { id } = await ask(omar)
      for (let turn = 0; turn < 4; turn++) await deliverDue({ limit: 10 })
      assert.equal(await statusOf(id), 'undeliverable')
      assert.deepEqual(
        (await letters(id)).map(({ letter, recipientEmail }) => [letter, recipientEmail]),
        [
          ['secure_link', jane.email],
          ['secure_link', omar.email],
          ['delivery_problem', 'maria@northwind.example'],
        ],
      )
      assert.deepEqual(
        mails.map(({ to }) => to),
        ['maria@northwind.example'],
      )
    })

    test('without a backup the manager is told at once', async () => {
      answers = { [jane.email]: 550 }
      const { id } = await ask(null)
      for (let turn = 0; turn < 2; turn++) await deliverDue({ limit: 10 })
      assert.equal(await statusOf(id), 'undeliverable')
      assert.deepEqual(await actionsOf(id), [])
    })

    test('a mail server that asks to come back later is waited for; the backup gets the letter when that ends', async () => {
      answers = { [jane.email]: 451 }
      const { id } = await ask(omar)
      const comeBack = () =>
        db().updateTable('outbox').set({ dueAt: sql<Date>`now()` }).where('letter', '<>', 'reminder').execute()
      await deliverDue({ limit: 10 })
      assert.equal((await letters(id)).length, 1)
      for (let tries = 1; tries < 8; tries++) {
        assert.deepEqual(mails, [])
        await comeBack()
        await deliverDue({ limit: 1 })
      }
      await deliverDue({ limit: 10 })
      assert.deepEqual(
        mails.map(({ to }) => to),
        [omar.email],
      )
      assert.equal(await statusOf(id), 'sent')
    })

    test('what carries no link is nobody else’s business', async () => {
      const { id, connections } = await ask(omar)
      await deliverDue({ limit: 10 })
      mails.length = 0
      answers = { [jane.email]: 550 }
      await inTransaction((trx) =>
        insertLetter(trx, operator, {
          requestId: id,
          connectionId: connections[0]?.id ?? '',
          letter: 'receipt',
          recipientName: jane.name,
          recipientEmail: jane.email,
          language: 'en',
          payload: {},
          sealedLink: null,
          host: 'localhost',
        }),
      )
      for (let turn = 0; turn < 2; turn++) await deliverDue({ limit: 10 })
      assert.deepEqual(mails, [])
      assert.deepEqual(await actionsOf(id), [])
    })
  },
  () => ({ SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` }),
)

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { readEnv } from '#lib/env.ts'
import type { OutgoingMail } from './send.ts'
import { sendMail } from './send.ts'

type Session = { envelope: { rcptTo: { address: string }[] } }
type Answer = (error?: Error | null) => void

const shared = globalThis as typeof globalThis & { latchkeyEnv?: ReturnType<typeof readEnv> }
const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-send-'))
const received: { recipients: string[]; source: string }[] = []
/** What the server does with the next mail. */
let onSender: (answer: Answer) => void
let onRecipient: (answer: Answer) => void
let onData: (answer: Answer, drop: () => void) => void

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onMailFrom: (_address: unknown, _session: unknown, answer: Answer) => onSender(answer),
  onRcptTo: (_address: unknown, _session: unknown, answer: Answer) => onRecipient(answer),
  onData(stream: NodeJS.ReadableStream, session: Session, answer: Answer) {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      const recipients = session.envelope.rcptTo.map(({ address }) => address)
      received.push({ recipients, source: Buffer.concat(parts).toString() })
      onData(answer, () => {
        for (const connection of server.connections) connection._socket.destroy()
      })
    })
  },
})
server.on('error', () => {})

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  shared.latchkeyEnv = readEnv({
    DATA_DIR: dataDir,
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: 'portal@northwind.example',
    LOG_LEVEL: 'error',
  })
})
after(async () => {
  delete shared.latchkeyEnv
  rmSync(dataDir, { recursive: true })
  await new Promise<void>((resolve) => server.close(() => resolve()))
})
beforeEach(() => {
  received.length = 0
  onSender = onRecipient = (answer) => answer()
  onData = (answer) => answer()
})

const mail: OutgoingMail = {
  to: { name: 'Jane Miller', address: 'jane@acme.example' },
  replyTo: { name: 'Maria Lopez', address: 'maria@northwind.example' },
  fromName: 'Northwind via Latchkey',
  messageId: 'out_01@localhost',
  subject: 'Käte asks you',
  html: '<p>Hello</p>',
  text: 'Hello\n',
}

/** Header lines, unfolded. */
function headersOf(source: string): string[] {
  return (source.split('\r\n\r\n')[0] ?? '').replace(/\r\n[ \t]+/g, ' ').split('\r\n')
}

const smtpError = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code })

test('one mail reaches one recipient with its own Message-ID, marked as automatic', async () => {
  assert.deepEqual(await sendMail(mail), { kind: 'accepted' })
  assert.deepEqual(received[0]?.recipients, ['jane@acme.example'])
  const headers = headersOf(received[0]?.source ?? '')
  assert.ok(headers.includes('Message-ID: <out_01@localhost>'))
  assert.ok(headers.includes('Auto-Submitted: auto-generated'))
  assert.ok(headers.some((line) => /^From: "?Northwind via Latchkey"? <portal@northwind\.example>$/.test(line)))
  assert.ok(headers.some((line) => /^Reply-To: "?Maria Lopez"? <maria@northwind\.example>$/.test(line)))
})

const hostileNames = [
  'Jane\r\nBcc: eve@evil.example',
  'Jane\nX-Evil: 1',
  'eve@evil.example, Jane',
  'Jane" <eve@evil.example>, "',
  'Group: eve@evil.example;',
  '<eve@evil.example>',
  'eve@evil.example>',
  '"eve@evil.example',
  'Jane\\',
  'Jane\u2028Cc: eve@evil.example',
  'Jörg\r\n\r\n<script>',
  '\0',
  '',
]
for (const name of hostileNames)
  test(`a name stays a name: ${JSON.stringify(name)}`, async () => {
    const hostile = {
      ...mail,
      to: { ...mail.to, name },
      replyTo: { ...mail.to, name },
      fromName: name,
      subject: `For ${name}`,
    }
    assert.deepEqual(await sendMail(hostile), { kind: 'accepted' })
    assert.equal(received.length, 1)
    assert.deepEqual(received[0]?.recipients, ['jane@acme.example'])
    const headers = headersOf(received[0]?.source ?? '')
    const names = headers.map((line) => line.split(':')[0]?.toLowerCase())
    for (const once of ['from', 'to', 'subject', 'message-id', 'reply-to'])
      assert.equal(names.filter((header) => header === once).length, 1, once)
    for (const never of ['cc', 'bcc', 'x-evil']) assert.ok(!names.includes(never), never)
  })

test('a file or an address inside the content is not fetched', async () => {
  const html = { path: '/etc/hostname' } as unknown as string
  assert.equal((await sendMail({ ...mail, html })).kind, 'deferred')
  assert.equal(received.length, 0)
})

test('a recipient that is refused for good', async () => {
  onRecipient = (answer) => answer(smtpError(550, 'no mailbox jane@acme.example'))
  assert.deepEqual(await sendMail(mail), { kind: 'refused', reason: 'smtp_answer 550 RCPT TO' })
})

test('a recipient that is deferred', async () => {
  onRecipient = (answer) => answer(smtpError(451, 'greylisted jane@acme.example'))
  assert.deepEqual(await sendMail(mail), { kind: 'deferred', reason: 'smtp_answer 451 RCPT TO' })
})

test('content that is refused for good, and content that is deferred', async () => {
  onData = (answer) => answer(smtpError(554, 'spam'))
  assert.deepEqual(await sendMail(mail), { kind: 'refused', reason: 'smtp_answer 554 DATA' })
  onData = (answer) => answer(smtpError(452, 'full'))
  assert.deepEqual(await sendMail(mail), { kind: 'deferred', reason: 'smtp_answer 452 DATA' })
})

test('a refused sender is our own setting: the mail waits', async () => {
  onSender = (answer) => answer(smtpError(553, 'not your domain'))
  assert.deepEqual(await sendMail(mail), { kind: 'deferred', reason: 'smtp_answer 553 MAIL FROM' })
})

test('a connection that drops after DATA: sent again with the same Message-ID', async () => {
  onData = (_answer, drop) => drop()
  const dropped = await sendMail(mail)
  assert.equal(dropped.kind, 'deferred')
  assert.doesNotMatch(JSON.stringify(dropped), /jane|acme|127\.0\.0\.1/)
  onData = (answer) => answer()
  assert.deepEqual(await sendMail(mail), { kind: 'accepted' })
  for (const { source } of received) assert.ok(headersOf(source).includes('Message-ID: <out_01@localhost>'))
  assert.equal(received.length, 2)
})

test('a mail server that is not there', async () => {
  const was = shared.latchkeyEnv
  shared.latchkeyEnv = readEnv({ DATA_DIR: dataDir, SMTP_URL: 'smtp://127.0.0.1:1' })
  const { kind } = await sendMail(mail)
  shared.latchkeyEnv = was
  assert.equal(kind, 'deferred')
})

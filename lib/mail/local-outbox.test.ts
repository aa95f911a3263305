import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readEnv } from '#lib/env.ts'
import { findLocalMail, listLocalMail } from './local-outbox.ts'
import type { OutgoingMail } from './send.ts'
import { sendMail } from './send.ts'

const shared = globalThis as typeof globalThis & { latchkeyEnv?: ReturnType<typeof readEnv> }
const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-outbox-'))
const folder = join(dataDir, 'outbox')

before(() => {
  shared.latchkeyEnv = readEnv({ DATA_DIR: dataDir })
})
after(() => {
  delete shared.latchkeyEnv
  rmSync(dataDir, { recursive: true })
})

function mail(id: string, subject = 'Hello'): OutgoingMail {
  return {
    to: { name: 'Jane', address: 'jane@acme.example' },
    replyTo: null,
    fromName: 'Northwind',
    messageId: `${id}@localhost`,
    subject,
    html: '<p>Hello</p>',
    text: 'Hello\n',
  }
}

test('without a mail server a mail becomes a file only its owner can read', async () => {
  assert.deepEqual(await sendMail(mail('out_001')), { kind: 'accepted' })
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(folder), ['out_001.json'])
  assert.equal(statSync(join(folder, 'out_001.json')).mode & 0o777, 0o600)
  const kept = await findLocalMail('out_001')
  assert.equal(kept?.to, 'jane@acme.example')
  assert.equal(kept?.text, 'Hello\n')
})

test('a mail that is sent twice is kept once', async () => {
  await sendMail(mail('out_001', 'again'))
  assert.deepEqual(readdirSync(folder), ['out_001.json'])
  assert.equal((await findLocalMail('out_001'))?.subject, 'again')
})

test('an id cannot leave the folder', async () => {
  writeFileSync(join(dataDir, 'secret.json'), '{}')
  for (const id of ['../secret', '..%2fsecret', '/etc/passwd', 'out_001.json', 'out_001\0', '', '.', 'x'.repeat(99)])
    assert.equal(await findLocalMail(id), null, id)
})

test('the newest 200 are kept, newest first', async () => {
  for (let index = 2; index <= 210; index++) await sendMail(mail(`out_${String(index).padStart(3, '0')}`))
  const mails = await listLocalMail()
  assert.equal(mails.length, 200)
  assert.equal(mails[0]?.id, 'out_210')
  assert.equal(mails.at(-1)?.id, 'out_011')
  assert.equal(readdirSync(folder).length, 200)
})

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { newLinkKey, sha256 } from '#lib/crypto/digest.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { findLink, findLinkByDigest, GRACE_MINUTES } from '#lib/data/secure-links.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, keyOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { askForNewLink, findLinkByKey, mailLinkAgain, reissueLink, revokeLink } from './links.ts'
import { requestConnections } from './request.ts'
import { LINK_DAYS_MAX } from './request-schema.ts'
import { visit } from './visit.ts'

// S1
test('100,000 keys do not repeat, and each is 43 characters of 256 random bits', () => {
  const KEYS = 100_000
  const keys = Array.from({ length: KEYS }, () => newLinkKey())
  assert.equal(new Set(keys.map(({ key }) => key)).size, KEYS)
  assert.ok(keys.every(({ key }) => /^[A-Za-z0-9_-]{43}$/.test(key)))
  const { key = '', digest } = keys[0] ?? {}
  assert.equal(Buffer.from(key, 'base64url').length, 32)
  assert.deepEqual(digest, sha256(key))
})

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const stateOf = async (key: string) => (await findLinkByKey(key))?.state ?? null

/** Moves the end of the link so many seconds from the database's now. */
async function endIn(seconds: number, trx: Kysely<Database> | null = null): Promise<void> {
  await (trx ?? db())
    .updateTable('secureLinks')
    .set({ expiresAt: sql<Date>`now() + make_interval(secs => ${seconds})` })
    .where('id', '=', asked.holder.linkId)
    .execute()
}

const keysStored = () =>
  db().selectFrom('secureLinkKeys').select('digest').where('linkId', '=', asked.holder.linkId).execute()

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    // S1
    test('only the digest of a key is stored, whatever way the link leaves', async () => {
      const keys = [asked.linkKey]
      for (const deliver of ['mail', 'link'] as const)
        for (let count = 0; count < 5; count++)
          keys.push(keyOf((await reissueLink(operator, { requestId: asked.requestId, deliver })).link))
      const everything = await dump()
      for (const key of keys) {
        const bytes = Buffer.from(key, 'base64url')
        const forms = [key, bytes.toString('hex'), bytes.toString('base64'), Buffer.from(key).toString('hex')]
        for (const form of forms) assert.ok(!everything.includes(form), 'a key lies in the database')
        assert.ok(everything.includes(sha256(key).toString('hex')), 'the sweep sees what is stored')
      }
    })

    // S2 and R16: in one transaction, so that the database's now stands still while it is looked at.
    const life: [seconds: number, state: string][] = [
      [1, 'live'],
      [-1, 'grace'],
      [-GRACE_MINUTES * 60 + 1, 'grace'],
      [-GRACE_MINUTES * 60 - 1, 'expired'],
    ]
    for (const [seconds, state] of life)
      test(`a link that ends in ${seconds} s is ${state}`, async () => {
        const link = await inTransaction(async (trx) => {
          await endIn(seconds, trx)
          return findLink(trx, asked.holder.linkId)
        })
        assert.equal(link?.state, state)
      })

    const holders: [minutes: number, outcome: string, status: string][] = [
      [1, 'settled', 'connected'],
      [-1, 'settled', 'connected'],
      [-GRACE_MINUTES + 1, 'settled', 'connected'],
      [-GRACE_MINUTES - 1, 'link_ended', 'sent'],
    ]
    for (const [minutes, kind, status] of holders)
      test(`a submission by whoever opened a link that ends in ${minutes} min is ${kind}`, async () => {
        await endIn(minutes * 60)
        assert.equal((await connect(asked.holder, typed('admin'))).kind, kind)
        assert.equal((await statusOf(asked.connectionId)).status, status)
      })

    test('a link lives 14 days, as many as asked for, and never more than 60', async () => {
      const daysOf = async (key: string) =>
        ((await findLinkByKey(key))?.expiresAt.getTime() ?? 0) / 86_400_000 - Date.now() / 86_400_000
      assert.ok(Math.abs((await daysOf(asked.linkKey)) - 14) < 0.01)
      const request = {
        customer: 'Acme',
        contact: { name: 'Jane Miller', email: 'jane@acme.example' },
        connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
      } as const
      const longest = await requestConnections(operator, {
        ...request,
        connections: [...request.connections],
        expiresInDays: LINK_DAYS_MAX,
      })
      assert.ok(Math.abs((await daysOf(keyOf(longest.link))) - 60) < 0.01)
      await assert.rejects(
        requestConnections(operator, { ...request, connections: [...request.connections], expiresInDays: 61 }),
      )
    })

    // S3
    test('looking a link up 25 times changes nothing that a person sees', async () => {
      for (let count = 0; count < 25; count++) await findLinkByKey(asked.linkKey)
      assert.equal((await statusOf(asked.connectionId)).status, 'sent')
      await visit(asked.holder)
      assert.equal((await statusOf(asked.connectionId)).status, 'visited')
    })

    test('a further key opens the same link beside the first', async () => {
      assert.equal(await mailLinkAgain(asked.holder), 'sent')
      assert.equal((await keysStored()).length, 2)
      assert.equal(await stateOf(asked.linkKey), 'live')
    })

    test('a link that has ended gets no further key', async () => {
      await endIn(-1)
      await mailLinkAgain(asked.holder)
      assert.equal((await keysStored()).length, 1)
    })

    // S10
    test('sending again kills every earlier key of every earlier link, and whoever holds one', async () => {
      await mailLinkAgain(asked.holder)
      const second = keyOf((await reissueLink(operator, { requestId: asked.requestId, deliver: 'link' })).link)
      const third = keyOf((await reissueLink(operator, { requestId: asked.requestId, deliver: 'mail' })).link)
      for (const { digest } of await keysStored()) assert.equal((await findLinkByDigest(digest))?.state, 'replaced')
      assert.equal(await stateOf(second), 'replaced')
      assert.equal(await stateOf(third), 'live')
      assert.deepEqual(await connect(asked.holder, typed('admin')), { kind: 'link_ended', state: 'replaced' })
      assert.equal((await auditOf(asked.requestId)).filter((action) => action === 'link.reissued').length, 2)
    })

    test('a revoked link takes nothing, and what waited for a yes is erased', async () => {
      await connect(asked.holder, typed('no-persons'))
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_confirmation')
      assert.deepEqual(await revokeLink(operator, { requestId: asked.requestId, reason: 'test' }), { ended: 1 })
      assert.equal(await stateOf(asked.linkKey), 'revoked')
      assert.equal((await statusOf(asked.connectionId)).status, 'revoked')
      assert.deepEqual(await connect(asked.holder, typed('admin')), { kind: 'link_ended', state: 'revoked' })
      const kept = await db()
        .selectFrom('credentials')
        .select(['state', 'sealed', 'wrappedKey'])
        .where('connectionId', '=', asked.connectionId)
        .execute()
      assert.deepEqual(kept, [{ state: 'shredded', sealed: null, wrappedKey: null }])
      assert.ok((await auditOf(asked.connectionId)).includes('credential.shredded'))
      assert.deepEqual(await revokeLink(operator, { requestId: asked.requestId, reason: 'again' }), { ended: 0 })
    })

    test('revoking the link leaves a connection alone that works', async () => {
      await connect(asked.holder, typed('admin'))
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
    })

    test('a connection whose token was refused after a wait is revoked with its link', async () => {
      await db()
        .updateTable('connections')
        .set({ status: 'needs_customer', verdictCode: 'TOKEN_REJECTED', version: 1 })
        .where('id', '=', asked.connectionId)
        .execute()
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      assert.equal((await statusOf(asked.connectionId)).status, 'revoked')
    })

    // S9
    test('a visitor of an expired link gets a new one by mail five times an hour, of a live one never', async () => {
      const mailed = async () =>
        (
          await db()
            .selectFrom('outbox')
            .select('id')
            .where('requestId', '=', asked.requestId)
            .where('letter', '=', 'new_link')
            .execute()
        ).length
      await askForNewLink(asked.linkKey)
      assert.equal(await mailed(), 0)
      for (let count = 0; count < 7; count++) {
        await endIn(-3_600)
        await db()
          .updateTable('secureLinks')
          .set({ replacedAt: null, replacedBy: null })
          .where('id', '=', asked.holder.linkId)
          .execute()
        await askForNewLink(asked.linkKey)
      }
      assert.equal(await mailed(), 5)
    })

    test('a key that nobody made opens nothing', async () => {
      assert.equal(await findLinkByKey(newLinkKey().key), null)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

async function auditOf(objectId: string): Promise<string[]> {
  const rows = await db().selectFrom('auditEvents').select('action').where('objectId', '=', objectId).execute()
  return rows.map(({ action }) => action)
}

/** Every row of every table as text; bytes as hex. */
async function dump(): Promise<string> {
  const tables = await sql<{ tablename: string }>`
    select tablename from pg_tables where schemaname = 'public'`.execute(db())
  const parts = []
  for (const { tablename } of tables.rows) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(tablename)} t`.execute(db())
    parts.push(...rows.map(({ row }) => row))
  }
  return parts.join('\n')
}

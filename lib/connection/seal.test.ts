import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { KeyProviderError } from '#lib/crypto/key-provider.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import type { SealedCredential } from '#lib/data/credentials.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { findLinkByKey, reissueLink, revokeLink } from './links.ts'
import { openCredential } from './seal.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

async function kept({ connectionId, holder }: Asked): Promise<SealedCredential> {
  const found = await findCredential(db(), { teamId: holder.teamId, connectionId, state: 'in_force' })
  assert.ok(found, 'nothing is in force')
  return found
}

async function countReads(): Promise<number> {
  const rows = await db().selectFrom('auditEvents').select('id').where('action', '=', 'credential.read').execute()
  return rows.length
}

/** Every audit row is refused, as by a full disk or a grant that was taken away. */
async function withoutAudit(work: () => Promise<void>): Promise<void> {
  await sql`create function no_audit() returns trigger language plpgsql as
    $$ begin raise exception 'disk full' using errcode = '53100'; end $$`.execute(db())
  await sql`create trigger no_audit before insert on audit_events for each row execute function no_audit()`.execute(
    db(),
  )
  try {
    await work()
  } finally {
    await sql`drop trigger no_audit on audit_events`.execute(db())
    await sql`drop function no_audit()`.execute(db())
  }
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    test('a sealed value that was moved to another connection does not open', async () => {
      const other = await ask(operator)
      await connect(asked.holder, typed('admin'))
      await connect(other.holder, typed('editor'))
      const [mine, theirs] = [await kept(asked), await kept(other)]
      for (const [into, value] of [
        [mine, theirs],
        [theirs, mine],
      ] as const)
        await db()
          .updateTable('credentials')
          .set({ sealed: JSON.stringify(value.sealed), wrappedKey: JSON.stringify(value.wrappedKey) })
          .where('id', '=', into.id)
          .execute()
      await assert.rejects(openCredential(operator, await kept(asked), 'check_after_yes'))
      await assert.rejects(openCredential(operator, await kept(other), 'check_after_yes'))
    })

    // S21, S25
    test('a sealed value whose host was changed in the database does not open, and opens again when put back', async () => {
      await connect(asked.holder, typed('admin'))
      const setHost = (host: string) =>
        db().updateTable('credentials').set({ host }).where('connectionId', '=', asked.connectionId).execute()
      await setHost('evil.pipedrive.com')
      await assert.rejects(openCredential(operator, await kept(asked), 'check_after_yes'))
      await setHost('acme.pipedrive.com')
      assert.equal((await openCredential(operator, await kept(asked), 'check_after_yes')).reveal(), fakeToken('admin'))
    })

    test('another team cannot open a value that reached it', async () => {
      await connect(asked.holder, typed('admin'))
      await assert.rejects(openCredential(await makeTeam(), await kept(asked), 'check_after_yes'))
    })

    // S33
    test('every unwrap of a data key has its audit row, written before', async () => {
      await connect(asked.holder, typed('admin'))
      const credential = await kept(asked)
      const readsBefore = await countReads()
      const readsAtUnwrap: number[] = []
      const provider = keyProvider()
      const unwrap = provider.unwrap.bind(provider)
      const spy = mock.method(provider, 'unwrap', async (...parts: Parameters<typeof unwrap>) => {
        readsAtUnwrap.push((await countReads()) - readsBefore)
        return unwrap(...parts)
      })
      try {
        for (let read = 0; read < 3; read++) await openCredential(operator, credential, 'check_after_yes')
      } finally {
        spy.mock.restore()
      }
      assert.deepEqual(readsAtUnwrap, [1, 2, 3])
      assert.equal((await countReads()) - readsBefore, 3)
      const row = await db()
        .selectFrom('auditEvents')
        .select(['actorKind', 'action', 'reason', 'details'])
        .where('objectId', '=', asked.connectionId)
        .where('action', '=', 'credential.read')
        .executeTakeFirstOrThrow()
      assert.deepEqual(row, {
        actorKind: 'operator',
        action: 'credential.read',
        reason: 'check_after_yes',
        details: { version: 1 },
      })
    })

    // S34
    test('without an audit row a submission stores nothing', async () => {
      await withoutAudit(async () => {
        await assert.rejects(connect(asked.holder, typed('admin')), { code: '53100' })
      })
      assert.equal(await countRows('credentials', asked.connectionId), 0)
      assert.equal(await countRows('verifications', asked.connectionId), 0)
      assert.deepEqual(await lettersOf(asked.connectionId), [])
      assert.equal((await statusOf(asked.connectionId)).status, 'sent')
      assert.equal((await connect(asked.holder, typed('admin'))).kind, 'settled')
    })

    test('without an audit row a credential is not read: its data key stays wrapped', async () => {
      await connect(asked.holder, typed('admin'))
      const credential = await kept(asked)
      const spy = mock.method(keyProvider(), 'unwrap')
      await withoutAudit(async () => {
        await assert.rejects(openCredential(operator, credential, 'check_after_yes'), { code: '53100' })
      })
      assert.equal(spy.mock.callCount(), 0)
      spy.mock.restore()
    })

    test('without an audit row a link is neither revoked nor replaced', async () => {
      await withoutAudit(async () => {
        const { requestId } = asked
        await assert.rejects(revokeLink(operator, { requestId, reason: 'test' }), { code: '53100' })
        await assert.rejects(reissueLink(operator, { requestId, deliver: 'mail' }), { code: '53100' })
      })
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'live')
      assert.equal((await statusOf(asked.connectionId)).status, 'sent')
    })

    // R15
    test('while the key provider is down nothing is stored, and the same form works afterwards', async () => {
      const form = typed('admin')
      const spy = mock.method(keyProvider(), 'wrap', async () =>
        Promise.reject(new KeyProviderError('unreachable', 'no')),
      )
      await assert.rejects(connect(asked.holder, form), { fault: 'unreachable' })
      spy.mock.restore()
      assert.equal(await countRows('credentials', asked.connectionId), 0)
      assert.equal((await statusOf(asked.connectionId)).status, 'sent')
      assert.equal((await connect(asked.holder, form)).kind, 'settled')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

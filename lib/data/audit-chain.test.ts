import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { sealAuditChain, verifyAuditChain } from './audit-chain.ts'
import { recordAudit } from './audit-events.ts'
import { db, inTransaction } from './database.ts'

const EVENTS = 6

let operator: Operator

/** Six events that are old enough to be linked, and linked. */
async function makeChain(): Promise<string[]> {
  for (let count = 0; count < EVENTS; count++)
    await inTransaction((trx) =>
      recordAudit(trx, operator, { action: 'link.revoked', objectId: `req_${count}`, details: { b: count, a: [1] } }),
    )
  await ageUnlinked()
  await sealAuditChain()
  const links = await db()
    .selectFrom('auditChain')
    .select('eventId')
    .where('teamId', '=', operator.teamId)
    .orderBy('seq')
    .execute()
  return links.map(({ eventId }) => eventId)
}

/** What only somebody who owns the table can do: past the triggers. */
async function tamper(...statements: string[]): Promise<void> {
  await sql`alter table audit_events disable trigger user`.execute(db())
  for (const statement of statements) await sql.raw(statement).execute(db())
  await sql`alter table audit_events enable trigger user`.execute(db())
}

/** Only what is older than a second is linked. */
async function ageUnlinked(): Promise<void> {
  await tamper(
    `update audit_events set at = at - interval '5 seconds' where id not in (select event_id from audit_chain)`,
  )
}

type Bad = { seq: number; eventId: string | null; problem: string }

const attacks: [what: string, attack: (ids: string[]) => string[], bad: (ids: string[]) => Bad][] = [
  [
    'an edited row',
    ([, , id]) => [`update audit_events set reason = 'other' where id = '${id}'`],
    ([, , id = '']) => ({ seq: 3, eventId: id, problem: 'changed' }),
  ],
  [
    'edited details',
    ([id]) => [`update audit_events set details = '{"a": [1], "b": 7}' where id = '${id}'`],
    ([id = '']) => ({ seq: 1, eventId: id, problem: 'changed' }),
  ],
  [
    'a deleted row',
    ([, , , id]) => [`delete from audit_events where id = '${id}'`],
    ([, , , id = '']) => ({ seq: 4, eventId: id, problem: 'deleted' }),
  ],
  [
    'a row deleted with its link',
    ([, id]) => [`delete from audit_events where id = '${id}'`, `delete from audit_chain where event_id = '${id}'`],
    ([, , id = '']) => ({ seq: 3, eventId: id, problem: 'gap' }),
  ],
  [
    'a row deleted with its link and the later ones renumbered',
    ([, id]) => [
      `delete from audit_events where id = '${id}'`,
      `delete from audit_chain where event_id = '${id}'`,
      `update audit_chain set seq = -seq where event_id > '${id}' and team_id = (select team_id from audit_chain where event_id > '${id}' limit 1)`,
      'update audit_chain set seq = -seq - 1 where seq < 0',
    ],
    ([, , id = '']) => ({ seq: 2, eventId: id, problem: 'changed' }),
  ],
  [
    'two swapped rows',
    ([, one, two]) => [
      `update audit_chain set event_id = 'swap' where event_id = '${one}'`,
      `update audit_chain set event_id = '${one}' where event_id = '${two}'`,
      `update audit_chain set event_id = '${two}' where event_id = 'swap'`,
    ],
    ([, , two = '']) => ({ seq: 2, eventId: two, problem: 'changed' }),
  ],
  [
    'a row inserted at the end with a made-up link',
    ([id]) => [
      `insert into audit_events select 'aud_forged', team_id, at, actor_kind, actor_id, action, object_id, outcome, reason, address, request_id, details from audit_events where id = '${id}'`,
      `insert into audit_chain (team_id, seq, event_id, mac) select team_id, ${EVENTS + 1}, 'aud_forged', mac from audit_chain where event_id = '${id}'`,
    ],
    () => ({ seq: EVENTS + 1, eventId: 'aud_forged', problem: 'changed' }),
  ],
]

onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
  })

  test('an untouched chain is sound, holds each row once, and goes on where it ended', async () => {
    const ids = await makeChain()
    assert.equal(new Set(ids).size, EVENTS)
    assert.deepEqual(await verifyAuditChain(operator.teamId), { ok: true, links: EVENTS })
    await makeChain()
    assert.deepEqual(await verifyAuditChain(operator.teamId), { ok: true, links: 2 * EVENTS })
    assert.deepEqual(await verifyAuditChain('tem_other'), { ok: true, links: 0 })
  })

  // S35
  for (const [what, attack, bad] of attacks)
    test(`the verifier names ${what}`, async () => {
      const ids = await makeChain()
      await tamper(...attack(ids))
      const verdict = await verifyAuditChain(operator.teamId)
      assert.ok(!verdict.ok)
      const firstBad = bad(ids)
      assert.deepEqual(verdict.firstBad, firstBad)
      assert.equal(verdict.links, firstBad.problem === 'gap' ? firstBad.seq - 2 : firstBad.seq - 1)
      await tamper(
        "delete from audit_events where id = 'aud_forged'",
        "delete from audit_chain where event_id = 'aud_forged'",
      )
    })

  test('two sealers at once link each row once', async () => {
    for (let count = 0; count < EVENTS; count++)
      await inTransaction((trx) => recordAudit(trx, operator, { action: 'link.revoked', objectId: 'req_1' }))
    await ageUnlinked()
    await Promise.all([sealAuditChain(), sealAuditChain()])
    assert.deepEqual(await verifyAuditChain(operator.teamId), { ok: true, links: EVENTS })
  })

  test('a row that is younger than a second waits, so that an older one may still come before it', async () => {
    await inTransaction((trx) => recordAudit(trx, operator, { action: 'link.revoked', objectId: 'req_1' }))
    await sealAuditChain()
    assert.deepEqual(await verifyAuditChain(operator.teamId), { ok: true, links: 0 })
  })

  // S36
  for (const statement of [
    "update audit_events set reason = 'x'",
    'delete from audit_events',
    'truncate audit_events cascade',
    "insert into audit_events select * from audit_events on conflict (id) do update set reason = 'x'",
  ])
    test(`"${statement}" is refused`, async () => {
      await inTransaction((trx) => recordAudit(trx, operator, { action: 'link.revoked', objectId: 'req_1' }))
      await assert.rejects(sql.raw(statement).execute(db()), { code: '42501' })
      const rows = await db().selectFrom('auditEvents').select('reason').where('teamId', '=', operator.teamId).execute()
      assert.deepEqual(rows, [{ reason: null }])
    })
})

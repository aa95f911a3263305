import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { listChainHeads, sealAuditChain, verifyAuditChain } from '#lib/data/audit-chain.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db } from '#lib/data/database.ts'
import { env } from '#lib/env.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { noteCheckpoints, noteRestore, verifyWithCheckpoints } from './audit-checkpoints.ts'

let operator: Operator

async function write(count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await recordAudit(db(), operator, { action: 'link.revoked', objectId: `req_${n}`, details: { n } })
  await tamper(
    `update audit_events set at = at - interval '5 seconds' where id not in (select event_id from audit_chain)`,
  )
  await sealAuditChain()
}

/** What only somebody who owns the table can do. */
async function tamper(...statements: string[]): Promise<void> {
  await sql`alter table audit_events disable trigger user`.execute(db())
  for (const statement of statements) await sql.raw(statement).execute(db())
  await sql`alter table audit_events enable trigger user`.execute(db())
}

const cutTo = (seq: number) =>
  tamper(
    `delete from audit_events where id in (select event_id from audit_chain where team_id = '${operator.teamId}' and seq > ${seq})`,
    `delete from audit_chain where team_id = '${operator.teamId}' and seq > ${seq}`,
  )

onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
    await write(4)
    await noteCheckpoints()
  })

  test('an unharmed chain fits what was noted, once for each head', async () => {
    assert.equal(await noteCheckpoints(), 0)
    const verdict = await verifyWithCheckpoints(operator.teamId)
    assert.deepEqual(verdict, { ok: true, links: 4, checkpoints: 1 })
    assert.equal(statSync(env().auditCheckpointFile).mode & 0o777, 0o600)
    assert.ok(readFileSync(env().auditCheckpointFile, 'utf8').includes(operator.teamId))
  })

  test('a cut tail, which the chain alone does not show, is found and named', async () => {
    await cutTo(2)
    assert.ok((await verifyAuditChain(operator.teamId)).ok)
    assert.deepEqual(await verifyWithCheckpoints(operator.teamId), {
      ok: false,
      links: 2,
      checkpoints: 1,
      firstBad: { seq: 3, eventId: null, problem: 'cut' },
    })
  })

  test('a tail that was cut and written anew is found', async () => {
    await cutTo(2)
    await write(3)
    assert.ok((await verifyAuditChain(operator.teamId)).ok)
    const verdict = await verifyWithCheckpoints(operator.teamId)
    assert.ok(!verdict.ok)
    assert.deepEqual(verdict.firstBad, { seq: 4, eventId: null, problem: 'rewritten' })
  })

  test('after a restore the chain may end where the backup ended, and is watched from there', async () => {
    await cutTo(2)
    await noteRestore((await listChainHeads(db())).filter(({ teamId }) => teamId === operator.teamId))
    assert.ok((await verifyWithCheckpoints(operator.teamId)).ok)
    await write(2)
    await noteCheckpoints()
    await cutTo(3)
    const verdict = await verifyWithCheckpoints(operator.teamId)
    assert.ok(!verdict.ok && verdict.firstBad.problem === 'cut')
  })

  test('a damaged line takes nothing from the others', async () => {
    appendFileSync(env().auditCheckpointFile, '{"at":"2026\n')
    await cutTo(1)
    const verdict = await verifyWithCheckpoints(operator.teamId)
    assert.ok(!verdict.ok && verdict.firstBad.problem === 'cut')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { moveStatus } from './connections.ts'
import { db } from './database.ts'
import { completeLastChecks, noteCheck } from './last-checks.ts'

onEachEngine(() => {
  const rowOf = (connectionId: string) =>
    db().selectFrom('lastChecks').selectAll().where('connectionId', '=', connectionId).executeTakeFirst()

  test('a connection has its row from the start; it follows the status, and keeps the last full check', async () => {
    const team = await makeTeam()
    const { connectionId } = await ask(team)
    assert.deepEqual(await rowOf(connectionId), {
      connectionId,
      teamId: team.teamId,
      status: 'sent',
      checkedAt: null,
      fullCheckAt: null,
    })
    await moveStatus(db(), team, { connectionId, from: 'sent', to: 'connected', verdictCode: 'OK' })
    await noteCheck(db(), team, { connectionId, isFull: true })
    const full = await rowOf(connectionId)
    await noteCheck(db(), team, { connectionId, isFull: false })
    const row = await rowOf(connectionId)
    assert.equal(row?.status, 'connected')
    assert.ok(row.checkedAt && full?.checkedAt && row.checkedAt > full.checkedAt)
    assert.deepEqual(row.fullCheckAt, full.fullCheckAt)
  })

  // R19
  test('what the version before wrote beside this one is taken over, and nothing newer is lost', async () => {
    const team = await makeTeam()
    const [missing, moved, newer] = [await ask(team), await ask(team), await ask(team)]
    await db().deleteFrom('lastChecks').where('connectionId', '=', missing.connectionId).execute()
    await sql`update connections set checked_at = now(), full_check_at = now() where id = ${missing.connectionId}`.execute(
      db(),
    )
    await sql`update connections set status = 'revoked' where id = ${moved.connectionId}`.execute(db())
    await noteCheck(db(), team, { connectionId: newer.connectionId, isFull: true })
    await sql`update connections set status = 'sent', checked_at = now() - interval '1 hour' where id = ${newer.connectionId}`.execute(
      db(),
    )
    const before = await rowOf(newer.connectionId)

    await completeLastChecks()
    const found = await rowOf(missing.connectionId)
    assert.ok(found?.checkedAt && found.fullCheckAt)
    assert.equal((await rowOf(moved.connectionId))?.status, 'revoked')
    assert.deepEqual(await rowOf(newer.connectionId), { ...before, status: 'sent' })
  })

  test('a check of a connection without a row makes one, and of another team none', async () => {
    const [team, other] = [await makeTeam(), await makeTeam()]
    const { connectionId } = await ask(team)
    await db().deleteFrom('lastChecks').where('connectionId', '=', connectionId).execute()
    await noteCheck(db(), other, { connectionId, isFull: true })
    assert.equal(await rowOf(connectionId), undefined)
    await noteCheck(db(), team, { connectionId, isFull: false })
    assert.equal((await rowOf(connectionId))?.fullCheckAt, null)
  })
})

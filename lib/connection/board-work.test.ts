import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Operator, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { lockConnection, moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, statusOf } from '#lib/testing/story.ts'
import { assignOwner } from './assign.ts'
import { doBulk, planBulk } from './bulk.ts'
import { endLinkAt, extendLink, findLinkByKey, reissueLink, revokeLink } from './links.ts'
import { requestConnections } from './request.ts'
import { SNOOZE_DAYS_MAX, snooze, unsnooze } from './snooze.ts'
import type { Status } from './status.ts'

const DAY_MS = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS)

onEachEngine(() => {
  let team: Operator
  let other: Operator
  let asked: Asked
  beforeEach(async () => {
    team = await makeTeam()
    other = await makeTeam()
    asked = await ask(team)
  })

  const move = (to: Status) =>
    inTransaction(async (trx) => {
      const { status: from } = await lockConnection(trx, { teamId: team.teamId, connectionId: asked.connectionId })
      await moveStatus(trx, team, { connectionId: asked.connectionId, from, to, verdictCode: null })
    })

  const audited = async (action: string) =>
    (await db().selectFrom('auditEvents').selectAll().where('teamId', '=', team.teamId).execute()).filter(
      (event) => event.action === action,
    )

  const row = () =>
    db()
      .selectFrom('connections')
      .select(['ownerId', 'linkExpiresAt', 'snoozedUntil', 'snoozeNote', 'visitedAt'])
      .where('id', '=', asked.connectionId)
      .executeTakeFirstOrThrow()

  test('an expired link comes alive again when it is extended, and the board knows its end', async () => {
    await endLinkAt(team, { requestId: asked.requestId, expiresAt: inDays(-3) })
    await move('expired')
    assert.equal((await findLinkByKey(asked.linkKey))?.state, 'expired')
    const extension = await extendLink(team, { requestId: asked.requestId, days: 20, reason: 'on holiday' })
    assert.equal(extension.kind, 'extended')
    const end = extension.kind === 'extended' ? extension.expiresAt.getTime() : 0
    assert.ok(Math.abs(end - inDays(20).getTime()) < 60_000)
    assert.equal((await findLinkByKey(asked.linkKey))?.state, 'live')
    assert.equal((await statusOf(asked.connectionId)).status, 'sent')
    assert.equal((await row()).linkExpiresAt?.getTime(), end)
    const [event] = await audited('link.extended')
    assert.equal(event?.reason, 'on holiday')
    assert.equal(event?.objectId, asked.requestId)
  })

  test('extending never shortens, and never goes past 60 days', async () => {
    await extendLink(team, { requestId: asked.requestId, days: 60 })
    const before = (await findLinkByKey(asked.linkKey))?.expiresAt
    await extendLink(team, { requestId: asked.requestId, days: 1 })
    assert.deepEqual((await findLinkByKey(asked.linkKey))?.expiresAt, before)
    for (const days of [0, -1, 61, 1.5, Number.NaN])
      await assert.rejects(extendLink(team, { requestId: asked.requestId, days }), RangeError)
  })

  test('a revoked link stays dead, and another team finds none to extend', async () => {
    assert.equal((await extendLink(other, { requestId: asked.requestId, days: 5 })).kind, 'no_link')
    await revokeLink(team, { requestId: asked.requestId, reason: 'wrong company' })
    assert.equal((await extendLink(team, { requestId: asked.requestId, days: 5 })).kind, 'ended')
    assert.equal((await findLinkByKey(asked.linkKey))?.state, 'revoked')
    assert.equal((await row()).linkExpiresAt, null)
  })

  test('a new link after a revoked one waits for the customer again', async () => {
    await revokeLink(team, { requestId: asked.requestId, reason: 'wrong company' })
    assert.equal((await statusOf(asked.connectionId)).status, 'revoked')
    const { expiresAt } = await reissueLink(team, { requestId: asked.requestId, deliver: 'mail' })
    assert.equal((await statusOf(asked.connectionId)).status, 'queued')
    assert.deepEqual((await row()).linkExpiresAt, expiresAt)
  })

  test('a request is given to a member who may have it', async () => {
    const sam = await upsertStaff(db(), {
      teamId: team.teamId,
      email: 'sam@northwind.example',
      name: 'Sam Okoye',
      role: 'account_manager',
    })
    const assigned = await assignOwner(team, { requestIds: [asked.requestId, 'req_unknown'], staffId: sam })
    assert.deepEqual(assigned, { kind: 'assigned', requestIds: [asked.requestId] })
    assert.equal((await row()).ownerId, sam)
    assert.equal((await audited('request.assigned')).length, 1)
    // A new connection of the request would ask the request: both hold the same.
    const request = await db().selectFrom('requests').select('ownerId').where('id', '=', asked.requestId).execute()
    assert.deepEqual(request, [{ ownerId: sam }])
  })

  test('nobody of another team, of support or disabled is given a request, and no other team’s request moves', async () => {
    const foreign = await upsertStaff(db(), { teamId: other.teamId, email: 'a@b.example', name: 'A', role: 'admin' })
    const ines = await upsertStaff(db(), { teamId: team.teamId, email: 'i@b.example', name: 'I', role: 'support' })
    const gone = await upsertStaff(db(), { teamId: team.teamId, email: 'g@b.example', name: 'G', role: 'admin' })
    await db().updateTable('staff').set({ disabledAt: new Date() }).where('id', '=', gone).execute()
    const { ownerId } = await row()
    for (const staffId of [foreign, ines, gone, 'stf_unknown'])
      assert.deepEqual(await assignOwner(team, { requestIds: [asked.requestId], staffId }), { kind: 'unknown_member' })
    const tried = await assignOwner(other, { requestIds: [asked.requestId], staffId: foreign })
    assert.deepEqual(tried, { kind: 'assigned', requestIds: [] })
    assert.equal((await row()).ownerId, ownerId)
  })

  const staff = (role: StaffRole) =>
    proven<'staff'>({ kind: 'staff', teamId: team.teamId, staffId: 'stf_test', role, address: null })

  test('many at once: a shared link is ended once, and each row says what became of it', async () => {
    const wanted = { provider: 'pipedrive', profile: 'read-only-sync' } as const
    const { connections } = await requestConnections(team, {
      customer: 'Globex',
      contact: { name: 'Hank Scorpio', email: 'hank@globex.example' },
      deliver: 'link',
      connections: [wanted, wanted],
    })
    const foreign = await ask(other)
    await move('connected')
    const connectionIds = [...connections.map(({ id }) => id), asked.connectionId, foreign.connectionId]
    const plan = await planBulk(staff('support'), { work: 'revoke', connectionIds })
    assert.deepEqual(
      plan.map(({ row, skip, sharing }) => [row.customerName, skip, sharing]),
      [
        ['Acme', 'connected', 1],
        ['Globex', null, 2],
        ['Globex', null, 2],
      ],
    )
    assert.equal((await statusOf(connections[0]?.id ?? '')).status, 'sent')
    const results = await doBulk(staff('support'), { work: 'revoke', reason: 'wrong company' }, { connectionIds })
    assert.deepEqual(
      results.map(({ result }) => result),
      ['connected', 'done', 'done'],
    )
    assert.equal((await audited('link.revoked')).length, 1)
    assert.equal((await statusOf(foreign.connectionId)).status, 'sent')
    const unknown = await audited('connection.unknown')
    assert.deepEqual(
      unknown.map(({ objectId, outcome }) => [objectId, outcome]),
      [
        [foreign.connectionId, 'refused'],
        [foreign.connectionId, 'refused'],
      ],
    )
    // Done before: the second time nothing is left to do.
    const again = await doBulk(staff('support'), { work: 'revoke', reason: 'wrong company' }, { connectionIds })
    assert.deepEqual(
      again.map(({ result }) => result),
      ['connected', 'no_link', 'no_link'],
    )
  })

  test('a role that may not do the work does none of it', async () => {
    const order = { work: 'snooze', until: inDays(7), note: null } as const
    await move('needs_manager')
    await assert.rejects(doBulk(staff('support'), order, { connectionIds: [asked.connectionId] }), /support may not/)
    assert.equal((await row()).snoozedUntil, null)
    const [done] = await doBulk(staff('account_manager'), order, { connectionIds: [asked.connectionId] })
    assert.equal(done?.result, 'done')
  })

  test('a snooze ends by hand, or when the status changes', async () => {
    const connectionIds = [asked.connectionId]
    await move('needs_manager')
    assert.deepEqual(await snooze(team, { connectionIds, until: inDays(7), note: 'they ask IT' }), {
      changed: connectionIds,
    })
    assert.equal((await row()).snoozeNote, 'they ask IT')
    assert.deepEqual(await unsnooze(team, { connectionIds }), { changed: connectionIds })
    assert.deepEqual(await unsnooze(team, { connectionIds }), { changed: [] })
    assert.equal((await row()).snoozedUntil, null)
    await snooze(team, { connectionIds, until: inDays(7), note: null })
    await move('declined')
    assert.equal((await row()).snoozedUntil, null)
    assert.equal((await audited('connection.snoozed')).length, 2)
    assert.equal((await audited('connection.unsnoozed')).length, 1)
  })

  test('what does not need the team, or belongs to another, is not snoozed', async () => {
    const connectionIds = [asked.connectionId]
    assert.deepEqual(await snooze(team, { connectionIds, until: inDays(7), note: null }), { changed: [] })
    await move('needs_manager')
    assert.deepEqual(await snooze(other, { connectionIds, until: inDays(7), note: null }), { changed: [] })
    for (const days of [-1, SNOOZE_DAYS_MAX + 1, Number.NaN])
      await assert.rejects(snooze(team, { connectionIds, until: inDays(days), note: null }), RangeError)
    assert.equal((await row()).snoozedUntil, null)
  })
})

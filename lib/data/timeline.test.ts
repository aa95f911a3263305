import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { exportAudit, viewAudit } from '#lib/connection/audit.ts'
import { lookUp } from '#lib/connection/look-up.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { recordAudit } from './audit-events.ts'
import type { AuditFilter } from './audit-log.ts'
import { db, inTransaction } from './database.ts'
import { listLinkFetches, noteLinkFetch } from './link-fetches.ts'
import { listQueue } from './support.ts'
import type { Cursor } from './timeline.ts'
import { listCredentialReads, listTimeline, TIMELINE_ROWS } from './timeline.ts'

const EVENTS = 60

let operator: Operator
let staff: Staff
let asked: Asked

const scope = (before: Cursor | null = null) => ({ ...asked.holder, before })
const everything: AuditFilter = { actorId: null, action: null, objectId: null, from: null, until: null }

/** Many rows of one moment: a transaction has one time for all of them. */
async function writeEvents(): Promise<void> {
  await inTransaction(async (trx) => {
    for (let count = 0; count < EVENTS; count++)
      await recordAudit(trx, operator, { action: 'connection.visited', objectId: asked.connectionId })
  })
}

onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
    staff = proven<'staff'>({
      kind: 'staff',
      teamId: operator.teamId,
      staffId: 'stf_1',
      role: 'admin',
      address: null,
    })
    asked = await ask(operator)
  })

  test('pages of the timeline hold every entry once, the newest first, also those of one moment', async () => {
    await writeEvents()
    const seen: string[] = []
    let before: Cursor | null = null
    for (let page = 0; page < 10; page++) {
      const { entries, next } = await listTimeline(db(), scope(before))
      assert.ok(entries.length <= TIMELINE_ROWS)
      seen.push(...entries.map(({ id }) => id))
      before = next
      if (!next) break
    }
    assert.equal(seen.length, EVENTS + 1)
    assert.equal(new Set(seen).size, seen.length)
    assert.equal((await listTimeline(db(), scope())).entries[0]?.id, seen[0])
  })

  test('a read that is one row for a whole batch stands in the log of each of its connections', async () => {
    const other = await ask(operator)
    await inTransaction((trx) =>
      recordAudit(trx, operator, {
        action: 'credential.read',
        objectId: 'batch',
        reason: 'regular check',
        details: { connections: [asked.connectionId, other.connectionId] },
      }),
    )
    for (const { holder } of [asked, other]) {
      const reads = await listCredentialReads(db(), holder)
      assert.deepEqual(
        reads.map(({ reason }) => reason),
        ['regular check'],
      )
    }
  })

  test('another team sees nothing of it', async () => {
    const stranger = { ...asked.holder, teamId: (await makeTeam()).teamId, before: null }
    assert.deepEqual(await listTimeline(db(), stranger), { entries: [], next: null })
    assert.deepEqual(await listCredentialReads(db(), stranger), [])
  })

  // S3
  test('fetches of a link make one row a day and move nothing', async () => {
    for (let count = 0; count < 25; count++) await noteLinkFetch({ id: asked.holder.linkId, teamId: operator.teamId })
    const rows = await listLinkFetches(db(), asked.holder)
    assert.deepEqual(
      rows.map(({ fetches }) => fetches),
      [25],
    )
    assert.equal((await listTimeline(db(), scope())).entries.length, 1)
  })

  test('the audit log is read page by page, filtered, and each look is written down', async () => {
    await writeEvents()
    const { rows, next } = await viewAudit(staff, {
      filter: { ...everything, action: 'connection.visited' },
      before: null,
    })
    assert.equal(rows.length, 50)
    const rest = await viewAudit(staff, { filter: { ...everything, action: 'connection.visited' }, before: next })
    assert.equal(rest.rows.length, EVENTS - 50)
    assert.equal(rest.next, null)
    const looks = await viewAudit(staff, { filter: { ...everything, action: 'audit.viewed' }, before: null })
    assert.equal(looks.rows.length, 2)
    const others = await viewAudit(staff, { filter: { ...everything, objectId: 'con_other' }, before: null })
    assert.deepEqual(others.rows, [])
    const tomorrow = new Date(Date.now() + 86_400_000)
    assert.deepEqual((await viewAudit(staff, { filter: { ...everything, from: tomorrow }, before: null })).rows, [])
  })

  test('an export holds every row of the team once, and begins with itself', async () => {
    await writeEvents()
    const rows = []
    for await (const batch of exportAudit(staff, everything)) rows.push(...batch)
    assert.equal(rows[0]?.action, 'audit.exported')
    assert.equal(rows.length, EVENTS + 2)
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  })

  // S37
  test('support finds a connection by all that a customer can say; the log keeps the kind, not the text', async () => {
    const { reference } = await db()
      .selectFrom('requests')
      .select('reference')
      .where('id', '=', asked.requestId)
      .executeTakeFirstOrThrow()
    const texts = [
      `http://localhost:3000/l/${asked.linkKey}`,
      `please: http://localhost:3000/l/${asked.linkKey.slice(0, 20)}\n${asked.linkKey.slice(20)}`,
      asked.linkKey,
      asked.connectionId,
      `https://portal.example/connections/${asked.connectionId}`,
      reference.toLowerCase(),
      'JANE@acme.example',
      'acme',
    ]
    for (const text of texts) {
      const { found } = await lookUp(staff, text)
      assert.deepEqual(
        found.map(({ id }) => id),
        [asked.connectionId],
        text,
      )
    }
    const log = await db().selectFrom('auditEvents').select(['details', 'reason', 'objectId']).execute()
    const written = JSON.stringify(log)
    for (const secret of [asked.linkKey, 'jane@acme.example', 'JANE']) assert.ok(!written.includes(secret), secret)
  })

  // S39
  test('a link, an id or a name of another team finds nothing', async () => {
    const stranger = proven<'staff'>({ ...staff, teamId: (await makeTeam()).teamId })
    for (const text of [asked.linkKey, asked.connectionId, 'acme', '%', 'a_me'])
      assert.deepEqual((await lookUp(stranger, text)).found, [], text)
    assert.deepEqual((await lookUp(staff, '%%')).found, [])
  })

  test('the queue holds what is support’s turn, once each, whatever waited longest first', async () => {
    const [bounced, ours, busy, throttled, letter] = [
      await ask(operator),
      await ask(operator),
      await ask(operator),
      await ask(operator),
      await ask(operator),
    ]
    const set = (one: Asked, status: string, verdictCode: string | null, hours: number) =>
      sql`update connections set status = ${status}, verdict_code = ${verdictCode},
        updated_at = now() - make_interval(hours => ${hours}) where id = ${one.connectionId}`.execute(db())
    await set(bounced, 'undeliverable', null, 1)
    await set(ours, 'waiting_provider', 'CANNOT_REACH', 5)
    await set(busy, 'waiting_provider', 'RATE_LIMITED', 9)
    await sql`insert into rate_limits (bucket, window_start, hits, expires_at)
      values (${`check:10m:${throttled.holder.linkId}`}, now(), 11, now() + interval '5 minutes')`.execute(db())
    await sql`insert into outbox (id, team_id, request_id, letter, recipient_name, recipient_email, language, payload,
      message_id, failed_at) values (${`out_${letter.requestId}`}, ${operator.teamId}, ${letter.requestId}, 'receipt', 'Jane',
      'jane@acme.example', 'en', '{}', ${`${letter.requestId}@x`}, now())`.execute(db())
    const queue = await listQueue(db(), operator)
    assert.deepEqual(
      queue.slice(0, 2).map(({ id, why }) => [id, why]),
      [
        [ours.connectionId, 'provider'],
        [bounced.connectionId, 'undeliverable'],
      ],
    )
    assert.deepEqual(queue.map(({ why }) => why).sort(), ['letter_failed', 'provider', 'throttled', 'undeliverable'])
    assert.deepEqual(await listQueue(db(), await makeTeam()), [])
  })
})

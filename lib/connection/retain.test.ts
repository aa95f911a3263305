import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { sealAuditChain, verifyAuditChain } from '#lib/data/audit-chain.ts'
import { db } from '#lib/data/database.ts'
import { numberEvents } from '#lib/data/events.ts'
import { noteLinkFetch } from '#lib/data/link-fetches.ts'
import { endIncident, openIncident } from '#lib/data/provider-health.ts'
import { recordStop } from '#lib/data/stops.ts'
import { deliverDue } from '#lib/jobs/outbox.ts'
import { type FakePipedrive, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { type Asked, ask, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { saveDraft } from './draft.ts'
import { reissueLink, revokeLink } from './links.ts'
import { withdraw } from './off-board.ts'
import { requestConnections } from './request.ts'
import { limitRetention, runRetention } from './retain.ts'

let fake: FakePipedrive
let operator: Operator

before(async () => {
  fake = await startFakePipedrive()
})
after(() => fake.close())

/** As if nobody had touched anything of the team for so many days. */
async function age(days: number): Promise<void> {
  const { teamId } = operator
  await sql`update connections set updated_at = updated_at - make_interval(days => ${days}::int),
    link_expires_at = link_expires_at - make_interval(days => ${days}::int) where team_id = ${teamId}`.execute(db())
  await sql`update contacts set created_at = created_at - make_interval(days => ${days}::int) where team_id = ${teamId}`.execute(
    db(),
  )
  await sql`update credentials set shredded_at = shredded_at - make_interval(days => ${days}::int) where team_id = ${teamId}`.execute(
    db(),
  )
}

/** Everything that the team's rows hold of people, but for the team's own. */
async function personalData(): Promise<string> {
  const { teamId } = operator
  const { rows } = await sql<{ text: string }>`
    select to_jsonb(c)::text as text from contacts c where team_id = ${teamId}
    union all select to_jsonb(c)::text from connections c where team_id = ${teamId}
    union all select to_jsonb(r)::text from requests r where team_id = ${teamId}
    union all select to_jsonb(o)::text from outbox o where team_id = ${teamId} and recipient_email <> 'maria@northwind.example'
    union all select to_jsonb(v)::text from verifications v where team_id = ${teamId}
    union all select to_jsonb(a)::text from audit_events a where team_id = ${teamId}`.execute(db())
  return rows.map(({ text }) => text).join('\n')
}

async function mailed(): Promise<Asked> {
  const asked = await ask(operator)
  await sql`update requests set note = 'Call Jane on her mobile' where id = ${asked.requestId}`.execute(db())
  await reissueLink(operator, { requestId: asked.requestId, deliver: 'mail' })
  await deliverDue({ limit: 200 })
  return asked
}

const WHO = /Jane|jane@|Eddie|eddie@|Alex|@acme\.example/

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
    })

    test('a closed connection loses its people and keeps its proof', async () => {
      const asked = await ask(operator)
      await connect(asked.holder, typed('editor'))
      await sql`update requests set note = 'Call Jane on her mobile' where id = ${asked.requestId}`.execute(db())
      assert.match(await personalData(), WHO)
      await sql`update connections set status = 'closed' where id = ${asked.connectionId}`.execute(db())
      await age(364)
      assert.equal((await runRetention()).connections, 0)
      await age(2)
      assert.equal((await runRetention({ dryRun: true })).connections, 1)
      assert.match(await personalData(), WHO)
      const counts = await runRetention()
      assert.deepEqual(
        { connections: counts.connections, requests: counts.requests, contacts: counts.contacts, more: counts.more },
        { connections: 1, requests: 1, contacts: 1, more: false },
      )
      assert.ok(counts.letters > 0 && counts.verifications > 0)
      assert.doesNotMatch(await personalData(), WHO)
      const kept = await db()
        .selectFrom('connections')
        .select(['status', 'providerCompanyDomain', 'connectedAt', 'customerName'])
        .where('id', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.equal(kept.status, 'closed')
      assert.equal(kept.providerCompanyDomain, 'acme')
      assert.ok(kept.connectedAt)
      const checks = await db()
        .selectFrom('verifications')
        .select('verdictCode')
        .where('connectionId', '=', asked.connectionId)
        .execute()
      assert.deepEqual(checks, [{ verdictCode: 'OK' }])
      const noted = await db()
        .selectFrom('auditEvents')
        .select('details')
        .where('objectId', '=', asked.connectionId)
        .where('action', '=', 'retention.erased')
        .execute()
      assert.equal(noted.length, 1)
      await sealAuditChain()
      assert.ok((await verifyAuditChain(operator.teamId)).ok)
      assert.equal((await runRetention()).connections, 0)
    })

    test('an abandoned request goes too; one that is still wanted, or connected, stays', async () => {
      const abandoned = await mailed()
      await age(400)
      const live = await mailed()
      const working = await ask(operator)
      await connect(working.holder, typed('editor'))
      await sql`update connections set updated_at = now() - interval '400 days' where id in (${live.connectionId}, ${working.connectionId})`.execute(
        db(),
      )
      const counts = await runRetention()
      assert.equal(counts.connections, 1)
      // The same person is asked by the other requests: of the contact nothing goes.
      assert.equal(counts.contacts, 0)
      const erased = await db()
        .selectFrom('connections')
        .select('id')
        .where('teamId', '=', operator.teamId)
        .where('erasedAt', 'is not', null)
        .execute()
      assert.deepEqual(erased, [{ id: abandoned.connectionId }])
      const letters = await db()
        .selectFrom('outbox')
        .select(['recipientEmail', 'sealedLink', 'failedAt', 'acceptedAt'])
        .where('requestId', '=', abandoned.requestId)
        .execute()
      assert.ok(letters.length > 0)
      assert.ok(
        letters.every(
          ({ recipientEmail, sealedLink, failedAt, acceptedAt }) =>
            recipientEmail === '' && sealedLink === null && (failedAt || acceptedAt),
        ),
      )
    })

    test('of several connections the last one takes the request along', async () => {
      const { id, connections } = await requestConnections(operator, {
        customer: 'Acme',
        contact: { name: 'Jane Miller', email: 'jane@acme.example' },
        deliver: 'link',
        connections: [
          { provider: 'pipedrive', profile: 'read-only-sync', name: 'one' },
          { provider: 'pipedrive', profile: 'two-way-crm', name: 'two' },
        ],
      })
      await revokeLink(operator, { requestId: id, reason: 'test' })
      await age(200)
      await sql`update connections set updated_at = now() - interval '400 days' where id = ${connections[0]?.id}`.execute(
        db(),
      )
      assert.deepEqual(await countsOf(), { connections: 1, requests: 0, contacts: 0 })
      await age(200)
      assert.deepEqual(await countsOf(), { connections: 1, requests: 1, contacts: 1 })
    })

    test('the team may keep less than a profile says', async () => {
      const { requestId } = await ask(operator)
      await revokeLink(operator, { requestId, reason: 'test' })
      await age(40)
      assert.equal((await runRetention()).connections, 0)
      await limitRetention(operator, 30)
      assert.deepEqual(await countsOf(), { connections: 1, requests: 1, contacts: 1 })
    })

    test('an erased request that is sent again has nobody to go to, and says so', async () => {
      const { requestId, connectionId } = await ask(operator)
      await revokeLink(operator, { requestId, reason: 'test' })
      await age(400)
      await runRetention()
      await reissueLink(operator, { requestId, deliver: 'mail' })
      await deliverDue({ limit: 50 })
      assert.equal((await statusOf(connectionId)).status, 'undeliverable')
    })

    test('rows of erased tokens go within 30 days, old drafts after their time', async () => {
      const asked = await ask(operator)
      await connect(asked.holder, typed('other-company'))
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      await age(28)
      assert.equal((await runRetention()).credentialRows, 0)
      await age(2)
      assert.equal((await runRetention()).credentialRows, 1)
      const draft = await saveDraft(
        operator,
        {
          customer: 'Acme',
          contact: { name: 'Jane Miller', email: 'jane@acme.example' },
          connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
        },
        crypto.randomUUID(),
      )
      assert.equal((await runRetention()).drafts, 0)
      await age(400)
      assert.equal((await runRetention()).drafts, 1)
      const left = await db().selectFrom('requests').select('id').where('id', '=', draft.id).execute()
      assert.deepEqual(left, [])
    })

    test('events go from the oldest on, and none before one that is kept', async () => {
      const { teamId } = operator
      const { holder } = await ask(operator)
      await connect(holder, typed('admin'))
      await withdraw(holder)
      while ((await numberEvents()) > 0);
      const places = async () =>
        (await db().selectFrom('events').select('seq').where('teamId', '=', teamId).orderBy('seq').execute()).map(
          ({ seq }) => Number(seq),
        )
      assert.deepEqual(await places(), [1, 2, 3, 4])
      const ageOf = (seq: number) =>
        sql`update events set created_at = now() - interval '91 days' where team_id = ${teamId} and seq = ${seq}`.execute(
          db(),
        )
      await ageOf(2)
      assert.equal((await runRetention()).events, 0)
      assert.deepEqual(await places(), [1, 2, 3, 4])
      await ageOf(1)
      assert.equal((await runRetention({ dryRun: true })).events, 2)
      assert.equal((await runRetention()).events, 2)
      await ageOf(3)
      await ageOf(4)
      assert.equal((await runRetention()).events, 1)
      assert.deepEqual(await places(), [4], 'the newest stays')
    })

    test('what is over for a year goes, what goes on stays', async () => {
      const { teamId } = operator
      const { requestId, connectionId, holder } = await ask(operator)
      await noteLinkFetch({ id: holder.linkId, teamId })
      await recordStop(db(), operator, { connectionId, requestId, workedAt: null, refusedAt: new Date() })
      for (const provider of ['over', 'under-way']) await openIncident(db(), provider, 'unanswered')
      await endIncident(db(), 'over')
      for (const [freezeId, endedAt] of [
        ['frz_over', sql`now()`],
        ['frz_under_way', sql`null`],
      ] as const)
        await sql`insert into freezes (id, team_id, scope, object_id, reason, started_kind, started_by, ended_at)
          values (${freezeId}, ${teamId}, 'team', ${freezeId}, 'test', 'operator', '', ${endedAt})`.execute(db())
      const pass = async (days: number) => {
        const back = sql`make_interval(days => ${days}::int)`
        await sql`update link_fetches set day = day - ${days}::int where team_id = ${teamId}`.execute(db())
        await sql`update stops set stopped_at = stopped_at - ${back} where team_id = ${teamId}`.execute(db())
        await sql`update provider_incidents set ended_at = ended_at - ${back}`.execute(db())
        await sql`update freezes set ended_at = ended_at - ${back} where team_id = ${teamId}`.execute(db())
      }
      assert.equal((await runRetention()).records, 0)
      await pass(91)
      assert.equal((await runRetention()).records, 1, 'the fetch of a link')
      await pass(275)
      assert.equal((await runRetention({ dryRun: true })).records, 3)
      assert.equal((await runRetention()).records, 3)
      const freezes = await db().selectFrom('freezes').select('id').where('teamId', '=', teamId).execute()
      assert.deepEqual(freezes, [{ id: 'frz_under_way' }])
      const open = await db().selectFrom('providerIncidents').select('provider').execute()
      assert.deepEqual(open, [{ provider: 'under-way' }])
      await endIncident(db(), 'under-way')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: fake.url }),
)

async function countsOf() {
  const { connections, requests, contacts } = await runRetention()
  return { connections, requests, contacts }
}

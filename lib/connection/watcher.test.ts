import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { findOpenIncident } from '#lib/data/provider-health.ts'
import { findLatestStop, readStopTimes } from '#lib/data/stops.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, eventsOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { lookAgain } from './watch.ts'

const companies = Array.from({ length: 8 }, (_, index) => `watch-${index}`)

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive({ companies })
})
after(() => pipedrive.close())

/** Looks at everything that is watched, as if its time had come. */
async function look(): Promise<void> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  await lookAgain(await claimDueChecks({ limit: 100, leaseSeconds: 60 }))
}

/** Moves what the watcher remembers into the past. */
async function passTime(seconds: number): Promise<void> {
  const back = sql<Date>`make_interval(secs => ${seconds})`
  await sql`update connections set suspect_since = suspect_since - ${back}, stopped_at = stopped_at - ${back}`.execute(
    db(),
  )
  await sql`update provider_minutes set fine_at = fine_at - ${back}`.execute(db())
}

async function connected(name: string, domain = 'acme'): Promise<Asked> {
  const made = await ask(operator)
  await connect(made.holder, typed(name, { domain }))
  assert.equal((await statusOf(made.connectionId)).status, 'connected')
  return made
}

const nextInMinutes = async (connectionId: string) => {
  const { minutes } = await db()
    .selectFrom('connectionChecks')
    .select(sql<number>`round(extract(epoch from due_at - now()) / 60)::int`.as('minutes'))
    .where('connectionId', '=', connectionId)
    .executeTakeFirstOrThrow()
  return minutes
}

const readsOf = async () =>
  (
    await db()
      .selectFrom('auditEvents')
      .select('details')
      .where('action', '=', 'credential.read')
      .where('teamId', '=', operator.teamId)
      .where('actorKind', '=', 'watcher')
      .execute()
  ).map(({ details }) => (details.connections as string[] | undefined) ?? [])

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      for (const table of ['connectionChecks', 'providerMinutes', 'providerIncidents', 'stops'] as const)
        await db().deleteFrom(table).execute()
      await db().updateTable('connections').set({ suspectSince: null }).execute()
      operator = await makeTeam()
      asked = await connected('admin')
    })

    test('a look costs one cheap call, changes nothing, and the next one comes within the interval', async () => {
      const calls = pipedrive.stats.calls
      await look()
      assert.equal(pipedrive.stats.calls - calls, 1)
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      const minutes = await nextInMinutes(asked.connectionId)
      assert.ok(minutes >= 200 && minutes <= 240, `next look in ${minutes} min`)
      assert.equal(await countRows('verifications', asked.connectionId), 1)
      assert.deepEqual(await lettersOf(asked.connectionId), ['receipt', 'connected_notice'])
    })

    // S33
    test('one audit row says which tokens a batch read', async () => {
      const others = [await connected('admin@watch-0', 'watch-0'), await connected('admin@watch-1', 'watch-1')]
      await look()
      const [batch, ...more] = await readsOf()
      assert.deepEqual(more, [])
      assert.deepEqual(batch?.toSorted(), [asked, ...others].map(({ connectionId }) => connectionId).sort())
    })

    // R13
    test('one refusal tells nobody anything; a second a minute later stops the connection, with one mail each', async () => {
      await connected('admin@watch-0', 'watch-0')
      pipedrive.regenerate('admin')
      await look()
      await look()
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      assert.deepEqual(await lettersOf(asked.connectionId), ['receipt', 'connected_notice'])
      assert.ok((await nextInMinutes(asked.connectionId)) <= 1)
      await passTime(61)
      await look()
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'stopped',
        verdictCode: 'STOPPED_WORKING',
        version: 1,
      })
      assert.deepEqual(await lettersOf(asked.connectionId), [
        'receipt',
        'connected_notice',
        'stopped',
        'stopped_notice',
      ])
      assert.deepEqual(await eventsOf(asked.connectionId), [
        'request.sent',
        'connection.ready',
        'connection.needs_attention',
      ])
      await passTime(3_600)
      await look()
      assert.equal((await lettersOf(asked.connectionId)).length, 4)
    })

    test('a stop is kept with the last good look before, the first refusal, and when the mail was accepted', async () => {
      await connected('admin@watch-0', 'watch-0')
      await sql`update last_checks set checked_at = now() - interval '4 hours' where connection_id = ${asked.connectionId}`.execute(
        db(),
      )
      pipedrive.regenerate('admin')
      await look()
      await passTime(65)
      await look()
      const fresh = await findLatestStop(db(), asked.holder)
      assert.ok(fresh?.workedAt)
      assert.equal(Math.round((fresh.refusedAt.getTime() - fresh.workedAt.getTime()) / 60_000), 4 * 60 - 1)
      assert.equal(Math.round((fresh.stoppedAt.getTime() - fresh.refusedAt.getTime()) / 1_000), 65)
      assert.deepEqual([fresh.mailedAt, fresh.isMailGivenUp], [null, false])
      assert.deepEqual(await readStopTimes(db(), 1), { stops: 1, mailed: 0, medianSeconds: 0, slowestSeconds: 0 })

      await sql`update outbox set accepted_at = created_at + interval '5 seconds' where letter = 'stopped'`.execute(
        db(),
      )
      const told = await findLatestStop(db(), asked.holder)
      assert.equal(told?.mailedAt && Math.round((told.mailedAt.getTime() - told.refusedAt.getTime()) / 1_000), 70)
      assert.deepEqual(await readStopTimes(db(), 1), { stops: 1, mailed: 1, medianSeconds: 70, slowestSeconds: 70 })
    })

    test('the link in the letter is for the repair, and the one before it is dead', async () => {
      await connected('admin@watch-0', 'watch-0')
      pipedrive.regenerate('admin')
      await look()
      await passTime(61)
      await look()
      const links = await db()
        .selectFrom('secureLinks')
        .select(['purpose', 'replacedAt'])
        .where('requestId', '=', asked.requestId)
        .orderBy('id')
        .execute()
      assert.deepEqual(
        links.map(({ purpose, replacedAt }) => [purpose, replacedAt !== null]),
        [
          ['connect', true],
          ['repair', false],
        ],
      )
      const letter = await db()
        .selectFrom('outbox')
        .select('sealedLink')
        .where('letter', '=', 'stopped')
        .where('requestId', '=', asked.requestId)
        .executeTakeFirstOrThrow()
      assert.ok(letter.sealedLink)
    })

    test('a new token of the same user repairs it in place: same connection, next version, and integrations hear of it', async () => {
      await connected('admin@watch-0', 'watch-0')
      const newer = pipedrive.regenerate('admin')
      await look()
      await passTime(61)
      await look()
      const { id } = await db()
        .selectFrom('secureLinks')
        .select('id')
        .where('requestId', '=', asked.requestId)
        .where('purpose', '=', 'repair')
        .executeTakeFirstOrThrow()
      const holder = { ...asked.holder, linkId: id }
      await connect(holder, typed('admin'))
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'TOKEN_SAME_AS_BEFORE')
      await connect(holder, typed('admin', { apiToken: new Secret(newer) }))
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
      assert.deepEqual((await eventsOf(asked.connectionId)).slice(-1), ['connection.replaced'])
      await look()
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
    })

    test('a token that comes back to life is noticed, and everybody is told', async () => {
      await connected('admin@watch-0', 'watch-0')
      pipedrive.setBehaviour('admin', { identity: '401' })
      await look()
      await passTime(61)
      await look()
      assert.equal((await statusOf(asked.connectionId)).status, 'stopped')
      pipedrive.setBehaviour('admin', {})
      await look()
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-2), ['works_again', 'works_again_notice'])
      assert.deepEqual((await eventsOf(asked.connectionId)).slice(-1), ['connection.restored'])
    })

    // R11
    for (const answer of ['500', '503_html', '429_burst', 'html_200', 'reset'] as const) {
      test(`${answer} never makes a connection look broken; integrations hear that it is shaky, and when it is over`, async () => {
        pipedrive.setBehaviour('admin', { identity: answer })
        for (let times = 0; times < 3; times++) {
          await look()
          await passTime(3_600)
        }
        assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
        assert.deepEqual(await lettersOf(asked.connectionId), ['receipt', 'connected_notice'])
        assert.deepEqual(await eventsOf(asked.connectionId), [
          'request.sent',
          'connection.ready',
          'connection.degraded',
        ])
        pipedrive.setBehaviour('admin', {})
        await look()
        assert.deepEqual((await eventsOf(asked.connectionId)).slice(-1), ['connection.restored'])
      })
    }

    test('when Pipedrive refuses everybody nobody is judged, one incident is opened, and all go on afterwards', async () => {
      const all = [asked]
      for (const company of companies) all.push(await connected(`admin@${company}`, company))
      pipedrive.setDown('401')
      for (let times = 0; times < 4; times++) {
        await look()
        await passTime(600)
      }
      for (const { connectionId } of all) {
        assert.equal((await statusOf(connectionId)).status, 'connected')
        assert.equal((await lettersOf(connectionId)).length, 2)
      }
      assert.equal((await findOpenIncident(db(), 'pipedrive'))?.kind, 'refusing')
      pipedrive.setDown(null)
      await look()
      await look()
      assert.equal(await findOpenIncident(db(), 'pipedrive'), null)
      const { n } = await db()
        .selectFrom('providerIncidents')
        .select(({ fn }) => fn.countAll<string>().as('n'))
        .executeTakeFirstOrThrow()
      assert.equal(Number(n), 1)
      const { suspects } = await db()
        .selectFrom('connections')
        .select(sql<number>`count(suspect_since)::int`.as('suspects'))
        .executeTakeFirstOrThrow()
      assert.equal(suspects, 0)
    })

    test('two tokens that die together are told apart from an outage in the end', async () => {
      const other = await connected('admin@watch-0', 'watch-0')
      pipedrive.regenerate('admin')
      pipedrive.regenerate('admin@watch-0')
      await look()
      await passTime(61)
      await look()
      for (const { connectionId } of [asked, other]) assert.equal((await statusOf(connectionId)).status, 'connected')
      await passTime(900)
      await look()
      for (const { connectionId } of [asked, other]) assert.equal((await statusOf(connectionId)).status, 'stopped')
    })

    test('what tells a dead token from an outage is asked of another company, where there is one', async () => {
      const [same, other] = [await connected('regular'), await connected('admin@watch-0', 'watch-0')]
      const inHours = (hours: number, { connectionId }: Asked) =>
        db()
          .updateTable('connectionChecks')
          .set({ dueAt: sql<Date>`now() + make_interval(hours => ${hours})` })
          .where('connectionId', '=', connectionId)
          .execute()
      const isDue = async ({ connectionId }: Asked) => (await nextInMinutes(connectionId)) <= 0
      await inHours(2, same)
      await inHours(3, other)
      pipedrive.regenerate('admin')
      await inHours(-1, asked)
      await lookAgain(await claimDueChecks({ limit: 1, leaseSeconds: 60 }))
      assert.deepEqual([await isDue(same), await isDue(other)], [false, true])

      await db().deleteFrom('connectionChecks').where('connectionId', '=', other.connectionId).execute()
      await passTime(61)
      await inHours(-1, asked)
      await lookAgain(await claimDueChecks({ limit: 1, leaseSeconds: 60 }))
      assert.ok(await isDue(same), 'the only other one')
    })

    test('rights that were taken away are told apart from a dead token', async () => {
      const full = await ask(operator, { profile: 'full-setup' })
      await db()
        .updateTable('credentials')
        .set({ fingerprint: Buffer.alloc(32) })
        .execute()
      await connect(full.holder, typed('admin'))
      assert.equal((await statusOf(full.connectionId)).status, 'connected')
      pipedrive.changeUser('admin', {
        access: [
          { app: 'global', admin: false },
          { app: 'sales', admin: false },
        ],
      })
      await look()
      assert.deepEqual(await statusOf(full.connectionId), {
        status: 'connected_limited',
        verdictCode: 'NOT_ADMIN',
        version: 1,
      })
      assert.deepEqual((await lettersOf(full.connectionId)).slice(-1), ['rights_notice'])
    })

    test('a renamed company is followed: the same token, sealed for the new host', async () => {
      await db()
        .updateTable('connections')
        .set({ providerCompanyDomain: 'acme-before', typedDomain: 'acme-before' })
        .where('id', '=', asked.connectionId)
        .execute()
      await look()
      const kept = await findCredential(db(), { ...asked.holder, state: 'in_force' })
      assert.equal(kept?.host, 'acme.pipedrive.com')
      const row = await db()
        .selectFrom('connections')
        .select(['providerCompanyDomain', 'typedDomain', 'status'])
        .where('id', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.deepEqual(row, { providerCompanyDomain: 'acme', typedDomain: 'acme', status: 'connected' })
      assert.equal((await statusOf(asked.connectionId)).version, 1)
    })

    test('a lease that was lost writes nothing', async () => {
      await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
      const mine = await claimDueChecks({ limit: 10, leaseSeconds: 60 })
      await db().updateTable('connectionChecks').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute()
      const [theirs] = await claimDueChecks({ limit: 10, leaseSeconds: 60 })
      await lookAgain(mine)
      const { lease } = await db()
        .selectFrom('connectionChecks')
        .select('lease')
        .where('connectionId', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.equal(lease, theirs?.lease)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { createWebhook, testWebhook } from '#lib/connection/webhooks.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { scheduleCheck } from '#lib/data/connection-checks.ts'
import { db } from '#lib/data/database.ts'
import { recordStop } from '#lib/data/stops.ts'
import { forgetOldWorkers, noteWorker, readWorkers } from '#lib/data/workers.ts'
import { deliverDue } from '#lib/jobs/outbox.ts'
import { startJobs } from '#lib/jobs/schedule.ts'
import { type FakePipedrive, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { forgetEnv, onEachEngine, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { runCommand } from './commands.ts'
import { examine, examineAll } from './doctor.ts'

let fake: FakePipedrive
let operator: Operator
let dataDir: string

before(async () => {
  fake = await startFakePipedrive()
})
after(() => fake.close())

const settings = () => {
  dataDir = temporaryFolder()
  return { PIPEDRIVE_BASE_URL: fake.url, DATA_DIR: dataDir }
}

async function findCheck(name: string, look = examineAll) {
  const found = (await look()).find(({ check }) => check === name)
  assert.ok(found, name)
  return found
}

const run = (...argv: string[]) => runCommand({ argv, folder: '/', input: null })

const ask = () =>
  requestConnections(operator, {
    customer: 'Acme',
    contact: { name: 'Jane Miller', email: 'jane@acme.example' },
    connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
  })

onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
    await db().deleteFrom('outbox').execute()
    await noteWorker('wrk_1')
  })

  test('all is well: every part says so, and Pipedrive is asked without a token', async () => {
    fake.calls.length = 0
    const checks = await examineAll()
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    )
    assert.deepEqual(
      fake.calls.map(({ token }) => token),
      [null],
    )
    assert.equal((await run('doctor')).exitCode, 0)
  })

  test('a provider that cannot be reached is told by the doctor and makes nobody unready', async () => {
    fake.setDown('503_html')
    assert.match((await findCheck('providers')).detail, /answers 503.*way out/)
    assert.ok((await examine()).every(({ ok }) => ok))
    fake.setDown(null)
    assert.ok((await findCheck('providers')).ok)
  })

  test('a key that is needed and gone is named, and readiness turns both ways', async () => {
    await ask()
    assert.ok((await findCheck('keys', examine)).ok)
    await sql`update outbox set sealed_link = jsonb_set(sealed_link, '{wrappedKey,keyId}', '"k7"') where sealed_link is not null`.execute(
      db(),
    )
    const keys = await findCheck('keys', examine)
    assert.equal(keys.ok, false)
    assert.match(keys.detail, /master key k7 is missing/)
    await db().deleteFrom('outbox').execute()
    assert.ok((await findCheck('keys', examine)).ok)
  })

  test('late letters, late checks and an audit log that is not linked are told', async () => {
    const { connections } = await ask()
    await sql`update outbox set due_at = now() - interval '2 hours'`.execute(db())
    assert.equal((await findCheck('outbox', examine)).ok, false)
    const connectionId = connections[0]?.id ?? ''
    await scheduleCheck(db(), operator, { connectionId, reason: 'waiting', inSeconds: -7200 })
    assert.match((await findCheck('checks')).detail, /1 checks are late, the oldest by 1\d\d minutes/)
    await db().deleteFrom('connectionChecks').execute()
    assert.ok((await findCheck('checks')).ok)
    await recordAudit(db(), operator, { action: 'link.revoked', objectId: 'req_1' })
    await sql`alter table audit_events disable trigger user`.execute(db())
    await sql`update audit_events set at = now() - interval '10 minutes' where object_id = 'req_1'`.execute(db())
    await sql`alter table audit_events enable trigger user`.execute(db())
    assert.match((await findCheck('audit')).detail, /wait \d+ s/)
  })

  test('how soon customers hear of a token that stopped is a figure, never a fault', async () => {
    assert.equal((await findCheck('stops')).detail, 'no connection stopped in 30 days')
    const { id: requestId, connections } = await ask()
    const connectionId = connections[0]?.id ?? ''
    const refusedAt = new Date(Date.now() - 3_600_000)
    await recordStop(db(), operator, { connectionId, requestId, workedAt: null, refusedAt })
    assert.match((await findCheck('stops')).detail, /1 connections stopped in 30 days, 0 customers were mailed$/)
    await sql`update outbox set letter = 'stopped', created_at = now() - interval '1 hour',
      accepted_at = ${refusedAt}::timestamptz + interval '80 seconds' where request_id = ${requestId}`.execute(db())
    const { ok, detail } = await findCheck('stops')
    assert.ok(ok)
    assert.match(detail, /1 customers were mailed: half of them within 80 s of the first refusal, the last within 80 s/)
    await db().deleteFrom('stops').execute()
  })

  test('whoever does background work is counted until it stops or is not heard of for a minute', async () => {
    await db().deleteFrom('workers').execute()
    const none = await findCheck('workers')
    assert.deepEqual([none.ok, none.detail], [false, 'No worker has been seen yet: start one with npm start.'])
    assert.ok(
      (await examine()).every(({ ok }) => ok),
      'people can open pages all the same',
    )

    await noteWorker('wrk_1')
    const jobs = startJobs()
    while ((await readWorkers()).alive < 2) await sleep(20)
    assert.equal((await findCheck('workers')).detail, '2 at work within the last minute')
    await jobs.stop()
    assert.equal((await findCheck('workers')).detail, '1 at work within the last minute')

    await sql`update workers set seen_at = '2026-01-02T03:04:05Z'`.execute(db())
    setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: fake.url, DATABASE_URL: 'postgres://not-used' })
    try {
      const { detail } = await findCheck('workers')
      assert.equal(detail, 'No worker has been seen since 2026-01-02T03:04:05.000Z: start one with npm run worker.')
      const { exitCode, output } = await run('doctor')
      assert.equal(exitCode, 1)
      assert.ok(JSON.stringify(output).includes(detail))
    } finally {
      forgetEnv()
      setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: fake.url })
    }
    await noteWorker('wrk_1')
    assert.ok((await findCheck('workers')).ok)
    await sql`update workers set seen_at = now() - interval '25 hours' where id <> 'wrk_1'`.execute(db())
    await forgetOldWorkers()
    assert.deepEqual(await db().selectFrom('workers').select('id').execute(), [{ id: 'wrk_1' }])
  })

  test('webhooks that nobody sends are told; a receiver that is down is no fault', async () => {
    const made = await createWebhook(operator, { name: 'Nightly sync', url: 'http://localhost:9/' })
    assert.ok(made.kind === 'created')
    await testWebhook(operator, made.id)
    assert.equal((await findCheck('webhooks')).detail, 'no message is late')
    await sql`update webhook_deliveries set due_at = now() - interval '31 minutes'`.execute(db())
    const late = await findCheck('webhooks')
    assert.equal(late.ok, false)
    assert.match(late.detail, /^1 messages of webhooks wait longer than 30 minutes/)
    await sql`update webhook_endpoints set failing_since = now()`.execute(db())
    assert.ok((await findCheck('webhooks')).ok)
    await sql`update webhook_endpoints set disabled_at = now(), disabled_reason = 'failing'`.execute(db())
    assert.match((await findCheck('webhooks')).detail, /1 webhooks are off, because nothing got through$/)
    await db().deleteFrom('webhookEndpoints').execute()
  })

  test('a mail server that is not there is told with its setting', async () => {
    setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: fake.url, SMTP_URL: 'smtp://127.0.0.1:9' })
    try {
      assert.match((await findCheck('mail')).detail, /examine SMTP_URL/)
    } finally {
      forgetEnv()
      setEnv({ DATA_DIR: dataDir, PIPEDRIVE_BASE_URL: fake.url })
    }
  })

  test('letters that were given up are listed without their address and sent once more, but not without their link', async () => {
    const { id } = await ask()
    await sql`update outbox set failed_at = now(), sealed_link = null, last_error = 'mail server answered 550' where letter = 'secure_link'`.execute(
      db(),
    )
    await sql`insert into outbox (id, team_id, letter, recipient_name, recipient_email, language, payload, message_id, failed_at, attempt)
      values ('out_test', ${operator.teamId}, 'test_mail', 'Maria', 'maria@northwind.example', 'en', '{}', 'out_test@localhost', now(), 8)`.execute(
      db(),
    )
    const { output } = await run('jobs', 'list')
    assert.equal((output.letters as unknown[]).length, 2)
    assert.ok(!JSON.stringify(output).includes('jane@acme.example'))
    const failed = await db()
      .selectFrom('outbox')
      .select('id')
      .where('letter', '=', 'secure_link')
      .where('requestId', '=', id)
      .executeTakeFirstOrThrow()
    assert.match(JSON.stringify((await run('jobs', 'retry', failed.id)).output), /request link/)
    assert.equal((await run('outbox', 'retry', 'out_test')).exitCode, 0)
    await deliverDue({ limit: 20 })
    const sent = await db()
      .selectFrom('outbox')
      .select(['acceptedAt', 'attempt'])
      .where('id', '=', 'out_test')
      .executeTakeFirstOrThrow()
    assert.ok(sent.acceptedAt)
    assert.match(JSON.stringify((await run('jobs', 'retry', 'out_test')).output), /no letter with this id/)
  })
}, settings)

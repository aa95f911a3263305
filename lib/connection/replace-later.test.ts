import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { LinkHolder, Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import type { DueCheck } from '#lib/data/connection-checks.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { getConnection } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { findStaffByEmail } from '#lib/data/staff.ts'
import { findLatestVerification } from '#lib/data/verifications.ts'
import { letter } from '#lib/mail/letters.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi, makeMachine } from '#lib/testing/machine.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, eventsOf, lettersOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { confirmPending, forgetUnanswered } from './confirm.ts'
import { connect } from './connect.ts'
import { revokeLink } from './links.ts'
import { prepareReminder } from './reminders.ts'
import { asItsCustomerSees, askForNewToken, whyNotReplaced } from './rotate.ts'
import { openCredential } from './seal.ts'
import { lookAgain, retryWaiting } from './watch.ts'

/** A token was seen; its customer brings a new one while Pipedrive is away, and the connection goes on with the old one. */
let pipedrive: FakePipedrive
let operator: Operator
let key: string
let asked: Asked
let holder: LinkHolder
/** What Pipedrive gives the customer after "Generate new token". */
let newer: string

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const inForce = () => findCredential(db(), { ...asked.holder, state: 'in_force' })
const pending = () => findCredential(db(), { ...asked.holder, state: 'pending' })
const bring = (apiToken: string) => connect(holder, typed('admin', { apiToken: new Secret(apiToken) }))

async function claimMine(): Promise<DueCheck[]> {
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  await db().deleteFrom('providerPauses').execute()
  const due = await claimDueChecks({ limit: 10, leaseSeconds: 60 })
  return due.filter(({ connectionId }) => connectionId === asked.connectionId)
}

async function claimRetry(): Promise<DueCheck> {
  const [due] = await claimMine()
  assert.equal(due?.reason, 'waiting')
  return due
}

const retry = async () => retryWaiting(await claimRetry())

async function shown() {
  const connection = await getConnection(db(), asked.holder)
  return asItsCustomerSees(connection, await pending(), await findLatestVerification(db(), asked.holder))
}

async function isExposed(): Promise<boolean> {
  return (await getConnection(db(), asked.holder)).exposedAt !== null
}

async function useNewestLink(): Promise<void> {
  const link = await findNewestLink(db(), asked.holder)
  assert.ok(link)
  holder = { ...asked.holder, linkId: link.id }
}

/** Whatever became of the replacement, integrations read the token of before, and nobody was told of a trouble. */
async function assertOldGoesOn(): Promise<void> {
  assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 1 })
  const path = `/api/v1/connections/${asked.connectionId}/credential`
  const { body } = await callApi('POST', path, { key, body: { purpose: 'nightly sync' } })
  assert.deepEqual([body.version, body.headers], [1, { 'x-api-token': fakeToken('admin') }])
  assert.ok(await isExposed())
}

/** The text of the last letter, which is the manager's. */
async function managerRead(): Promise<string> {
  const { recipientEmail, language, payload } = await db()
    .selectFrom('outbox')
    .select(['recipientEmail', 'language', 'payload'])
    .where('connectionId', '=', asked.connectionId)
    .where('letter', '=', 'replacement_notice')
    .executeTakeFirstOrThrow()
  assert.equal(recipientEmail, 'maria@northwind.example')
  const parties = { name: 'Maria', team: 'T', contact: null, customer: 'C', project: 'P', reference: 'R' }
  const origin = 'https://connect.northwind.example'
  return letter('replacement_notice', { ...parties, origin, ...(payload as object) }, language).text.replaceAll(
    '\n',
    ' ',
  )
}

async function auditReasons(): Promise<(string | null)[]> {
  const rows = await db()
    .selectFrom('auditEvents')
    .select('reason')
    .where('objectId', '=', asked.connectionId)
    .where('action', '=', 'credential.shredded')
    .execute()
  return rows.map(({ reason }) => reason)
}

onEachEngine(
  () => {
    beforeEach(async () => {
      pipedrive.reset()
      for (const table of ['connectionChecks', 'providerMinutes', 'providerIncidents', 'providerPauses'] as const)
        await db().deleteFrom(table).execute()
      operator = await makeTeam()
      key = (await makeMachine(operator)).key
      asked = await ask(operator)
      await connect(asked.holder, typed('admin'))
      const member = await findStaffByEmail(db(), operator.teamId, 'maria@northwind.example')
      const staff: Staff = proven<'staff'>({
        kind: 'staff',
        teamId: operator.teamId,
        staffId: member?.id ?? '',
        role: 'support',
        address: null,
      })
      await askForNewToken(staff, { connectionId: asked.connectionId, reason: 'came by mail' })
      await useNewestLink()
      newer = pipedrive.regenerate('admin')
    })

    const away: FakeAnswer[] = ['500', '503_html', 'reset', 'html_200', '429_burst']
    for (const answer of away)
      test(`${answer}: the replacement waits beside the token in force, and takes its place when Pipedrive answers`, async () => {
        pipedrive.setBehaviour('admin', { identity: answer })
        const outcome = await bring(newer)
        assert.ok(outcome.kind === 'settled' && !outcome.notKept && outcome.retryAfterSeconds !== null)
        const kept = await pending()
        assert.equal(kept?.host, 'unverified')
        assert.equal((await shown()).status, 'waiting_provider')
        await assertOldGoesOn()
        const letters = await lettersOf(asked.connectionId)

        await retry()
        assert.equal((await pending())?.id, kept?.id, 'a try without an answer lost the token')
        assert.equal((await shown()).status, 'waiting_provider')
        assert.deepEqual(await lettersOf(asked.connectionId), letters)
        await assertOldGoesOn()

        pipedrive.setBehaviour('admin', {})
        await retry()
        assert.deepEqual(await statusOf(asked.connectionId), { status: 'connected', verdictCode: 'OK', version: 2 })
        const used = await inForce()
        assert.equal(used?.host, 'acme.pipedrive.com')
        assert.equal((await openCredential(operator, used, 'regular_check')).reveal(), newer)
        assert.equal(await pending(), null)
        assert.ok(!(await isExposed()))
        assert.deepEqual((await eventsOf(asked.connectionId)).slice(-1), ['connection.replaced'])
        const told = (await lettersOf(asked.connectionId)).slice(letters.length)
        assert.deepEqual(told, ['finished', 'connected_notice'])
        assert.equal((await claimMine())[0]?.reason, 'watch')
        assert.equal((await bring(newer)).kind, 'done_before')
      })

    test('a replacement that is refused in the end is dropped, its customer reads why, and the old one is watched on', async () => {
      pipedrive.setDown('500')
      await bring('0123456789abcdef0123456789abcdef01234567')
      const letters = await lettersOf(asked.connectionId)
      pipedrive.setDown(null)
      await retry()
      assert.equal(await pending(), null)
      await assertOldGoesOn()
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(letters.length), [
        'still_needed',
        'replacement_notice',
      ])
      assert.match(
        await managerRead(),
        /erased: Pipedrive did not accept this token\..*the customer’s turn: we wrote to them/,
      )
      const seen = await findLatestVerification(db(), asked.holder)
      assert.equal(whyNotReplaced(await getConnection(db(), asked.holder), seen), 'TOKEN_REJECTED')
      const [due] = await claimMine()
      assert.equal(due?.reason, 'watch')
      await bring(newer)
      assert.equal((await statusOf(asked.connectionId)).version, 2)
      assert.ok(!(await isExposed()))
    })

    test('limits that show only later are asked about by mail, beside the token in force', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      pipedrive.setDown(null)
      pipedrive.setBehaviour('admin', { persons: '403_no_permission' })
      await retry()
      assert.equal((await shown()).status, 'needs_confirmation')
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(-1), ['still_needed'])
      await assertOldGoesOn()
      assert.equal((await claimMine())[0]?.reason, 'watch')
      await confirmPending(holder)
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'connected_limited',
        verdictCode: 'LIMITED_ACCESS',
        version: 2,
      })
      assert.ok(!(await isExposed()))
    })

    test('limits that nobody said yes to within a day are told to the manager, whose turn it is', async () => {
      pipedrive.setBehaviour('admin', { persons: '403_no_permission' })
      await bring(newer)
      await sql`update credentials set expires_at = now() where state = 'pending'`.execute(db())
      const letters = await lettersOf(asked.connectionId)
      await forgetUnanswered()
      await forgetUnanswered()
      assert.equal(await pending(), null)
      assert.deepEqual(await auditReasons(), ['no_yes_in_time'])
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(letters.length), ['replacement_notice'])
      assert.match(await managerRead(), /did not say yes to its limits.*your turn/)
      await assertOldGoesOn()
    })

    test('a yes that Pipedrive did not hear is not asked for again', async () => {
      pipedrive.setBehaviour('admin', { persons: '403_no_permission' })
      await bring(newer)
      pipedrive.setDown('500')
      await confirmPending(holder)
      assert.equal((await shown()).status, 'waiting_provider')
      await assertOldGoesOn()
      pipedrive.setDown(null)
      await retry()
      const { status, version } = await statusOf(asked.connectionId)
      assert.deepEqual([status, version], ['connected_limited', 2])
    })

    test('a newer one takes the place of the one that waits, and a retry that was under way changes nothing', async () => {
      pipedrive.setDown('500')
      await bring('0123456789abcdef0123456789abcdef01234567')
      const first = await pending()
      const due = await claimRetry()
      await bring(newer)
      assert.notEqual((await pending())?.id, first?.id)
      pipedrive.setDown(null)
      await retryWaiting(due)
      await assertOldGoesOn()
      await retry()
      assert.equal((await statusOf(asked.connectionId)).version, 2)
    })

    test('what waits is no answer to a question, and no yes puts it in force', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      pipedrive.setDown(null)
      assert.deepEqual(await confirmPending(holder), { kind: 'nothing_pending' })
      await assertOldGoesOn()
    })

    test('a look at the old token that was under way when the new one came changes nothing', async () => {
      const due = await claimMine()
      pipedrive.setDown('500')
      await bring(newer)
      pipedrive.setDown(null)
      await lookAgain(due)
      await retry()
      assert.equal((await statusOf(asked.connectionId)).version, 2)
    })

    test('after a day without an answer it is erased, not before, and its customer is asked once more', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      await forgetUnanswered()
      assert.notEqual(await pending(), null)
      await sql`update credentials set expires_at = now() where state = 'pending'`.execute(db())
      const letters = await lettersOf(asked.connectionId)
      await forgetUnanswered()
      await forgetUnanswered()
      assert.equal(await pending(), null)
      assert.deepEqual(await auditReasons(), ['no_answer_in_time'])
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(letters.length), ['rotate', 'replacement_notice'])
      assert.match(await managerRead(), /erased: Pipedrive did not answer for a day\..*the customer’s turn/)
      await assertOldGoesOn()
      assert.equal((await shown()).status, 'connected')
      pipedrive.setDown(null)
      assert.equal((await claimMine())[0]?.reason, 'watch')
      await useNewestLink()
      await bring(newer)
      assert.equal((await statusOf(asked.connectionId)).version, 2)
    })

    test('nobody is reminded of a token that is here already', async () => {
      const reminder = {
        teamId: operator.teamId,
        payload: { linkId: holder.linkId, kind: 'day', order: 0 },
        sealedLink: null,
      } as unknown as DueLetter
      pipedrive.setDown('500')
      await bring(newer)
      assert.deepEqual(await prepareReminder(reminder), { kind: 'later', inSeconds: 3600 })
      pipedrive.setDown(null)
      await retry()
      assert.deepEqual(await prepareReminder(reminder), { kind: 'obsolete', reason: 'nobody_acts' })
    })

    test('a link that is revoked takes what waits with it, and the old token is watched on', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      const due = await claimRetry()
      const letters = await lettersOf(asked.connectionId)
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      assert.deepEqual((await lettersOf(asked.connectionId)).slice(letters.length), ['replacement_notice'])
      assert.match(await managerRead(), /erased: the link was revoked\..*your turn.*Ask for a new token once more/)
      pipedrive.setDown(null)
      await retryWaiting(due)
      await assertOldGoesOn()
      assert.equal((await claimMine())[0]?.reason, 'watch')
    })

    test('a link that is revoked while Pipedrive answers takes what waits with it all the same', async () => {
      pipedrive.setDown('500')
      await bring(newer)
      const due = await claimRetry()
      pipedrive.setDown(null)
      pipedrive.setBehaviour('admin', { identity: 'slow' })
      const { calls } = pipedrive.stats
      const trying = retryWaiting(due)
      while (pipedrive.stats.calls === calls) await sleep(20)
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      await trying
      await assertOldGoesOn()
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

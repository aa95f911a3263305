import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { listAuditEvents } from '#lib/data/audit-events.ts'
import { getRequestContacts } from '#lib/data/contacts.ts'
import { db } from '#lib/data/database.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ROUNDS } from '#lib/testing/rounds.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, countRows, keyOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import type { ControlOutcome } from './link-controls.ts'
import { copyLinkOnce, correctAddress, nameBackup, resendLink, withdrawLink } from './link-controls.ts'
import { findLinkByKey, revokeLink } from './links.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const member = (role: StaffRole): Staff =>
  proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId: `stf_${role}`, role, address: null })

const control = (over: { linkId?: string; reason?: string | null } = {}) => ({
  requestId: asked.requestId,
  linkId: asked.holder.linkId,
  reason: 'Jane asked for it on the phone',
  ...over,
})

const stateOf = async (key: string) => (await findLinkByKey(key))?.state
const newest = () => findNewestLink(db(), { teamId: operator.teamId, requestId: asked.requestId })
const mails = () =>
  db()
    .selectFrom('outbox')
    // Reminders wait in the outbox for their day; sending them is tested elsewhere.
    .where('letter', '<>', 'reminder')
    .select(['letter', 'recipientEmail'])
    .where('requestId', '=', asked.requestId)
    .orderBy('id')
    .execute()
const actions = async () =>
  (await listAuditEvents(db(), operator.teamId, asked.requestId)).map(({ action }) => action).reverse()

/** Both at once, `ROUNDS` times, each time on a request of its own. */
async function race<One, Two>(
  contest: () => [() => Promise<One>, () => Promise<Two>],
  judge: (one: One, two: Two) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    asked = await ask(operator)
    const [first, second] = contest()
    // Every other round begins the other way round.
    const [one, two] = round % 2 ? await Promise.all([first(), second()]) : await inOtherOrder(first, second)
    await judge(one, two)
  }
}

async function inOtherOrder<One, Two>(first: () => Promise<One>, second: () => Promise<Two>): Promise<[One, Two]> {
  const later = second()
  return [await first(), await later]
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    test('sending again makes a new link and ends the old one', async () => {
      assert.equal(await resendLink(member('support'), control()), 'done')
      assert.equal(await stateOf(asked.linkKey), 'replaced')
      assert.equal((await newest())?.state, 'live')
      assert.deepEqual(await mails(), [{ letter: 'new_link', recipientEmail: 'jane@acme.example' }])
      assert.equal((await statusOf(asked.connectionId)).status, 'queued')
      assert.deepEqual(await actions(), ['request.created', 'link.reissued'])
    })

    test('a revoked request begins anew with the link that is sent again', async () => {
      await revokeLink(operator, { requestId: asked.requestId, reason: 'by mistake' })
      assert.equal(await resendLink(member('account_manager'), control()), 'done')
      assert.deepEqual(await statusOf(asked.connectionId), { status: 'queued', verdictCode: null, version: 0 })
    })

    test('what Pipedrive refused stays refused while the new link is on its way', async () => {
      await connect(asked.holder, typed('regenerated'))
      assert.equal(await resendLink(member('admin'), control()), 'done')
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_customer',
        verdictCode: 'TOKEN_REJECTED',
        version: 0,
      })
    })

    test('support says why, others may', async () => {
      assert.equal(await resendLink(member('support'), control({ reason: null })), 'reason_needed')
      assert.equal((await copyLinkOnce(member('support'), control({ reason: null }))).kind, 'reason_needed')
      assert.equal(await withdrawLink(member('admin'), { ...control(), reason: '' }), 'reason_needed')
      assert.equal(await stateOf(asked.linkKey), 'live')
      assert.equal(await resendLink(member('account_manager'), control({ reason: null })), 'done')
    })

    test('a connection that is done needs no link', async () => {
      await connect(asked.holder, typed('admin'))
      assert.equal(await resendLink(member('admin'), control()), 'not_needed')
      assert.equal((await newest())?.id, asked.holder.linkId)
    })

    // S9
    test('the sixth link of an hour is refused', async () => {
      for (let count = 0; count < 5; count++)
        assert.equal(await resendLink(member('admin'), control({ linkId: (await newest())?.id })), 'done')
      assert.equal(await resendLink(member('admin'), control({ linkId: (await newest())?.id })), 'throttled')
      assert.equal((await copyLinkOnce(member('admin'), control({ linkId: (await newest())?.id }))).kind, 'throttled')
    })

    test('a link that is copied once works beside the earlier key, and its address is kept nowhere', async () => {
      const copied = await copyLinkOnce(member('account_manager'), control())
      assert.ok(copied.kind === 'done')
      const key = keyOf(copied.address)
      assert.notEqual(key, asked.linkKey)
      assert.equal(await stateOf(key), 'live')
      assert.equal(await stateOf(asked.linkKey), 'live')
      assert.deepEqual(await actions(), ['request.created', 'link.copied'])
      const rows = await db().selectFrom('auditEvents').select(['details', 'reason']).execute()
      assert.ok(!JSON.stringify(rows).includes(key))
    })

    test('of an ended link no copy is made', async () => {
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      assert.deepEqual(await copyLinkOnce(member('admin'), control()), { kind: 'link_ended' })
    })

    test('a revoked link is dead, says why, and cannot be revoked twice', async () => {
      const withReason = { ...control(), reason: 'sent to the wrong person' }
      assert.equal(await withdrawLink(member('support'), withReason), 'done')
      assert.equal(await stateOf(asked.linkKey), 'revoked')
      assert.equal((await statusOf(asked.connectionId)).status, 'revoked')
      assert.equal(await withdrawLink(member('support'), withReason), 'link_ended')
      const [event] = await listAuditEvents(db(), operator.teamId, asked.requestId)
      assert.deepEqual([event?.action, event?.reason], ['link.revoked', 'sent to the wrong person'])
    })

    // S37
    test('a corrected address gets the new link; the log knows both only masked', async () => {
      const right = { name: 'Jane Miller', email: 'jane.miller@acme.example' }
      assert.equal(await correctAddress(member('account_manager'), { ...control(), ...right }), 'done')
      assert.equal(await stateOf(asked.linkKey), 'replaced')
      assert.deepEqual(await mails(), [{ letter: 'new_link', recipientEmail: right.email }])
      const { details } = await db()
        .selectFrom('auditEvents')
        .select('details')
        .where('objectId', '=', asked.requestId)
        .where('action', '=', 'request.contact_changed')
        .executeTakeFirstOrThrow()
      assert.deepEqual(details, { from: 'j•••@acme.example', to: 'j•••@acme.example' })
    })

    test('support names nobody who gets a link', async () => {
      const other = { name: 'Eve', email: 'eve@evil.example' }
      assert.equal(await correctAddress(member('support'), { ...control(), ...other }), 'not_allowed')
      const backup = { requestId: asked.requestId, backup: other }
      assert.equal(await nameBackup(member('support'), backup), 'not_allowed')
      const { contact } = await getRequestContacts(db(), { teamId: operator.teamId, requestId: asked.requestId })
      assert.equal(contact.email, 'jane@acme.example')
    })

    test('a backup is named and taken away again', async () => {
      const scope = { teamId: operator.teamId, requestId: asked.requestId }
      const omar = { name: 'Omar Haddad', email: 'omar@acme.example' }
      assert.equal(await nameBackup(member('admin'), { requestId: asked.requestId, backup: omar }), 'done')
      assert.deepEqual((await getRequestContacts(db(), scope)).backup, omar)
      assert.equal(await nameBackup(member('admin'), { requestId: asked.requestId, backup: null }), 'done')
      assert.equal((await getRequestContacts(db(), scope)).backup, null)
    })

    // S10
    test('re-send against submit: stored under the old link, or the old link is dead', async () => {
      await race<Awaited<ReturnType<typeof connect>>, ControlOutcome>(
        () => [() => connect(asked.holder, typed('admin')), () => resendLink(member('support'), control())],
        async (one, two) => {
          const isStored = one.kind === 'settled'
          assert.ok(isStored || one.kind === 'link_ended', one.kind)
          assert.equal(two, isStored ? 'not_needed' : 'done')
          assert.equal(await countRows('credentials', asked.connectionId), isStored ? 1 : 0)
          assert.equal(await stateOf(asked.linkKey), isStored ? 'live' : 'replaced')
          await forgetTokens()
        },
      )
    })

    test('revoke against submit: stored, or refused and revoked', async () => {
      await race<Awaited<ReturnType<typeof connect>>, ControlOutcome>(
        () => [
          () => connect(asked.holder, typed('admin')),
          () => withdrawLink(member('support'), { ...control(), reason: 'race' }),
        ],
        async (one, two) => {
          assert.equal(two, 'done')
          assert.equal((await statusOf(asked.connectionId)).status, one.kind === 'settled' ? 'connected' : 'revoked')
          assert.equal(await stateOf(asked.linkKey), 'revoked')
          await forgetTokens()
        },
      )
    })

    test('two members at once: one sends, the other learns that there is another link', async () => {
      await race<ControlOutcome, ControlOutcome>(
        () => [() => resendLink(member('admin'), control()), () => resendLink(member('support'), control())],
        async (one, two) => {
          assert.deepEqual([one, two].sort(), ['changed_meanwhile', 'done'])
          assert.equal((await mails()).length, 1)
        },
      )
    })

    test('two members at once: one revokes, one sends again, and the first one wins', async () => {
      await race<ControlOutcome, ControlOutcome>(
        () => [
          () => withdrawLink(member('admin'), { ...control(), reason: 'race' }),
          () => resendLink(member('support'), control()),
        ],
        async (revoked, sent) => {
          // A link that was revoked first is still the newest one: sending again is what comes after it.
          assert.ok(revoked === 'done' || revoked === 'changed_meanwhile', revoked)
          assert.equal(sent, 'done')
          assert.equal((await newest())?.state, 'live')
        },
      )
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

/** So that the next round's token is not one that another connection uses. */
async function forgetTokens(): Promise<void> {
  await db()
    .updateTable('credentials')
    .set({ state: 'shredded', sealed: null, wrappedKey: null })
    .where('teamId', '=', operator.teamId)
    .execute()
}

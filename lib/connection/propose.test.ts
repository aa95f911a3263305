import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { listAuditEvents } from '#lib/data/audit-events.ts'
import { findWaitingProposal } from '#lib/data/contact-proposals.ts'
import { getRequestContacts } from '#lib/data/contacts.ts'
import { db } from '#lib/data/database.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { correctAddress } from './link-controls.ts'
import { findLinkByKey } from './links.ts'
import { acceptProposal, proposeAddress, refuseProposal } from './propose.ts'

const jane = { name: 'Jane Miller', email: 'jane@new.example' }
const omar = { name: 'Omar Haddad', email: 'omar@new.example' }

onEachEngine((engine) => {
  let operator: Operator
  let asked: Asked
  let ines: Staff
  beforeEach(async () => {
    operator = await makeTeam()
    asked = await ask(operator)
    ines = await member('support', 'Ines Wolf')
  })

  async function member(role: StaffRole, name: string): Promise<Staff> {
    const email = `${name.slice(0, 3).toLowerCase()}@northwind.example`
    const staffId = await upsertStaff(db(), { teamId: operator.teamId, email, name, role })
    return proven<'staff'>({ kind: 'staff', teamId: operator.teamId, staffId, role, address: null })
  }

  const scope = () => ({ teamId: operator.teamId, requestId: asked.requestId })
  const control = (reason: string | null = 'Jane said so on the phone') => ({
    requestId: asked.requestId,
    connectionId: asked.connectionId,
    linkId: asked.holder.linkId,
    reason,
  })
  const waiting = () => findWaitingProposal(db(), scope())
  const contact = async () => (await getRequestContacts(db(), scope())).contact
  const stateOf = async (id: string) =>
    (await db().selectFrom('contactProposals').select('state').where('id', '=', id).executeTakeFirst())?.state
  const mails = () =>
    db()
      .selectFrom('outbox')
      .select(['letter', 'recipientEmail'])
      .where('requestId', '=', asked.requestId)
      .where('letter', '<>', 'reminder')
      .orderBy('id')
      .execute()
  const decision = async () => ({ ...control(null), proposalId: (await waiting())?.id ?? '' })

  test('support proposes, and only the manager hears of it', async () => {
    assert.equal(await proposeAddress(ines, { ...control(), ...jane }), 'done')
    const proposal = await waiting()
    assert.deepEqual([proposal?.email, proposal?.proposedBy], [jane.email, 'Ines Wolf'])
    assert.deepEqual(await mails(), [{ letter: 'address_proposed', recipientEmail: 'maria@northwind.example' }])
    assert.equal((await contact()).email, 'jane@acme.example')
    const [event] = await listAuditEvents(db(), operator.teamId, asked.requestId)
    assert.deepEqual([event?.action, event?.reason], ['request.contact_proposed', 'Jane said so on the phone'])
  })

  test('a request without an account manager asks the admin', async () => {
    await db().updateTable('requests').set({ ownerId: null }).where('id', '=', asked.requestId).execute()
    await proposeAddress(ines, { ...control(), ...jane })
    assert.deepEqual(await mails(), [{ letter: 'address_proposed', recipientEmail: 'maria@northwind.example' }])
  })

  test('what cannot be proposed is refused and mails nobody', async () => {
    assert.equal(await proposeAddress(ines, { ...control(null), ...jane }), 'reason_needed')
    const same = { name: 'Jane Miller', email: 'jane@acme.example' }
    assert.equal(await proposeAddress(ines, { ...control(), ...same }), 'same_contact')
    await db().updateTable('connections').set({ status: 'connected' }).where('id', '=', asked.connectionId).execute()
    assert.equal(await proposeAddress(ines, { ...control(), ...jane }), 'not_needed')
    assert.equal(await waiting(), null)
    assert.deepEqual(await mails(), [])
  })

  test('a yes makes them the contact, sends a new link and ends the old one', async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const sam = await member('account_manager', 'Sam Okoye')
    const wanted = await decision()
    assert.equal(await acceptProposal(ines, wanted), 'not_allowed')
    assert.equal(await acceptProposal(sam, wanted), 'done')
    assert.deepEqual(await contact(), jane)
    assert.equal((await findLinkByKey(asked.linkKey))?.state, 'replaced')
    assert.deepEqual((await mails()).at(-1), { letter: 'new_link', recipientEmail: jane.email })
    assert.equal(await stateOf(wanted.proposalId), 'accepted')
    const actions = (await listAuditEvents(db(), operator.teamId, asked.requestId)).map(({ action }) => action)
    assert.ok(actions.includes('request.contact_proposal_accepted') && actions.includes('request.contact_changed'))
  })

  test('a no changes nothing but the proposal', async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const sam = await member('account_manager', 'Sam Okoye')
    const wanted = await decision()
    assert.equal(await refuseProposal(ines, wanted), 'not_allowed')
    assert.equal(await refuseProposal(sam, { ...wanted, reason: 'She left' }), 'done')
    assert.equal((await contact()).email, 'jane@acme.example')
    assert.equal((await findLinkByKey(asked.linkKey))?.state, 'live')
    assert.equal(await stateOf(wanted.proposalId), 'refused')
    assert.equal(await acceptProposal(sam, wanted), 'no_proposal')
    const [event] = await listAuditEvents(db(), operator.teamId, asked.requestId)
    assert.deepEqual([event?.action, event?.reason], ['request.contact_proposal_refused', 'She left'])
  })

  test('only the newest proposal can be accepted', async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const sam = await member('account_manager', 'Sam Okoye')
    const first = await decision()
    await proposeAddress(ines, { ...control(), ...omar })
    assert.equal(await stateOf(first.proposalId), 'replaced')
    assert.equal(await acceptProposal(sam, first), 'no_proposal')
    assert.equal(await acceptProposal(sam, await decision()), 'done')
    assert.deepEqual(await contact(), omar)
  })

  test('a manager who corrects the address settles it', async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const sam = await member('account_manager', 'Sam Okoye')
    const wanted = await decision()
    assert.equal(await correctAddress(sam, { ...control(), ...omar }), 'done')
    assert.equal(await stateOf(wanted.proposalId), 'settled')
    assert.equal(await waiting(), null)
  })

  test('when nobody needs a link any more, a yes comes too late', async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const sam = await member('account_manager', 'Sam Okoye')
    const wanted = await decision()
    await db().updateTable('connections').set({ status: 'connected' }).where('id', '=', asked.connectionId).execute()
    assert.equal(await acceptProposal(sam, wanted), 'not_needed')
    assert.equal(await stateOf(wanted.proposalId), 'lapsed')
    assert.equal((await contact()).email, 'jane@acme.example')
  })

  test('many proposals at once leave one, and many answers at once decide once', async () => {
    const times = engine === 'embedded' ? 3 : 5
    const people = Array.from({ length: times }, (_, at) => ({ name: `Nr ${at}`, email: `n${at}@new.example` }))
    await Promise.all(people.map((person) => proposeAddress(ines, { ...control(), ...person })))
    const sam = await member('account_manager', 'Sam Okoye')
    const wanted = await decision()
    assert.notEqual(wanted.proposalId, '')
    const answers = await Promise.all([acceptProposal(sam, wanted), refuseProposal(sam, wanted)])
    assert.equal(answers.filter((outcome) => outcome === 'done').length, 1)
  })

  // S39
  test("another team's proposal does not exist", async () => {
    await proposeAddress(ines, { ...control(), ...jane })
    const wanted = await decision()
    const other = await makeTeam()
    const stranger = proven<'staff'>({
      kind: 'staff',
      teamId: other.teamId,
      staffId: 'stf_stranger',
      role: 'admin',
      address: null,
    })
    const outcome = await acceptProposal(stranger, { ...wanted, linkId: null })
    assert.equal(outcome, 'no_proposal')
    assert.equal((await waiting())?.id, wanted.proposalId)
  })
})

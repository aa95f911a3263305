import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Operator, Staff, StaffRole } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { listAuditEvents } from '#lib/data/audit-events.ts'
import { saveTyped } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findHandedOver, findWaitingHandOver } from '#lib/data/hand-overs.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, keyOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { decline } from './decline.ts'
import { approveHandOver, handOver, refuseHandOver } from './hand-over.ts'
import { findLinkByKey, reissueLink, revokeLink } from './links.ts'
import { askQuestion } from './question.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

const omar = { name: 'Omar Haddad', email: 'omar@acme.example', note: 'You have the admin login.' }
const outsider = { ...omar, email: 'omar@agency.example' }

const lettersOf = (letter: string) =>
  db().selectFrom('outbox').selectAll().where('teamId', '=', operator.teamId).where('letter', '=', letter).execute()
const actionsOf = async (objectId: string) =>
  (await listAuditEvents(db(), operator.teamId, objectId)).map(({ action }) => action)

function manager(role: StaffRole = 'account_manager', teamId = operator.teamId): Staff {
  return proven<'staff'>({ kind: 'staff', teamId, staffId: 'stf_test', role, address: null })
}

async function requestOf(connectionId: string): Promise<string> {
  const { requestId } = await db()
    .selectFrom('connections')
    .select('requestId')
    .where('id', '=', connectionId)
    .executeTakeFirstOrThrow()
  return requestId
}

async function waitingId(): Promise<string> {
  const waiting = await findWaitingHandOver(db(), { teamId: operator.teamId, requestId: asked.requestId })
  assert.ok(waiting)
  return waiting.id
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    test('a colleague at the same mail domain takes over at once, with what was learnt', async () => {
      await saveTyped(db(), asked.holder, {
        connectionId: asked.connectionId,
        name: 'Acme sales',
        typedDomain: 'acme',
        startDate: '2024-05-01T00:00:00Z',
        acceptedCodes: [],
      })
      assert.equal(await handOver(asked.holder, omar), 'done')
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'handed_over')
      const requestId = await requestOf(asked.connectionId)
      assert.notEqual(requestId, asked.requestId)
      const request = await findRequest(db(), { teamId: operator.teamId, request: requestId })
      assert.deepEqual(
        [request?.contactName, request?.contactEmail, request?.customerName],
        ['Omar Haddad', 'omar@acme.example', 'Acme'],
      )
      const kept = await db()
        .selectFrom('connections')
        .select(['name', 'typedDomain', 'startDate', 'status', 'visitedAt'])
        .where('id', '=', asked.connectionId)
        .executeTakeFirstOrThrow()
      assert.deepEqual(kept, {
        name: 'Acme sales',
        typedDomain: 'acme',
        startDate: '2024-05-01T00:00:00Z',
        status: 'queued',
        visitedAt: null,
      })
      const [letter] = await lettersOf('hand_over')
      assert.equal(letter?.recipientEmail, 'omar@acme.example')
      assert.equal((letter?.payload as { colleague?: string } | undefined)?.colleague, 'Jane Miller')
      assert.ok(letter?.sealedLink)
      assert.equal((await lettersOf('handed_over_notice')).length, 1)
      const seen = await findHandedOver(db(), { teamId: operator.teamId, requestId: asked.requestId })
      assert.equal(seen?.colleagueName, 'Omar Haddad')
      assert.deepEqual(
        seen?.connections.map(({ status }) => status),
        ['queued'],
      )
      assert.ok((await actionsOf(asked.requestId)).includes('hand_over.done'))
    })

    test('another domain waits for the manager, and nothing is mailed there', async () => {
      assert.equal(await handOver(asked.holder, outsider), 'waiting')
      assert.equal(await handOver(asked.holder, omar), 'already')
      assert.deepEqual(await statusOf(asked.connectionId), {
        status: 'needs_manager',
        verdictCode: 'HAND_OVER_ASKED',
        version: 0,
      })
      const mails = await db()
        .selectFrom('outbox')
        .select(['recipientEmail', 'letter'])
        .where('teamId', '=', operator.teamId)
        .execute()
      assert.deepEqual(mails, [{ recipientEmail: 'maria@northwind.example', letter: 'hand_over_asked' }])
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'live')

      assert.equal(await approveHandOver(manager(), await waitingId()), 'done')
      assert.equal((await lettersOf('hand_over'))[0]?.recipientEmail, 'omar@agency.example')
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'handed_over')
      assert.equal((await statusOf(asked.connectionId)).status, 'queued')
    })

    test('two people with mailboxes of a public provider are no colleagues', async () => {
      await db()
        .updateTable('contacts')
        .set({ email: 'jane@gmail.com' })
        .where('teamId', '=', operator.teamId)
        .execute()
      assert.equal(await handOver(asked.holder, { ...omar, email: 'omar@gmail.com' }), 'waiting')
      assert.equal(await handOver((await ask(operator)).holder, { ...omar, email: 'jane@acme.example' }), 'yourself')
    })

    test('a no gives the turn back to the contact, with the reason in the log', async () => {
      await handOver(asked.holder, outsider)
      const id = await waitingId()
      assert.equal(await refuseHandOver(manager(), id, 'unknown agency'), 'done')
      assert.equal((await statusOf(asked.connectionId)).verdictCode, 'HAND_OVER_REFUSED')
      assert.equal((await statusOf(asked.connectionId)).status, 'needs_customer')
      assert.equal(await approveHandOver(manager(), id), 'decided')
      const [refused] = await listAuditEvents(db(), operator.teamId, asked.requestId)
      assert.deepEqual([refused?.action, refused?.reason], ['hand_over.refused', 'unknown agency'])
      assert.equal(await handOver(asked.holder, omar), 'done', 'a colleague at the own domain still may')
    })

    test('another team decides nothing', async () => {
      await handOver(asked.holder, outsider)
      const { teamId } = await makeTeam()
      assert.equal(await approveHandOver(manager('admin', teamId), await waitingId()), 'unknown')
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'live')
    })

    test('a yes comes too late when the contact has finished or the link was closed', async () => {
      await handOver(asked.holder, outsider)
      const id = await waitingId()
      await connect(asked.holder, typed('admin'))
      assert.equal(await approveHandOver(manager(), id), 'lapsed')
      assert.equal(await requestOf(asked.connectionId), asked.requestId)
      assert.equal((await lettersOf('hand_over')).length, 0)

      asked = await ask(operator)
      await handOver(asked.holder, outsider)
      await revokeLink(operator, { requestId: asked.requestId, reason: 'test' })
      assert.equal(await refuseHandOver(manager(), await waitingId(), 'late'), 'lapsed')
    })

    // R5
    test('of a hand-over and a submission at the same moment one wins', async () => {
      for (let round = 0; round < 5; round++) {
        asked = await ask(operator)
        const [passed, outcome] = await Promise.all([
          handOver(asked.holder, omar),
          connect(asked.holder, typed(round % 2 ? 'admin' : 'editor')),
        ])
        const moved = (await requestOf(asked.connectionId)) !== asked.requestId
        assert.equal(moved, passed === 'done')
        if (moved) assert.equal(outcome.kind, 'link_ended')
        else assert.deepEqual([outcome.kind, passed], ['settled', 'nothing_open'])
        await db().deleteFrom('credentials').where('teamId', '=', operator.teamId).execute()
      }
    })

    test('of two presses of a yes and a no one counts, and one letter leaves', async () => {
      for (let round = 0; round < 4; round++) {
        asked = await ask(operator)
        await handOver(asked.holder, outsider)
        const id = await waitingId()
        const before = (await lettersOf('hand_over')).length
        const outcomes = await Promise.all([
          approveHandOver(manager(), id),
          approveHandOver(manager(), id),
          refuseHandOver(manager(), id, 'no'),
        ])
        assert.deepEqual(outcomes.filter((outcome) => outcome === 'done').length, 1, outcomes.join())
        const sent = (await lettersOf('hand_over')).length - before
        assert.equal(sent, outcomes[2] === 'done' ? 0 : 1)
      }
    })

    test('who is not the right person closes the link; sending it again takes that back', async () => {
      assert.equal(await decline(asked.holder, { reason: 'left', text: 'Since May.' }), 'declined')
      assert.equal((await statusOf(asked.connectionId)).status, 'declined')
      assert.equal((await findLinkByKey(asked.linkKey))?.state, 'declined')
      assert.equal(await decline(asked.holder, { reason: 'left', text: '' }), 'link_ended')
      assert.equal((await connect(asked.holder, typed('admin'))).kind, 'link_ended')
      const [told] = await lettersOf('declined_notice')
      assert.equal(told?.recipientEmail, 'maria@northwind.example')
      assert.ok((await actionsOf(asked.requestId)).includes('request.declined'))

      const { link } = await reissueLink(operator, { requestId: asked.requestId, deliver: 'mail' })
      assert.equal((await statusOf(asked.connectionId)).status, 'queued')
      assert.equal((await findLinkByKey(keyOf(link)))?.state, 'live')
    })

    test('a question reaches the manager and is kept nowhere; a secret in it is refused', async () => {
      const token = 'a1b2c3d4'.repeat(5)
      for (const secret of [
        token,
        `Here it is: ${token}.`,
        token.slice(0, 20).concat(' ', token.slice(20)),
        'ghp_abcdefghijklmnop1234',
      ])
        assert.equal(await askQuestion(asked.holder, secret), 'secret', secret)
      assert.equal(await askQuestion(asked.holder, '  '), 'empty')
      assert.equal(await askQuestion(asked.holder, 'x'.repeat(1_001)), 'too_long')
      for (let times = 0; times < 3; times++)
        assert.equal(await askQuestion(asked.holder, 'Which user should I take?'), 'sent')
      assert.equal(await askQuestion(asked.holder, 'And again?'), 'throttled')
      const questions = await lettersOf('question')
      assert.equal(questions.length, 3)
      const log = JSON.stringify(
        await db().selectFrom('auditEvents').selectAll().where('teamId', '=', operator.teamId).execute(),
      )
      assert.ok(log.includes('request.question_asked') && !log.includes('Which user') && !log.includes(token))
      assert.ok(!JSON.stringify(await db().selectFrom('outbox').selectAll().execute()).includes(token))
    })
  },
  async () => {
    pipedrive ??= await startFakePipedrive()
    return { PIPEDRIVE_BASE_URL: pipedrive.url }
  },
)

test('the fake stops', () => pipedrive.close())

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { listStatusCounts } from '#lib/data/board.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findDraft, listDrafts } from '#lib/data/drafts.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { changeDraft, deleteDraft, openDraft, saveDraft, sendDraft } from './draft.ts'
import { findDuplicates } from './duplicates.ts'
import { requestConnections, requestOnce } from './request.ts'
import type { RequestInput } from './request-schema.ts'

const one = { provider: 'pipedrive', profile: 'read-only-sync' } as const
function input(over: Partial<RequestInput> = {}): RequestInput {
  return { customer: 'Acme', contact: { name: 'Jane Miller', email: 'jane@acme.example' }, connections: [one], ...over }
}

onEachEngine((engine) => {
  let team: Operator
  before(async () => {
    team = await makeTeam()
  })

  async function letters(requestId: string): Promise<string[]> {
    const rows = await db()
      .selectFrom('outbox')
      .select('letter')
      .where('requestId', '=', requestId)
      .where('letter', '<>', 'reminder')
      .execute()
    return rows.map(({ letter }) => letter)
  }

  test('a draft is kept as it was typed, and nothing is sent', async () => {
    const { id } = await saveDraft(team, input({ note: 'Hello', expiresInDays: 30 }), randomUUID())
    const draft = await findDraft(db(), { teamId: team.teamId, requestId: id })
    assert.equal(draft?.note, 'Hello')
    assert.equal(draft?.linkDays, 30)
    assert.deepEqual(await letters(id), [])
    assert.equal(await findNewestLink(db(), { teamId: team.teamId, requestId: id }), null)
    assert.ok((await listDrafts(db(), team)).some((listed) => listed.id === id))
  })

  test('a changed draft keeps the ids of what stays, and the counters fit', async () => {
    const other = await makeTeam()
    const { id, connections } = await saveDraft(other, input({ connections: [one, one, one] }), randomUUID())
    await changeDraft(other, input({ customer: 'Acme UK', connections: [{ ...one, name: 'Sales' }] }), id)
    const left = await listRequestConnections(db(), { teamId: other.teamId, requestId: id })
    assert.deepEqual(
      left.map(({ id, name, customerName }) => [id, name, customerName]),
      [[connections[0]?.id, 'Sales', 'Acme UK']],
    )
    await changeDraft(other, input({ connections: [one, one] }), id)
    assert.equal((await listRequestConnections(db(), { teamId: other.teamId, requestId: id })).length, 2)
    const counts = await listStatusCounts(other)
    assert.deepEqual(counts.find(({ status }) => status === 'draft')?.n, 2)
  })

  test('sending a draft makes its link and one letter; the second press finds it sent', async () => {
    const { id } = await saveDraft(team, input(), randomUUID())
    const presses = await Promise.all([sendDraft(team, input(), id), sendDraft(team, input(), id)])
    assert.deepEqual(presses.map(({ kind }) => kind).sort(), ['done', 'sent_before'])
    assert.deepEqual(await letters(id), ['secure_link'])
    assert.equal((await findNewestLink(db(), { teamId: team.teamId, requestId: id }))?.state, 'live')
    assert.equal((await deleteDraft(team, id)).kind, 'sent_before')
  })

  test('a deleted draft is gone', async () => {
    const { id } = await saveDraft(team, input(), randomUUID())
    assert.equal((await deleteDraft(team, id)).kind, 'done')
    assert.equal((await sendDraft(team, input(), id)).kind, 'gone')
    assert.equal(await findDraft(db(), { teamId: team.teamId, requestId: id }), null)
  })

  // S39
  test("another team's draft does not exist, and asking for it is recorded", async () => {
    const { id } = await saveDraft(team, input(), randomUUID())
    const other = await makeTeam()
    assert.equal(await openDraft(other, id), null)
    for (const outcome of [await sendDraft(other, input(), id), await deleteDraft(other, id)])
      assert.equal(outcome.kind, 'gone')
    const seen = await db()
      .selectFrom('auditEvents')
      .select('outcome')
      .where('objectId', '=', id)
      .where('teamId', '=', other.teamId)
      .execute()
    assert.deepEqual(seen, [{ outcome: 'refused' }])
  })

  // R3
  test('a form that is pressed many times makes one request and one letter', async () => {
    const key = randomUUID()
    const presses = engine === 'embedded' ? 5 : 20
    const made = await Promise.all(Array.from({ length: presses }, () => requestOnce(team, input(), key)))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1)
    assert.equal(made.filter(({ repeated }) => !repeated).length, 1)
    assert.deepEqual(await letters(made[0]?.id ?? ''), ['secure_link'])
  })

  test('what is open for the same person, or the same customer and profile, is found; what is over is not', async () => {
    const other = await makeTeam()
    const { reference } = await requestConnections(other, input())
    await saveDraft(other, input(), randomUUID())
    const find = (asked: Partial<Parameters<typeof findDuplicates>[1]>) =>
      findDuplicates(other, { customer: 'Globex', email: 'hank@globex.example', profiles: ['two-way-crm'], ...asked })
    const references = async (asked: Parameters<typeof find>[0]) =>
      (await find(asked)).map(({ reference }) => reference)
    assert.deepEqual(await references({ email: 'jane@acme.example' }), [reference])
    assert.deepEqual(await references({ customer: 'ACME', profiles: ['read-only-sync'] }), [reference])
    assert.deepEqual(await references({ customer: 'ACME' }), [])
    assert.deepEqual(await references({}), [])
    await db()
      .updateTable('connections')
      .set({ status: 'connected' })
      .where('teamId', '=', other.teamId)
      .where('status', '=', 'queued')
      .execute()
    assert.deepEqual(await references({ email: 'jane@acme.example' }), [])
    assert.deepEqual(
      await findDuplicates(team, { customer: 'Globex', email: 'nobody@globex.example', profiles: [] }),
      [],
    )
  })
})

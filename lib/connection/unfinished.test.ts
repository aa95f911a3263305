import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { newId } from '#lib/data/ids.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import { forgetOldUnfinished, listUnfinished } from '#lib/data/unfinished-requests.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { forgetTyped, keepTyped, openTyped } from './unfinished.ts'

onEachEngine(() => {
  let team: Operator
  let sam: Staff
  before(async () => {
    team = await makeTeam()
    sam = await member(team, 'sam@northwind.example')
  })

  async function member({ teamId }: Operator, email: string): Promise<Staff> {
    const staffId = await upsertStaff(db(), { teamId, email, name: 'Somebody', role: 'account_manager' })
    return proven<'staff'>({ kind: 'staff', teamId, staffId, role: 'account_manager', address: null })
  }

  const form = (over: Partial<Parameters<typeof keepTyped>[1]> = {}) => ({
    formKey: randomUUID(),
    requestId: null,
    typed: { customer: 'Acme' },
    ...over,
  })

  test('what is typed last is what is kept', async () => {
    const { formKey } = form()
    assert.ok(await keepTyped(sam, form({ formKey })))
    assert.ok(await keepTyped(sam, form({ formKey, typed: { customer: 'Acme UK', note: "it's \u0022here\u0022" } })))
    assert.deepEqual((await openTyped(sam, { formKey }))?.typed, { customer: 'Acme UK', note: 'it\'s "here"' })
    assert.equal((await listUnfinished(db(), sam)).filter((one) => one.formKey === formKey).length, 1)
  })

  test('a form that was sent keeps nothing, however late the browser answers', async () => {
    const kept = form()
    await keepTyped(sam, kept)
    assert.equal(await forgetTyped(sam, kept.formKey), true)
    assert.equal(await forgetTyped(sam, kept.formKey), false)
    await keepTyped(sam, kept)
    assert.equal(await openTyped(sam, { formKey: kept.formKey }), null)
    const sentAtOnce = form()
    await forgetTyped(sam, sentAtOnce.formKey)
    await keepTyped(sam, sentAtOnce)
    assert.equal(await openTyped(sam, { formKey: sentAtOnce.formKey }), null)
    const rows = await db()
      .selectFrom('unfinishedRequests')
      .select('typed')
      .where('formKey', '=', kept.formKey)
      .execute()
    assert.deepEqual(rows, [{ typed: {} }])
  })

  test('changes of a draft are found by the draft, and are on no list', async () => {
    const requestId = newId('req')
    const kept = form({ requestId })
    await keepTyped(sam, kept)
    assert.equal((await openTyped(sam, { requestId }))?.formKey, kept.formKey)
    assert.ok(!(await listUnfinished(db(), sam)).some(({ formKey }) => formKey === kept.formKey))
  })

  // S39
  test('nobody else finds it, in the team or outside', async () => {
    const kept = form()
    await keepTyped(sam, kept)
    const maria = await member(team, 'maria@northwind.example')
    const stranger = await member(await makeTeam(), 'eve@other.example')
    for (const other of [maria, stranger]) {
      assert.equal(await openTyped(other, { formKey: kept.formKey }), null)
      assert.equal(await forgetTyped(other, kept.formKey), false)
    }
    assert.ok(await openTyped(sam, { formKey: kept.formKey }))
  })

  test('what no form of ours sends is not kept', async () => {
    assert.equal(await keepTyped(sam, form({ formKey: "'; drop table" })), false)
    assert.equal(await keepTyped(sam, form({ requestId: 'con_1' })), false)
    assert.equal(await openTyped(sam, { formKey: 'nonsense' }), null)
    assert.equal(await forgetTyped(sam, 'nonsense'), false)
  })

  test('after a month it is erased', async () => {
    const [old, fresh] = [form(), form()]
    await keepTyped(sam, old)
    await keepTyped(sam, fresh)
    const updatedAt = new Date(Date.now() - 31 * 86_400_000)
    await db().updateTable('unfinishedRequests').set({ updatedAt }).where('formKey', '=', old.formKey).execute()
    await forgetOldUnfinished()
    assert.equal(await openTyped(sam, { formKey: old.formKey }), null)
    assert.ok(await openTyped(sam, { formKey: fresh.formKey }))
  })
})

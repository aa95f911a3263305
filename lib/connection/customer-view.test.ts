import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { insertVerification } from '#lib/data/verifications.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import { findLearnt } from './customer-view.ts'
import { handOver } from './hand-over.ts'
import { checkLive } from './verify.ts'

let pipedrive: FakePipedrive
let operator: Operator
let asked: Asked

before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

const connection = () => getConnection(db(), asked.holder)

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
      asked = await ask(operator)
    })

    test('whoever takes over reads what was tried before, and from whom it comes', async () => {
      asked = await ask(operator, { profile: 'full-setup' })
      await connect(asked.holder, typed('regular'))
      const before = await findLearnt(await connection())
      assert.deepEqual([before.seen?.verdictCode, before.passedOn], ['NOT_ADMIN', null])
      await handOver(asked.holder, { name: 'Omar Haddad', email: 'omar@acme.example', note: null })
      const learnt = await findLearnt(await connection())
      assert.equal(learnt.seen?.verdictCode, 'NOT_ADMIN')
      assert.equal(learnt.passedOn?.contactName, 'Jane Miller')
      assert.ok(learnt.passedOn && learnt.seen && learnt.passedOn.at >= learnt.seen.createdAt)
    })

    test('a regular check that asks only for the owner leaves the report of before in sight', async () => {
      await connect(asked.holder, typed('admin'))
      const { apiToken } = typed('admin')
      const check = { apiToken, companyDomain: 'acme', startDate: null, depth: 'identity' as const }
      const verdict = await checkLive(await connection(), check)
      assert.deepEqual(verdict.report, [])
      await insertVerification(db(), operator, {
        connectionId: asked.connectionId,
        trigger: 'watch',
        verdictCode: verdict.code,
        verdict,
      })
      const { seen, rights } = await findLearnt(await connection())
      assert.deepEqual(seen?.report, [])
      assert.ok(rights && rights.report.length > 0)
      assert.ok(rights.surplus.includes('manage_account_settings'))
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)

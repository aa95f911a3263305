import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { copyLinkEnd } from '#lib/data/board-copies.ts'
import { db } from '#lib/data/database.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, statusOf } from '#lib/testing/story.ts'
import { expireLinks } from './expire.ts'
import { extendLink } from './links.ts'
import { visit } from './visit.ts'

let operator: Operator
let asked: Asked

async function endMinutesAgo(minutes: number): Promise<void> {
  await db()
    .updateTable('secureLinks')
    .set({ expiresAt: sql<Date>`now() - make_interval(mins => ${minutes})` })
    .where('id', '=', asked.holder.linkId)
    .execute()
  await copyLinkEnd(db(), { teamId: operator.teamId, requestId: asked.requestId })
}

const status = async () => (await statusOf(asked.connectionId)).status

onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
    asked = await ask(operator)
  })

  test('a link that nobody used in time becomes the team’s turn', async () => {
    await expireLinks()
    assert.equal(await status(), 'sent')
    await visit(asked.holder)
    await endMinutesAgo(29)
    await expireLinks()
    assert.equal(await status(), 'visited', 'whoever has the page open may still submit')
    await endMinutesAgo(31)
    await expireLinks()
    assert.deepEqual(await statusOf(asked.connectionId), {
      status: 'expired',
      verdictCode: 'LINK_EXPIRED',
      version: 0,
    })
  })

  test('an extended link makes it the customer’s turn again', async () => {
    await endMinutesAgo(60)
    await expireLinks()
    await extendLink(operator, { requestId: asked.requestId, days: 7 })
    assert.equal(await status(), 'sent')
    await expireLinks()
    assert.equal(await status(), 'sent')
  })
})

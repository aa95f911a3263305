import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { TokenOwner, Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { enqueueAfterSettlement } from './letters.ts'
import { revokeLink } from './links.ts'
import { requestConnections } from './request.ts'
import type { Status } from './status.ts'

let operator: Operator
let asked: Awaited<ReturnType<typeof requestConnections>>

/** Settles the connection by hand and answers the letters that this queued. */
async function lettersAfter(status: Status, code: VerdictCode, trigger: 'submit' | 'confirm' | 'retry') {
  const connectionId = asked.connections[0]?.id ?? ''
  const connection = await getConnection(db(), { teamId: operator.teamId, connectionId })
  const owner = {
    companyName: 'Acme Ltd',
    companyDomain: 'acme-secret-domain',
    userName: 'Jane Miller',
    userEmail: 'jane-login@acme.example',
  } as TokenOwner
  const settlement = {
    connection,
    code,
    verdict: { owner } as Verdict,
    askedDomain: 'acme',
    accepted: [],
    status,
    keeping: 'nothing',
    goesOn: false,
    credential: null,
    retryAfterSeconds: null,
  } as const
  await inTransaction((trx) => enqueueAfterSettlement(trx, operator, settlement, { trigger }))
  return db().selectFrom('outbox').selectAll().where('requestId', '=', asked.id).execute()
}

const cases: [Status, VerdictCode, 'submit' | 'confirm' | 'retry', string | null, string?, string?][] = [
  ['connected', 'OK', 'submit', 'receipt', 'jane@acme.example', 'connected_notice'],
  ['connected_limited', 'LIMITED_ACCESS', 'confirm', 'receipt', 'jane@acme.example', 'connected_notice'],
  ['connected', 'OK', 'retry', 'finished', 'jane@acme.example', 'connected_notice'],
  ['needs_customer', 'TOKEN_REJECTED', 'submit', null],
  ['needs_confirmation', 'LIMITED_ACCESS', 'submit', null],
  ['needs_customer', 'TOKEN_REJECTED', 'retry', 'still_needed', 'jane@acme.example', 'manager_notice'],
  ['needs_manager', 'ALREADY_CONNECTED', 'submit', 'manager_notice', 'maria@northwind.example'],
  ['waiting_provider', 'PIPEDRIVE_DOWN', 'retry', null],
]
onEachEngine(() => {
  beforeEach(async () => {
    operator = await makeTeam()
    asked = await requestConnections(operator, {
      customer: 'Acme',
      contact: { name: 'Jane Miller', email: 'jane@acme.example' },
      deliver: 'link',
      connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
    })
  })

  for (const [status, code, trigger, letter, to, told] of cases)
    test(`${status} after ${trigger}: ${letter ?? 'no letter'}${told ? `, and ${told}` : ''}`, async () => {
      const letters = await lettersAfter(status, code, trigger)
      assert.deepEqual(
        letters.map((row) => [row.letter, row.recipientEmail]),
        [...(letter ? [[letter, to]] : []), ...(told ? [[told, 'maria@northwind.example']] : [])],
      )
      assert.doesNotMatch(JSON.stringify(letters.map(({ payload }) => payload)), /secret-domain|jane-login|\/l\//)
      for (const row of letters) assert.equal(row.sealedLink !== null, row.letter === 'still_needed')
    })

  test('a link that has ended is left out of the letter', async () => {
    await revokeLink(operator, { requestId: asked.id, reason: 'test' })
    const [letter] = await lettersAfter('needs_customer', 'TOKEN_REJECTED', 'retry')
    assert.equal(letter?.letter, 'still_needed')
    assert.equal(letter?.sealedLink, null)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { CaseAction } from './case-action.ts'
import { caseActionOf, caseActions, takesLink } from './case-action.ts'
import type { Status } from './status.ts'
import { isSettled, statuses } from './status.ts'

type Row = [status: Status, verdictCode: VerdictCode | null, action: CaseAction]

const table: Row[] = [
  ['draft', null, 'continue_draft'],
  ['queued', null, 'none'],
  ['sent', null, 'send_again'],
  ['undeliverable', null, 'correct_address'],
  ['visited', null, 'send_again'],
  ['needs_customer', 'TOKEN_REJECTED', 'send_again'],
  ['needs_customer', 'NOT_ADMIN', 'send_again'],
  ['needs_confirmation', 'USER_MISMATCH', 'send_again'],
  ['needs_confirmation', 'LIMITED_ACCESS', 'send_again'],
  ['needs_manager', 'ALREADY_CONNECTED', 'decide_same_token'],
  ['needs_manager', 'FEATURE_OFF', 'decide_limits'],
  ['needs_manager', 'WRONG_ACCOUNT', 'change_company'],
  ['needs_manager', 'INTERNAL', 'send_again'],
  ['waiting_provider', 'RATE_LIMITED', 'check_now'],
  ['waiting_provider', 'CANNOT_REACH', 'check_now'],
  ['connected', 'OK', 'none'],
  ['connected_limited', 'LIMITED_ACCESS', 'none'],
  ['stopped', 'STOPPED_WORKING', 'send_again'],
  ['declined', null, 'correct_address'],
  ['expired', 'LINK_EXPIRED', 'send_again'],
  ['revoked', 'LINK_REVOKED', 'send_again'],
  ['off_boarding', 'STILL_ALIVE', 'send_again'],
  ['closed', 'PROVEN_DEAD', 'none'],
  ['closed_unproven', null, 'none'],
]

test('every status has one action that fits', () => {
  for (const [status, verdictCode, action] of table)
    assert.equal(caseActionOf({ status, verdictCode, connectedBefore: false }), action, `${status} ${verdictCode}`)
  assert.deepEqual([...new Set(table.map(([status]) => status))], [...statuses], 'the table names every status')
  assert.deepEqual(new Set(table.map(([, , action]) => action)), new Set(caseActions), 'and every action')
})

test('a company that was connected before is not changed by anybody', () => {
  const stopped = { status: 'needs_manager', verdictCode: 'WRONG_ACCOUNT', connectedBefore: true } as const
  assert.equal(caseActionOf(stopped), 'send_again')
})

test('nothing is sent again where the link leads to no form', () => {
  for (const status of statuses) {
    if (isSettled(status)) assert.ok(!takesLink(status), status)
    const action = caseActionOf({ status, verdictCode: null, connectedBefore: false })
    if (action === 'send_again' || action === 'correct_address') assert.ok(takesLink(status), status)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import {
  groupOf,
  groups,
  mixedStatuses,
  statuses,
  statusesOf,
  statusesOfTurn,
  supportVerdicts,
  turnOf,
} from './status.ts'

test('each status lies on one pile, and no pile is empty', () => {
  assert.deepEqual(groups.flatMap(statusesOf).sort(), [...statuses].sort())
  for (const group of groups) assert.ok(statusesOf(group).length > 0)
})

test('what needs the team is the team’s turn, and what works is nobody’s', () => {
  for (const status of statusesOf('needs_you')) assert.equal(turnOf(status, null), 'manager', status)
  for (const status of statusesOf('connected')) assert.equal(turnOf(status, 'OK'), 'nobody', status)
  for (const status of statusesOf('waiting')) assert.notEqual(turnOf(status, null), 'manager', status)
})

test('the verdict tells the customer’s admin and our support from the customer', () => {
  assert.equal(turnOf('needs_customer', 'TOKEN_REJECTED'), 'customer')
  assert.equal(turnOf('needs_customer', 'NOT_ADMIN'), 'admin')
  assert.equal(turnOf('waiting_provider', 'RATE_LIMITED'), 'nobody')
  assert.equal(turnOf('waiting_provider', 'CANNOT_REACH'), 'support')
  assert.equal(turnOf('needs_manager', 'WRONG_ACCOUNT'), 'manager')
  assert.equal(turnOf('needs_manager', 'INTERNAL'), 'support')
  assert.equal(groupOf('connected_limited'), 'needs_you')
})

test('the board’s turns agree with the turn of every status and verdict', () => {
  for (const status of statuses)
    for (const code of [null, ...(Object.keys(verdicts) as VerdictCode[])]) {
      const turn = turnOf(status, code)
      const isSupports = mixedStatuses.includes(status) && code !== null && supportVerdicts.includes(code)
      assert.equal(turn === 'support', isSupports, `${status} ${code}`)
      assert.ok(statusesOfTurn(turn === 'admin' ? 'customer' : turn).includes(status), `${status} ${code}`)
    }
})

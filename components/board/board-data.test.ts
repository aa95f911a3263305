import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShownRow } from './board-data.ts'
import { countChanges } from './board-data.ts'

const row = (id: string, over: Partial<ShownRow> = {}): ShownRow => ({
  id,
  customer: 'Acme',
  name: 'Acme sales',
  provider: 'Pipedrive',
  profile: 'Read-only sync',
  status: 'sent',
  verdict: null,
  badge: 'Link sent',
  snoozed: null,
  frozen: null,
  turn: 'Customer',
  title: null,
  nextTry: null,
  checked: { at: '2026-11-24T10:00:00Z', exact: '24 Nov 2026, 10:00 UTC', relative: '2 minutes ago' },
  linkEnds: null,
  owner: null,
  ...over,
})
const rows = ['a', 'b', 'c'].map((id) => row(id))

test('time that passes and rows that move are no change', () => {
  const later = rows.map((one) => ({ ...one, checked: one.checked && { ...one.checked, relative: '3 minutes ago' } }))
  assert.equal(countChanges(rows, later), 0)
  assert.equal(countChanges(rows, [...rows].reverse()), 0)
  const sooner = rows.map((one) => ({ ...one, nextTry: 'Next try in 2 minutes' }))
  assert.equal(countChanges(rows, sooner), 0)
})

test('rows that change, come or go count once each', () => {
  assert.equal(countChanges(rows, [row('b', { badge: 'Connected', status: 'connected' }), row('a'), row('c')]), 1)
  assert.equal(countChanges(rows, [row('d'), ...rows]), 1)
  assert.equal(countChanges(rows, [row('d'), row('a'), row('b')]), 1)
  assert.equal(countChanges(rows, [row('a')]), 2)
  assert.equal(countChanges([], rows), 3)
})

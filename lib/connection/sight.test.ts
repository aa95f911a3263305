import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capability, CapabilityRow, Evidence } from '#lib/providers/provider.ts'
import { describeSight } from './sight.ts'

const rows = (evidence: Partial<Record<Capability, Evidence>>): CapabilityRow[] =>
  Object.entries(evidence).map(([capability, how]) => ({
    capability: capability as Capability,
    group: 'reads',
    result: how === 'read_refused' ? 'no' : 'yes',
    evidence: how,
  }))
const report = rows({
  read_deals: 'read_more',
  read_persons: 'read_some',
  read_organizations: 'read_none',
  read_activities: 'read_refused',
  add_deals: 'permission_listed',
})

test('the sentence says what is seen since the start date, then what is not', () => {
  const day = describeSight({ report, since: '2024-05-01T00:00:00Z' }, 'en')
  assert.equal(
    day?.sentence,
    'Since 1 May 2024 this token sees: more than one deal, at least one person; no organizations.',
  )
  assert.match(day?.hint ?? '', /nothing changed since/)
  const instant = describeSight({ report, since: '2024-05-01T01:20:30+02:00' }, 'de')
  assert.match(
    instant?.sentence ?? '',
    /^Seit dem 30\. April 2024.*23:20:30 UTC sieht dieses Token: mehr als einen Deal, /,
  )
})

test('without a start date it speaks of everything, and without an empty list there is nothing to explain', () => {
  const all = describeSight({ report: rows({ read_deals: 'read_some' }), since: null }, 'en')
  assert.deepEqual(all, { sentence: 'This token sees: at least one deal.', hint: null })
})

test('where no list was read nothing is said', () => {
  assert.equal(describeSight(null, 'en'), null)
  assert.equal(describeSight({ report: rows({ read_deals: 'read_refused' }), since: null }, 'en'), null)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAddressRange, isInAddressList } from './address-list.ts'

test('addresses and ranges are recognised, everything else is not', () => {
  for (const good of ['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '2001:db8::7', '2001:db8::/32', '::1/128'])
    assert.ok(isAddressRange(good), good)
  for (const bad of [
    '',
    'host',
    '203.0.113.7/33',
    '203.0.113.7/',
    '1.2.3.4/1/2',
    '2001:db8::/129',
    '1.2.3',
    '203.0.113.7/-1',
  ])
    assert.ok(!isAddressRange(bad), bad)
})

test('an address is looked for in its own family', () => {
  const list = ['203.0.113.0/24', '198.51.100.7', '2001:db8::/32']
  for (const inside of ['203.0.113.255', '198.51.100.7', '2001:db8:1::1'])
    assert.ok(isInAddressList(inside, list), inside)
  for (const outside of ['203.0.114.1', '198.51.100.8', '2001:db9::1', '', 'x', null])
    assert.ok(!isInAddressList(outside, list), String(outside))
  assert.ok(!isInAddressList('203.0.113.7', []))
})

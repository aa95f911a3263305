import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capabilities } from '#lib/providers/provider.ts'
import { describeProfile, nameOf } from './profile-words.ts'
import type { Profile } from './profiles.ts'
import { builtInProfiles } from './profiles.ts'

const blank = { name: '', purpose: '', exceptions: '', adminReason: '' }
const own: Profile = {
  ...builtInProfiles['read-only-sync'],
  key: 'shop-orders',
  words: { en: { ...blank, name: 'Shop orders', purpose: 'Orders become deals.' }, de: blank },
  capabilities: ['read_deals', 'read_persons', 'add_deals', 'create_webhooks'],
}

test('a built-in profile keeps its own words', () => {
  const { name, promise } = describeProfile(builtInProfiles['full-setup'], 'de', 'Northwind')
  assert.equal(name, 'Vollständige Einrichtung')
  assert.match(promise.join(' '), /^Northwind liest, ergänzt und bearbeitet/)
})

test('a team profile says its purpose, then what the capabilities mean', () => {
  assert.deepEqual(describeProfile(own, 'en', 'Northwind').promise, [
    'Orders become deals.',
    'Northwind reads your deals and contacts. It adds deals. It also creates webhooks, so that changes arrive at once. It never deletes a record. It never touches your account settings.',
  ])
})

test('webhooks as the only write are said to be the only one', () => {
  const [promise] = describeProfile(
    { ...own, words: null, capabilities: ['create_webhooks'] },
    'en',
    'Northwind',
  ).promise
  assert.equal(
    promise,
    'Northwind does not read your records. The only thing it creates is webhooks, so that changes arrive at once. It never adds, changes or deletes a record. It never touches your account settings.',
  )
})

test('what is written in one language only is not shown as the other, but its name is', () => {
  const { promise } = describeProfile(own, 'de', 'Northwind')
  assert.equal(nameOf(own, 'de'), 'Shop orders')
  assert.equal(promise.length, 1)
  assert.match(promise[0] ?? '', /^Northwind liest Ihre Deals und Kontakte\. Hinzugefügt werden Deals\./)
})

test('an admin is asked for with a reason, written or not', () => {
  const written = { ...own, words: { en: { ...blank, adminReason: 'it adds users' }, de: blank } }
  assert.equal(describeProfile(written, 'en', 'Northwind').adminReason, 'it adds users')
  assert.notEqual(describeProfile(own, 'en', 'Northwind').adminReason, '')
})

test('whatever the capabilities, the promise is neither blank nor at odds with them', () => {
  fc.assert(
    fc.property(fc.subarray([...capabilities]), fc.constantFrom('en' as const, 'de' as const), (some, language) => {
      const text = describeProfile({ ...own, words: null, capabilities: some }, language, 'Northwind').promise.join(' ')
      const writes = some.some((capability) => /^(add|edit)_/.test(capability))
      const settings = some.some((capability) => capability.startsWith('manage_'))
      assert.ok(text.startsWith('Northwind '))
      assert.ok(!text.includes('{'))
      assert.equal(/never adds|hinzugefügt, geändert oder gelöscht/.test(text), !writes)
      assert.equal(
        /only thing it creates|nur Webhooks/.test(text),
        some.includes('create_webhooks') && !writes && !settings,
      )
      assert.equal(
        /never touches your account|Kontoeinstellungen bleiben/.test(text),
        !some.includes('manage_account_settings'),
      )
    }),
  )
})

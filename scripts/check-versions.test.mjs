import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findLowVersions, isOlder } from './check-versions.mjs'

test('a lock file at or above the floors passes', () => {
  assert.deepEqual(
    findLowVersions({
      packages: { 'node_modules/next': { version: '16.4.5' }, 'node_modules/react': { version: '19.2.8' } },
    }),
    [],
  )
})

test('a lowered package is named, also a nested copy', () => {
  const packages = {
    'node_modules/next': { version: '16.3.2' },
    'node_modules/next-auth/node_modules/nodemailer': { version: '7.0.12' },
  }
  assert.equal(findLowVersions({ packages }).length, 2)
})

for (const [version, floor, older] of [
  ['16.3.3', '16.3.3', false],
  ['16.10.0', '16.3.3', false],
  ['16.3.3-canary.1', '16.3.3', true],
  ['9.1.0', '9.1.1', true],
  ['10.0.0', '9.1.1', false],
]) {
  test(`${version} is ${older ? '' : 'not '}older than ${floor}`, () => assert.equal(isOlder(version, floor), older))
}

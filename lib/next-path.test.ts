import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CONSOLE_HOME, nextPath } from './next-path.ts'

const ORIGIN = 'https://connect.example.com'

for (const path of ['/connections', '/connections?status=sent&page=2', '/settings', '/connections/con_01kb3v', '/'])
  test(`${path} is a page of ours`, () => assert.equal(nextPath(path, ORIGIN), path))

for (const given of [
  undefined,
  null,
  '',
  ['/settings'],
  'settings',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/./\\evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  'https://evil.example',
  'https://connect.example.com@evil.example/',
  'https:evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/%09/../\u2028/evil.example',
  '/sign-in?next=/sign-in',
  '/sign-in/company',
  '/api/health',
  '/x/../api/health',
  `/${'a'.repeat(600)}`,
])
  test(`${JSON.stringify(given)?.slice(0, 60)} leads home`, () => assert.equal(nextPath(given, ORIGIN), CONSOLE_HOME))

test('whatever is given, a browser stays with us', () => {
  const nasty = fc.stringMatching(/^[/\\.:@?#%a-z0-9\t\n ]{0,40}$/)
  const elsewhere = fc.webUrl().map((url) => url.replace(/^https?:/, ''))
  const given = fc.oneof(
    fc.string(),
    nasty,
    elsewhere,
    fc.tuple(nasty, elsewhere).map((parts) => `/${parts.join('')}`),
  )
  fc.assert(
    fc.property(given, (text) => {
      const path = nextPath(text, ORIGIN)
      assert.match(path, /^\/(?![/\\])/)
      assert.equal(new URL(path, ORIGIN).origin, ORIGIN)
      assert.equal(nextPath(path, ORIGIN), path)
    }),
    { numRuns: 5_000 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEmailAddress } from './address.ts'

const good: [string, string][] = [
  ['jane@acme.example', 'jane@acme.example'],
  ['  Jane.Doe+pipedrive@ACME.Example ', 'jane.doe+pipedrive@acme.example'],
  ["o'brien@acme.com", "o'brien@acme.com"],
  ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
  ['a@b.xn--p1ai', 'a@b.xn--p1ai'],
  [`${'a'.repeat(64)}@acme.example`, `${'a'.repeat(64)}@acme.example`],
]
for (const [typed, address] of good) test(`accepts ${typed}`, () => assert.equal(parseEmailAddress(typed), address))

const bad = [
  '',
  'jane',
  '@acme.example',
  'jane@',
  'jane@localhost',
  'jane@1.2.3.4',
  'jane@[1.2.3.4]',
  'jane@@acme.example',
  'jane@evil.example@acme.example',
  'jane@acme.example,eve@evil.example',
  'jane@acme.example;eve@evil.example',
  'jane@acme.example eve@evil.example',
  'Jane <jane@acme.example>',
  '"jane@evil.example x"@acme.example',
  '"jane"@acme.example',
  'jane(comment)@acme.example',
  'jane\\@acme.example',
  'jane@acme.example\r\nBcc: eve@evil.example',
  'jane\0@acme.example',
  '.jane@acme.example',
  'jane.@acme.example',
  'ja..ne@acme.example',
  'jane@.acme.example',
  'jane@acme..example',
  'jane@acme.example.',
  'jane@-acme.example',
  'jane@acme-.example',
  'jane＠acme.example',
  'jane@ａcme.example',
  'jane@acme。example',
  'jan\u212a@acme.example',
  'jane@\u212ame.example',
  'jane\u200b@acme.example',
  'jané@acme.example',
  `${'a'.repeat(65)}@acme.example`,
  `jane@${'a'.repeat(64)}.example`,
  `jane@${'a.'.repeat(130)}example`,
]
for (const typed of bad) test(`refuses ${JSON.stringify(typed)}`, () => assert.equal(parseEmailAddress(typed), null))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOf } from './language.ts'

const cases: [chosen: string | undefined, accepted: string | null, expected: string][] = [
  [undefined, null, 'en'],
  [undefined, 'de-AT,de;q=0.9,en;q=0.8', 'de'],
  [undefined, 'en;q=0.5, de;q=0.9', 'de'],
  [undefined, 'fr-FR, de;q=0.3', 'de'],
  [undefined, 'fr, *;q=0.1', 'en'],
  [undefined, 'de;q=0', 'en'],
  ['de', 'en', 'de'],
  ['en', 'de', 'en'],
  ['xx', 'de', 'de'],
]

for (const [chosen, accepted, expected] of cases) {
  test(`cookie ${chosen} and browser ${accepted} read ${expected}`, () =>
    assert.equal(languageOf({ chosen, accepted }), expected))
}

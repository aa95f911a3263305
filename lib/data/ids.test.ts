import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from './ids.ts'

test('ids keep the order they were made in, and none comes twice', () => {
  const ids = Array.from({ length: 20_000 }, () => newId('con'))
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of [ids.at(0), ids.at(-1)]) assert.match(id ?? '', /^con_[0-9a-hjkmnp-tv-z]{26}$/)
})

test('an id is a UUID of version 7 with the time in front', () => {
  const letters = '0123456789abcdefghjkmnpqrstvwxyz'
  const value = [...newId('con').slice(4)].reduce((sum, letter) => sum * 32n + BigInt(letters.indexOf(letter)), 0n)
  const hex = value.toString(16).padStart(32, '0')
  assert.ok(Math.abs(Number.parseInt(hex.slice(0, 12), 16) - Date.now()) < 60_000)
  assert.equal(hex[12], '7')
  assert.match(hex[16] ?? '', /[89ab]/)
})

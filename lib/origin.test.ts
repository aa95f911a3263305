import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackOrigin, isSameOrigin } from './origin.ts'

const cases: [header: string | null, portal: string, own: boolean][] = [
  ['https://portal.example.com', 'https://portal.example.com', true],
  ['https://portal.example.com:443', 'https://portal.example.com', true],
  ['http://localhost:3000', 'http://127.0.0.1:3000', true],
  ['http://[::1]:3000', 'http://localhost:3000', true],
  ['http://localhost:3001', 'http://localhost:3000', false],
  ['https://localhost:3000', 'http://localhost:3000', false],
  ['https://evil.example', 'https://portal.example.com', false],
  ['https://portal.example.com.evil.example', 'https://portal.example.com', false],
  ['http://portal.example.com', 'https://portal.example.com', false],
  ['http://localhost.evil.example:3000', 'http://localhost:3000', false],
  ['null', 'http://localhost:3000', false],
  ['', 'http://localhost:3000', false],
  [null, 'http://localhost:3000', false],
  ['file://', 'http://localhost:3000', false],
]

for (const [header, portal, own] of cases) {
  test(`origin ${header} is ${own ? '' : 'not '}${portal}`, () =>
    assert.equal(isSameOrigin({ get: () => header }, portal), own))
}

test('only the loopback names are loopback', () => {
  assert.equal(isLoopbackOrigin('http://[::1]:3000'), true)
  assert.equal(isLoopbackOrigin('http://10.0.0.1:3000'), false)
})

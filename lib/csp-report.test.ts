import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readViolations } from './csp-report.ts'

const link = `http://localhost:3000/l/${'k'.repeat(43)}`

test('both shapes of a report are read, without path or query', () => {
  const old = {
    'csp-report': {
      'document-uri': `${link}?a=b`,
      'effective-directive': 'script-src-elem',
      'blocked-uri': 'https://evil.example/secret/path?token=1',
    },
  }
  const modern = [
    { type: 'deprecation', body: {} },
    {
      type: 'csp-violation',
      body: {
        documentURL: link,
        effectiveDirective: 'script-src-elem',
        blockedURL: 'https://evil.example/secret/path',
      },
    },
  ]
  const expected = [{ directive: 'script-src-elem', blocked: 'https://evil.example', route: '/l' }]
  assert.deepEqual(readViolations(JSON.stringify(old)), expected)
  assert.deepEqual(readViolations(JSON.stringify(modern)), expected)
})

test('what has no origin keeps its kind alone, and unknown pages their silence', () => {
  for (const [blockedURL, documentURL, blocked, route] of [
    ['inline', 'http://localhost:3000/', 'inline', '/'],
    ['data:text/javascript,alert(1)', 'http://localhost:3000/kkkkkkkk', 'data:', 'other'],
    ['a token 0123456789', 'nonsense', 'atoken', 'other'],
  ]) {
    const report = [{ type: 'csp-violation', body: { effectiveDirective: 'img-src', blockedURL, documentURL } }]
    assert.deepEqual(readViolations(JSON.stringify(report)), [{ directive: 'img-src', blocked, route }])
  }
})

test('anything else is no report', () => {
  for (const body of ['', '{', 'null', '[]', '{"csp-report":1}', '[{"type":1}]'])
    assert.deepEqual(readViolations(body), [])
  const flood = Array.from({ length: 100 }, () => ({ type: 'csp-violation', body: {} }))
  assert.equal(readViolations(JSON.stringify(flood)).length, 5)
})

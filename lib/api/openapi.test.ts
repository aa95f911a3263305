import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { forgetEnv, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { openApiDocument } from './openapi.ts'
import { operations } from './operations.ts'
import { scopeTexts } from './schemas.ts'

before(() => setEnv({ DATA_DIR: temporaryFolder(), PORT: '3000' }))
after(() => forgetEnv())

/** What a linter says of a document: all of its rules, warnings like errors. */
async function lint(document: unknown): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer ?? ''}: ${message.split('\n')[0]}`,
  )
}

const RULES = {
  // The document names the portal that serves it, and on a laptop that is localhost.
  'no-server-example.com': 'off',
  'operation-description': 'error',
  'operation-operationId-unique': 'error',
  'no-schema-type-mismatch': 'error',
  'no-required-schema-properties-undefined': 'error',
  'response-contains-header': 'off',
} as const

test('a public linter has nothing to say about the document', async () => {
  assert.deepEqual(await lint(openApiDocument()), [])
})

test('the linter would notice', async () => {
  const document = openApiDocument() as { paths: Record<string, Record<string, { responses?: unknown }>> }
  delete document.paths['/api/v1/profiles']?.get?.responses
  assert.notDeepEqual(await lint(document), [])
})

/** What the routes on disk take: `POST /api/v1/requests`. */
function takenOnDisk(): string[] {
  const files = readdirSync('app/api/v1', { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('app/api/v1', file.replaceAll(path.sep, '/')))
    .filter((file) => file.endsWith('/route.ts') && !file.includes('[...'))
  return files.flatMap((file) => {
    const address = file
      .replace(/^app/, '')
      .replace(/\/route\.ts$/, '')
      .replace(/\[(\w+)\]/g, '{$1}')
    const [, taken = ''] = /routes\(\{([^}]*)\}\)/.exec(readFileSync(file, 'utf8')) ?? []
    return [...taken.matchAll(/(\w+):/g)].map(([, method]) => `${method} ${address}`)
  })
}

test('every call of the document has its route, and every route its call', () => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, unknown>> }
  const documented = Object.entries(paths).flatMap(([address, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${address}`),
  )
  assert.deepEqual(takenOnDisk().sort(), documented.sort())
  assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length)
})

test('every scope is explained, and every call names one', () => {
  for (const { id, scopes } of operations) {
    assert.ok(scopes.length > 0, id)
    for (const scope of scopes) assert.ok(scopeTexts[scope], scope)
  }
})

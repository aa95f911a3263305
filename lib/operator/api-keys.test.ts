import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEachEngine } from '#lib/testing/engines.ts'
import { callApi } from '#lib/testing/machine.ts'
import { runCommand } from './commands.ts'

async function portal(...argv: string[]): Promise<Record<string, unknown>> {
  const { exitCode, output } = await runCommand({ argv, folder: '/', input: null })
  assert.equal(exitCode, 0, JSON.stringify(output))
  return output
}

onEachEngine(() => {
  test('an operator makes a key, replaces it and ends it', async () => {
    const made = await portal(
      'api-key',
      'create',
      '--scopes',
      'connections:read,requests:write',
      '--expires-in-days',
      '30',
    )
    assert.deepEqual(Object.keys(made), ['id', 'key'])
    const id = String(made.id)
    const status = async (key: unknown) => (await callApi('GET', '/api/v1/connections', { key: String(key) })).status
    assert.equal(await status(made.key), 200)
    const { integrations } = (await portal('api-key', 'list')) as { integrations: { id: string; scopes: string[] }[] }
    assert.deepEqual(integrations.find((one) => one.id === id)?.scopes, ['requests:write', 'connections:read'])
    assert.ok(!JSON.stringify(integrations).includes(String(made.key)))
    const rotated = await portal('api-key', 'rotate', id)
    assert.deepEqual([await status(made.key), await status(rotated.key)], [200, 200])
    assert.deepEqual(await portal('api-key', 'end-earlier', id), { id, ended: true })
    assert.deepEqual([await status(made.key), await status(rotated.key)], [401, 200])
    await portal('api-key', 'revoke', id)
    assert.equal(await status(rotated.key), 401)
    assert.equal((await runCommand({ argv: ['api-key', 'revoke', id], folder: '/', input: null })).exitCode, 1)
  })

  test('a command that is not understood says what is wrong, and makes nothing', async () => {
    for (const [words, said] of [
      [[], /--scopes is missing/],
      [['--scopes', 'everything'], /a scope is one of requests:write/],
      [['--scopes', ','], /at least one/],
      [['--scopes', 'events:read', '--expires-in-days', '0'], /at least a day/],
      [['--scopes', 'events:read', '--expires-in-days', '731'], /at most 730/],
      [['--scopes', 'events:read', '--profiles', 'no-such'], /there is no profile "no-such"/],
      [['--scopes', 'events:read', '--addresses', '10.0.0.0/99'], /not an address or a range/],
      [['--scopes', 'events:read', '--connections', 'KTR-482'], /not the id of a connection/],
      [['--scopes', 'events:read', '--public-key', '{"kty":"EC","d":"x"}'], /private half/],
    ] as const) {
      const { exitCode, output } = await runCommand({ argv: ['api-key', 'create', ...words], folder: '/', input: null })
      assert.equal(exitCode, 2, words.join(' '))
      assert.match(JSON.stringify(output).replaceAll('\\"', '"'), said)
    }
  })
})

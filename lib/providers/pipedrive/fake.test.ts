import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HttpOutcome } from '../../http.ts'
import { Secret } from '../../secret.ts'
import type { Capability, Needs } from '../provider.ts'
import { providers } from '../registry.ts'
import { CHECK_COST_MAX } from './capabilities.ts'
import { withBreakers } from './client.ts'
import { type FakePipedrive, fakeToken, fakeTokens, startFakePipedrive } from './fake.ts'

/** Short, so that the answers that never come do not hold up the suite; `slow` needs 3 s of its own. */
const TIMEOUT_MS = 700
const SLOW_TIMEOUT_MS = 5_000

let fake: FakePipedrive
before(async () => {
  fake = await startFakePipedrive({ companies: ['initech'] })
})
after(() => fake.close())

const reads: Capability[] = ['read_deals', 'read_persons', 'read_organizations', 'read_activities']
const writes: Capability[] = [
  'add_deals',
  'edit_deals',
  'add_persons',
  'edit_persons',
  'add_organizations',
  'edit_organizations',
  'add_activities',
  'edit_activities',
]
const needs: Record<'read-only-sync' | 'two-way-crm' | 'full-setup', Needs> = {
  'read-only-sync': {
    capabilities: [...reads, 'create_webhooks'],
    accountAdmin: false,
    startDate: '2024-05-01T00:00:00Z',
  },
  'two-way-crm': { capabilities: [...reads, ...writes], accountAdmin: false, startDate: null },
  'full-setup': {
    capabilities: [...reads, ...writes, 'manage_custom_fields', 'manage_account_settings'],
    accountAdmin: true,
    startDate: null,
  },
}
const profiles = ['read-only-sync', 'two-way-crm', 'full-setup'] as const

function check(
  token: string,
  {
    profile = 'read-only-sync',
    companyDomain = 'acme',
    timeoutMs = TIMEOUT_MS,
    depth = 'full' as 'full' | 'identity',
  }: {
    profile?: (typeof profiles)[number]
    companyDomain?: string
    timeoutMs?: number
    depth?: 'full' | 'identity'
  } = {},
) {
  return providers.pipedrive.verify({
    apiToken: new Secret(token),
    companyDomain,
    needs: needs[profile],
    depth,
    fakeBaseUrl: fake.url,
    timeoutMs,
  })
}

for (const { name, token, story, expected } of fakeTokens) {
  test(`${name}: ${story}`, async () => {
    for (const profile of name === 'slow' || name === 'hang' ? profiles.slice(0, 1) : profiles) {
      fake.reset()
      const startedAt = performance.now()
      const verdict = await check(token, { profile, timeoutMs: name === 'slow' ? SLOW_TIMEOUT_MS : TIMEOUT_MS })
      assert.equal(verdict.code, expected[profile], profile)
      assert.ok(performance.now() - startedAt < SLOW_TIMEOUT_MS)
      assert.deepEqual([fake.stats.writes, fake.stats.tokensOutsideHeader], [0, 0])
    }
  })
}

test('an unknown token is refused on whatever company', async () => {
  fake.reset()
  assert.equal((await check('f'.repeat(40), { companyDomain: 'no-such-company' })).code, 'TOKEN_REJECTED')
})

test('other companies can be added', async () => {
  assert.equal((await check(fakeToken('admin@initech'), { companyDomain: 'initech' })).code, 'OK')
})

test('identity alone is one call', async () => {
  fake.reset()
  assert.equal((await check(fakeToken('admin'), { depth: 'identity' })).code, 'OK')
  assert.deepEqual(
    fake.calls.map(({ path }) => path),
    ['/v1/users/me'],
  )
})

test('by the count of the other side a full check costs at most 60, and who it is alone costs 2', async () => {
  for (const profile of profiles) {
    fake.reset()
    await check(fakeToken('admin'), { profile })
    assert.equal(fake.stats.cost, 52)
    assert.ok(fake.stats.cost <= CHECK_COST_MAX)
    await check(fakeToken('admin'), { profile, depth: 'identity' })
    assert.equal(fake.stats.cost, 54)
  }
})

test('what changed since the start date is seen, and what is older is not', async () => {
  fake.reset()
  const seen = async (profile: (typeof profiles)[number]) => {
    const { report } = await check(fakeToken('admin'), { profile })
    return Object.fromEntries(
      report.flatMap(({ capability, evidence }) => (/^read_/.test(evidence) ? [[capability, evidence]] : [])),
    )
  }
  assert.deepEqual(await seen('read-only-sync'), {
    read_deals: 'read_more',
    read_persons: 'read_some',
    read_organizations: 'read_none',
    read_activities: 'read_some',
  })
  assert.equal((await seen('two-way-crm')).read_organizations, 'read_more')
})

test('the fake sees a write, and a token wherever it should not be', async () => {
  const token = fakeToken('admin')
  const wrong: [string, RequestInit][] = [
    ['/acme/api/v2/deals', { method: 'POST', headers: { 'x-api-token': token } }],
    [`/v1/users/me?api_token=${token}`, {}],
    [`/v1/users/me?token=${token}`, {}],
    [`/${token}/api/v2/deals`, {}],
    ['/v1/users/me', { headers: { authorization: `Bearer ${token}` } }],
    ['/v1/users/me', { headers: { cookie: `token=${token}` } }],
  ]
  for (const [path, init] of wrong) {
    fake.reset()
    await fetch(fake.url + path, init)
    assert.equal(fake.stats.writes + fake.stats.tokensOutsideHeader, 1, path)
  }
})

test('answers that mend themselves are followed by the truth', async () => {
  fake.reset()
  const codes: string[] = []
  for (let round = 0; round < 3; round++) codes.push((await check(fakeToken('burst-then-ok'))).code)
  assert.deepEqual(codes, ['RATE_LIMITED', 'RATE_LIMITED', 'OK'])
})

test('Retry-After reaches the verdict', async () => {
  fake.reset()
  assert.equal((await check(fakeToken('burst-then-ok'))).retryAfterSeconds, 2)
  assert.equal((await check(fakeToken('maintenance-html'))).retryAfterSeconds, 3600)
})

test('one dropped connection is asked again at once, a second one is not', async () => {
  fake.reset()
  fake.setBehaviour('admin', { identity: 'reset', times: 1 })
  assert.equal((await check(fakeToken('admin'))).code, 'OK')
  fake.setBehaviour('admin', { identity: 'reset' })
  assert.equal((await check(fakeToken('admin'))).code, 'PIPEDRIVE_DOWN')
})

test('another process can drive it', async () => {
  fake.reset()
  const command = async (name: string, body: object = {}) =>
    (await fetch(`${fake.url}/__control/${name}`, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<
      Record<string, unknown>
    >

  const { token } = await command('regenerate', { name: 'admin' })
  assert.equal((await check(fakeToken('admin'))).code, 'TOKEN_REJECTED')
  assert.equal((await check(String(token))).code, 'OK')

  await command('behaviour', { name: 'regular', behaviour: { reads: '503_json' } })
  assert.equal((await check(fakeToken('regular'))).code, 'PIPEDRIVE_MAINTENANCE')
  await command('down', { answer: '500' })
  assert.equal((await check(fakeToken('readonly'))).code, 'PIPEDRIVE_DOWN')
  await command('reset')
  assert.equal((await check(fakeToken('admin'))).code, 'OK')

  await fetch(`${fake.url}/acme/api/v1/webhooks?api_token=${fakeToken('admin')}`, { method: 'POST' })
  const stats = await command('stats')
  assert.deepEqual([stats.writes, stats.tokensOutsideHeader], [1, 1])
})

test('the breaker opens after five calls without an answer in half a minute, and lets one through after a quarter', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const pass = (seconds: number) => {
    now += seconds * 1_000
    t.mock.timers.tick(seconds * 1_000)
  }
  let made = 0
  let answer: HttpOutcome = { kind: 'timeout', status: null }
  const ask = withBreakers(async () => {
    made++
    return answer
  })
  const call = (host = 'one') =>
    ask({ url: `https://${host}`, host, headers: {}, timeoutMs: 1_000, bytesMax: 1 }).then(({ kind }) => kind)
  const calls = async (count: number) => {
    for (let left = count; left > 0; left--) await call()
  }

  await calls(4)
  pass(31)
  await calls(4)
  assert.deepEqual([await call('two'), made], ['timeout', 9], 'five in more than half a minute')
  assert.equal(await call(), 'timeout')
  assert.deepEqual([await call(), made], ['breaker_open', 10])
  assert.deepEqual([await call('two'), made], ['timeout', 11], 'another host')
  pass(14)
  assert.equal(await call(), 'breaker_open')
  pass(1)
  assert.deepEqual([await call(), await call(), made], ['timeout', 'breaker_open', 12])
  pass(15)
  answer = { kind: 'answer', status: 500, headers: {}, body: { type: 'html' } }
  assert.deepEqual([await call(), await call(), made], ['answer', 'answer', 14])
})

test('a host that gives no answers rests for a while, and others go on', async (t) => {
  const other = await startFakePipedrive()
  t.after(() => other.close())
  const ask = (token: string, companyDomain = 'acme') =>
    providers.pipedrive.verify({
      apiToken: new Secret(token),
      companyDomain,
      needs: needs['read-only-sync'],
      depth: 'identity',
      fakeBaseUrl: other.url,
      timeoutMs: 60,
    })
  for (let round = 0; round < 5; round++) assert.equal((await ask(fakeToken('hang'))).code, 'PIPEDRIVE_DOWN')
  const before = other.stats.calls
  assert.equal((await ask(fakeToken('admin'))).code, 'PIPEDRIVE_DOWN')
  assert.equal(other.stats.calls, before)
  fake.reset()
  assert.equal((await check(fakeToken('admin'))).code, 'OK')
})

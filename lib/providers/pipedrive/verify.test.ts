import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AnswerBody } from '../../http.ts'
import { Secret } from '../../secret.ts'
import type { Capability, Needs, VerifyInput } from '../provider.ts'
import { verdicts } from '../verdicts.ts'
import { CHECK_COST_MAX, callCosts, costOf, reportOf } from './capabilities.ts'
import type { Ask, CallOutcome } from './client.ts'
import { example } from './fake.ts'
import { judgeIdentity, judgePermissions, judgeRead, verify } from './verify.ts'

const RUNS = { numRuns: 10_000 }

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
const needsOf = (capabilities: Capability[], accountAdmin = false): Needs => ({
  capabilities,
  accountAdmin,
  startDate: null,
})
const readOnly = needsOf([...reads, 'create_webhooks'])
const twoWay = needsOf([...reads, ...writes])
const fullSetup = needsOf(
  [...reads, 'create_webhooks', ...writes, 'manage_custom_fields', 'manage_account_settings'],
  true,
)

const inputOf = (over: Partial<VerifyInput> = {}): VerifyInput => ({
  apiToken: new Secret('659c9fddb16335e48cc67114694b52074e812e03'),
  companyDomain: 'acme',
  needs: readOnly,
  depth: 'full',
  fakeBaseUrl: null,
  timeoutMs: 1_000,
  ...over,
})

const json = (status: number, value: unknown, headers: Record<string, string> = {}): CallOutcome => ({
  kind: 'answer',
  status,
  headers,
  body: { type: 'json', value },
})

function outcomeOf(name: string): CallOutcome {
  const { status, headers, body, bodyText } = example(name).response
  const answerBody: AnswerBody = bodyText === undefined ? { type: 'json', value: body } : { type: 'html' }
  return { kind: 'answer', status, headers, body: answerBody }
}

const list = json(200, { success: true, data: [{ id: 1 }] })

/** Answers each call from a table, so that a test says only what differs. */
function answering(
  table: { identity?: CallOutcome; permissions?: CallOutcome; read?: CallOutcome; deals?: CallOutcome },
  seen: string[] = [],
): Ask {
  return async ({ url }) => {
    seen.push(url)
    if (url.endsWith('/users/me')) return table.identity ?? outcomeOf('users-me.200.admin')
    if (url.endsWith('/permissions')) return table.permissions ?? outcomeOf('permissions.200.admin')
    if (url.includes('/v2/deals')) return table.deals ?? table.read ?? list
    return table.read ?? list
  }
}

/** What each published or constructed answer leads to: when it is the identity's, the permissions', a list's. */
const examples: Record<string, [identity: string, permissions: string, read: string]> = {
  '200.html-login-page': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  '200.success-false': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  '403.account-limit': ['API_OFF_FOR_USER', 'OK', 'FEATURE_OFF'],
  '403.api-access-disabled': ['API_OFF_FOR_USER', 'OK', 'LIMITED_ACCESS'],
  '403.change-owner': ['API_OFF_FOR_USER', 'OK', 'LIMITED_ACCESS'],
  '403.cloudflare-html': ['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'],
  '403.no-permission.spec': ['API_OFF_FOR_USER', 'OK', 'LIMITED_ACCESS'],
  '403.plan-without-api': ['API_OFF_FOR_USER', 'OK', 'FEATURE_OFF'],
  '403.scope-and-url-mismatch': ['API_OFF_FOR_USER', 'OK', 'LIMITED_ACCESS'],
  '429.burst': ['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'],
  '429.daily-budget': ['DAILY_LIMIT', 'DAILY_LIMIT', 'DAILY_LIMIT'],
  '500': ['PIPEDRIVE_DOWN', 'PIPEDRIVE_DOWN', 'PIPEDRIVE_DOWN'],
  '503.api-json': ['PIPEDRIVE_MAINTENANCE', 'PIPEDRIVE_MAINTENANCE', 'PIPEDRIVE_MAINTENANCE'],
  '503.maintenance-html': ['PIPEDRIVE_MAINTENANCE', 'PIPEDRIVE_MAINTENANCE', 'PIPEDRIVE_MAINTENANCE'],
  'oauth-bearer.401': ['TOKEN_REJECTED', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  // Not an answer to any call of ours; what it would lead to all the same.
  'oauth-token.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'permission-sets.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  'permissions.200.admin': ['UNEXPECTED_ANSWER', 'OK', 'UNEXPECTED_ANSWER'],
  'permissions.200.readonly': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'permissions.200.regular': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'permissions.200.spec': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'permissions.200.third-party-sample': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'permissions.200.with-false-values': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'role-settings.200.spec': ['UNEXPECTED_ANSWER', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'unknown-company.401.observed-with-invalid-token': ['TOKEN_REJECTED', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'unknown-company.404.html': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'unknown-company.404.json': ['UNEXPECTED_ANSWER', 'OK', 'UNEXPECTED_ANSWER'],
  'user.404.spec': ['UNEXPECTED_ANSWER', 'OK', 'UNEXPECTED_ANSWER'],
  'users-me.200.admin': ['OK', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.deactivated-flag': ['USER_INACTIVE', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.deal-admin-without-account-settings': ['OK', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.readonly-service-user': ['OK', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.regular': ['OK', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.spec': ['COMPANY_MISMATCH', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.200.token-of-another-company': ['COMPANY_MISMATCH', 'LIMITED_ACCESS', 'UNEXPECTED_ANSWER'],
  'users-me.401.observed': ['TOKEN_REJECTED', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'users-me.401.spec': ['TOKEN_REJECTED', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'users-me.402.company-not-open': ['ACCOUNT_NOT_OPEN', 'ACCOUNT_NOT_OPEN', 'ACCOUNT_NOT_OPEN'],
  'v2-deals.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  'v2-pipelines.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  'v2-stages.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  // What Pipedrive sends to us: a receiver's empty answer.
  'webhook-delivery.v1': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'webhook-delivery.v2': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'webhooks.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  'webhooks.201.created.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'webhooks.400.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'webhooks.422.limit': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER'],
  'webhooks.delete.200.spec': ['UNEXPECTED_ANSWER', 'UNEXPECTED_ANSWER', 'OK'],
  'webhooks.delete.403.spec': ['API_OFF_FOR_USER', 'OK', 'LIMITED_ACCESS'],
  'webhooks.delete.404.spec': ['UNEXPECTED_ANSWER', 'OK', 'UNEXPECTED_ANSWER'],
}

test('the table knows every example', () => {
  const files = readdirSync(new URL('./examples/', import.meta.url)).map((file) => file.replace(/\.json$/, ''))
  assert.deepEqual(files.sort(), Object.keys(examples).sort())
})

for (const [name, [identity, permissions, read]] of Object.entries(examples)) {
  test(`${name} ends as ${identity} on identity, ${permissions} on permissions, ${read} on a list`, async () => {
    const outcome = outcomeOf(name)
    const regular = outcomeOf('users-me.200.regular')
    const onIdentity = await verify(inputOf({ depth: 'identity' }), answering({ identity: outcome }))
    const needsList = needsOf([...reads, 'add_deals', 'add_persons'])
    const onPermissions = await verify(
      inputOf({ needs: needsList }),
      answering({ identity: regular, permissions: outcome }),
    )
    const onRead = await verify(inputOf({ needs: needsOf(['read_deals']) }), answering({ read: outcome }))
    const plain = name === 'permissions.200.regular' ? 'OK' : permissions
    assert.deepEqual([onIdentity.code, onPermissions.code, onRead.code], [identity, plain, read])
  })
}

for (const [kind, code] of [
  ['timeout', 'PIPEDRIVE_DOWN'],
  ['breaker_open', 'PIPEDRIVE_DOWN'],
  ['cut', 'PIPEDRIVE_DOWN'],
  ['network', 'CANNOT_REACH'],
  ['refused_address', 'CANNOT_REACH'],
  ['redirect', 'UNEXPECTED_ANSWER'],
  ['too_large', 'UNEXPECTED_ANSWER'],
] as const) {
  test(`${kind} ends as ${code}, on identity and on a list`, async () => {
    const outcome = { kind, status: null, reason: 'ENOTFOUND' } as unknown as CallOutcome
    assert.equal((await verify(inputOf(), answering({ identity: outcome }))).code, code)
    const partial = await verify(inputOf(), answering({ read: outcome }))
    assert.equal(partial.code, code)
    assert.equal(partial.owner?.userName, 'Ada Admin')
  })
}

test('the waiting time comes from Retry-After in seconds or as a date, else from the reset of the short window', async () => {
  const limited = async (headers: Record<string, string>) =>
    (await verify(inputOf(), answering({ identity: json(429, {}, headers) }))).retryAfterSeconds
  assert.equal(await limited({ 'retry-after': '17' }), 17)
  const seconds = await limited({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() })
  assert.ok(seconds !== null && seconds >= 58 && seconds <= 60)
  assert.equal(await limited({ 'x-ratelimit-reset': '2' }), 2)
  assert.equal(await limited({ 'retry-after': '999999999' }), 172_800)
  assert.equal(await limited({ 'retry-after': 'soon' }), null)
  assert.equal(await limited({ 'x-daily-ratelimit-token-remaining': '0', 'x-ratelimit-reset': '2' }), null)
})

test('a company that differs only in case is the same one', async () => {
  const me = example('users-me.200.admin').response.body as { data: object }
  const identity = json(200, { ...me, data: { ...me.data, company_domain: 'ACME' } })
  assert.equal((await verify(inputOf(), answering({ identity }))).owner?.companyDomain, 'acme')
})

test('another company ends the check: no call follows, and the owner is named', async () => {
  const seen: string[] = []
  const verdict = await verify(
    inputOf(),
    answering({ identity: outcomeOf('users-me.200.token-of-another-company') }, seen),
  )
  assert.deepEqual([verdict.code, verdict.owner?.companyDomain, seen.length], ['COMPANY_MISMATCH', 'globex', 1])
})

for (const domain of [
  undefined,
  null,
  7,
  '',
  'evil.com',
  'acme/../x',
  'api',
  'a'.repeat(64),
  '__proto__',
  'acme\u202e',
]) {
  test(`an answered company domain ${JSON.stringify(domain)} is never asked`, async () => {
    const seen: string[] = []
    const identity = json(200, { success: true, data: { id: 1, company_id: 2, company_domain: domain } })
    assert.equal((await verify(inputOf(), answering({ identity }, seen))).code, 'UNEXPECTED_ANSWER')
    assert.deepEqual(seen, ['https://api.pipedrive.com/v1/users/me'])
  })
}

test('a missing admin flag is NOT_ADMIN with a full report; unknown access is not', async () => {
  const verdict = await verify(
    inputOf({ needs: fullSetup }),
    answering({ identity: outcomeOf('users-me.200.deal-admin-without-account-settings') }),
  )
  assert.equal(verdict.code, 'NOT_ADMIN')
  assert.equal(verdict.report.length, fullSetup.capabilities.length)
  const identity = json(200, { success: true, data: { id: 1, company_id: 2, company_domain: 'acme' } })
  assert.equal((await verify(inputOf({ needs: fullSetup }), answering({ identity }))).code, 'UNEXPECTED_ANSWER')
})

test('no seat for deals and a refused list of deals is NO_DEALS_ACCESS; with a seat it is a limit', async () => {
  const me = example('users-me.200.admin').response.body as { data: object }
  const identity = json(200, { ...me, data: { ...me.data, access: [{ app: 'account_settings', admin: true }] } })
  const deals = outcomeOf('403.no-permission.spec')
  assert.equal((await verify(inputOf(), answering({ identity, deals }))).code, 'NO_DEALS_ACCESS')
  assert.equal((await verify(inputOf(), answering({ deals }))).code, 'LIMITED_ACCESS')
})

test('a feature that is off is named', async () => {
  const verdict = await verify(inputOf(), answering({ deals: json(415, {}) }))
  assert.deepEqual([verdict.code, verdict.feature], ['FEATURE_OFF', 'read_deals'])
})

test('losing the permission list holds nobody up who needs no row of it', async () => {
  const permissions = outcomeOf('500')
  assert.equal((await verify(inputOf(), answering({ permissions }))).code, 'OK')
  assert.equal((await verify(inputOf({ needs: twoWay }), answering({ permissions }))).code, 'PIPEDRIVE_DOWN')
})

test('more rights than needed is a notice, and only where there are more', async () => {
  const notice = async (name: string, permissions: string, needs: Needs) =>
    (await verify(inputOf({ needs }), answering({ identity: outcomeOf(name), permissions: outcomeOf(permissions) })))
      .moreThanNeeded
  assert.equal(await notice('users-me.200.admin', 'permissions.200.admin', readOnly), true)
  assert.equal(await notice('users-me.200.regular', 'permissions.200.regular', readOnly), true)
  assert.equal(await notice('users-me.200.readonly-service-user', 'permissions.200.readonly', readOnly), false)
  assert.equal(await notice('users-me.200.regular', 'permissions.200.regular', twoWay), false)
  assert.equal(await notice('users-me.200.admin', 'permissions.200.admin', fullSetup), false)
  const onlyFields = needsOf([...reads, 'manage_custom_fields'])
  assert.equal(await notice('users-me.200.admin', 'permissions.200.admin', onlyFields), true)
})

test('what the token can do beyond need is named, and nothing that was asked for or that every user may', async () => {
  const surplus = async (name: string, permissions: string, needs: Needs) =>
    (await verify(inputOf({ needs }), answering({ identity: outcomeOf(name), permissions: outcomeOf(permissions) })))
      .surplus
  assert.deepEqual(await surplus('users-me.200.regular', 'permissions.200.regular', readOnly), [
    'add_deals',
    'add_persons',
    'add_organizations',
  ])
  assert.deepEqual(await surplus('users-me.200.admin', 'permissions.200.admin', twoWay), [
    'manage_custom_fields',
    'manage_account_settings',
  ])
  const unreadable = outcomeOf('403.no-permission.spec')
  const regular = answering({ identity: outcomeOf('users-me.200.regular'), permissions: unreadable })
  assert.deepEqual((await verify(inputOf(), regular)).surplus, [])
})

test('a company that is known keeps its connection under a new domain, and its rights are asked for there', async () => {
  const me = example('users-me.200.admin').response.body as { data: { company_id: number } }
  const identity = json(200, { ...me, data: { ...me.data, company_domain: 'acme-group' } })
  const seen: string[] = []
  const known = String(me.data.company_id)
  const verdict = await verify(inputOf({ knownCompanyId: known }), answering({ identity }, seen))
  assert.deepEqual([verdict.code, verdict.owner?.companyDomain], ['OK', 'acme-group'])
  assert.ok(seen.slice(1).every((url) => url.startsWith('https://acme-group.pipedrive.com/')))
  for (const knownCompanyId of [null, undefined, '1'])
    assert.equal((await verify(inputOf({ knownCompanyId }), answering({ identity }))).code, 'COMPANY_MISMATCH')
})

test('a feature that is off is told apart from a list that is refused', async () => {
  const evidence = async (deals: CallOutcome) =>
    (await verify(inputOf(), answering({ deals }))).report.find(({ capability }) => capability === 'read_deals')
      ?.evidence
  assert.equal(await evidence(json(415, {})), 'feature_off')
  assert.equal(await evidence(outcomeOf('403.no-permission.spec')), 'read_refused')
})

test('rows say how they are known', () => {
  const rows = (permissions: string, access: { app: string; admin: boolean }[] = []) => {
    const judged = judgePermissions(outcomeOf(permissions))
    assert.ok('list' in judged)
    const report = reportOf(fullSetup, {
      access,
      permissions: judged.list,
      reads: new Map([
        ['deals', 'none'],
        ['persons', 'some'],
      ]),
    })
    return Object.fromEntries(report.map(({ capability, result, evidence }) => [capability, `${result} ${evidence}`]))
  }
  assert.deepEqual(rows('permissions.200.regular'), {
    read_deals: 'yes read_none',
    read_persons: 'yes read_some',
    read_organizations: 'unknown not_tested',
    read_activities: 'unknown not_tested',
    create_webhooks: 'unknown not_tested',
    add_deals: 'yes permission_listed',
    edit_deals: 'no permission_own_only',
    add_persons: 'yes permission_listed',
    edit_persons: 'unknown permission_name_uncertain',
    add_organizations: 'yes permission_listed',
    edit_organizations: 'unknown permission_name_uncertain',
    add_activities: 'yes every_user_may',
    edit_activities: 'unknown permission_name_uncertain',
    manage_custom_fields: 'no permission_absent',
    manage_account_settings: 'no account_settings_missing',
  })
  const refused = rows('403.no-permission.spec', [{ app: 'sales', admin: true }])
  assert.equal(refused.edit_deals, 'yes admin_of_app')
  assert.equal(refused.edit_persons, 'unknown permissions_unreadable')
})

test('names of strangers come back short, on one line, without hidden characters', async () => {
  const name = `<script>\u202e\u0000\n${'x'.repeat(1_000_000)}`
  const value = JSON.parse(
    `{"success":true,"data":{"__proto__":{"id":9},"id":1,"company_id":2,"company_domain":"acme","access":[],"name":${JSON.stringify(name)},"company_name":{"a":1}}}`,
  )
  const { owner } = await verify(inputOf({ depth: 'identity' }), answering({ identity: json(200, value) }))
  assert.equal(owner?.userName?.length, 200)
  assert.match(owner?.userName ?? '', /^<script> ?x+$/)
  assert.equal(owner?.companyName, null)
  assert.equal(owner?.userId, '1')
})

test('a check of everything stays within the budget, and identity alone costs 2', async () => {
  for (const needs of [readOnly, twoWay, fullSetup]) {
    const seen: string[] = []
    await verify(inputOf({ needs }), answering({}, seen))
    const spent = seen.reduce((sum, url) => {
      if (url.endsWith('/users/me')) return sum + callCosts.identity
      return sum + (url.endsWith('/permissions') ? callCosts.permissions : callCosts.read)
    }, 0)
    assert.equal(spent, costOf(needs))
    assert.ok(spent <= CHECK_COST_MAX)
    assert.equal(costOf(needs, 'identity'), 2)
  }
})

test('the calls are recorded without the token, the user or the company', async () => {
  const verdict = await verify(
    inputOf({ needs: { ...readOnly, startDate: '2024-05-01T10:20:30.5+02:00' } }),
    answering({}),
  )
  assert.deepEqual(verdict.calls.map(({ call }) => call).sort(), [
    'GET /api/v1/users/{id}/permissions',
    'GET /api/v2/activities?limit=1&updated_since={startDate}',
    'GET /api/v2/deals?limit=1&updated_since={startDate}',
    'GET /api/v2/organizations?limit=1&updated_since={startDate}',
    'GET /api/v2/persons?limit=1&updated_since={startDate}',
    'GET /v1/users/me',
  ])
  assert.doesNotMatch(JSON.stringify(verdict), /659c9fdd/)
})

test('of a list we know that there is none, one at least, or more than one', async () => {
  const evidence = async (data: unknown, additional_data?: unknown) => {
    const deals = json(200, { success: true, data, additional_data })
    const { code, report } = await verify(inputOf({ needs: needsOf(['read_deals']) }), answering({ deals }))
    return [code, report[0]?.result, report[0]?.evidence]
  }
  const cursor = { next_cursor: 'eyJpZCI6MX0' }
  assert.deepEqual(await evidence([]), ['OK', 'yes', 'read_none'])
  assert.deepEqual(await evidence(null), ['OK', 'yes', 'read_none'])
  assert.deepEqual(await evidence([{}], { next_cursor: null }), ['OK', 'yes', 'read_some'])
  assert.deepEqual(await evidence([{}]), ['OK', 'yes', 'read_some'])
  assert.deepEqual(await evidence([{}], cursor), ['OK', 'yes', 'read_more'])
  // Whatever stands beside an empty list, and in whatever shape.
  assert.deepEqual(await evidence([], cursor), ['OK', 'yes', 'read_none'])
  for (const odd of [7, 'next', [], { next_cursor: 7 }, { next_cursor: '' }])
    assert.deepEqual(await evidence([{}], odd), ['OK', 'yes', 'read_some'])
})

test('the lowest count of the short window is the one that holds', async () => {
  const left = (count: string, reset = '2') => ({ 'x-ratelimit-remaining': count, 'x-ratelimit-reset': reset })
  const { identity, read } = {
    identity: json(200, example('users-me.200.admin').response.body, left('19')),
    read: json(200, { success: true, data: [] }, left('14', '1')),
  }
  const permissions = json(200, example('permissions.200.admin').response.body, left('many'))
  const verdict = await verify(inputOf(), answering({ identity, read, permissions }))
  assert.deepEqual([verdict.burst, verdict.asked], [{ left: 14, resetSeconds: 1 }, true])
})

test('an open breaker asks nobody, and says so', async () => {
  const verdict = await verify(inputOf(), answering({ identity: { kind: 'breaker_open' } }))
  assert.deepEqual([verdict.code, verdict.asked, verdict.retryAfterSeconds], ['PIPEDRIVE_DOWN', false, 15])
})

test('a start date travels in UTC and whole seconds', async () => {
  const seen: string[] = []
  await verify(inputOf({ needs: { ...readOnly, startDate: '2024-05-01T10:20:30.5+02:00' } }), answering({}, seen))
  assert.ok(seen.includes('https://acme.pipedrive.com/api/v2/deals?limit=1&updated_since=2024-05-01T08%3A20%3A30Z'))
})

test('the hard stop holds even when a call never ends', async () => {
  const startedAt = performance.now()
  const verdict = await verify(inputOf({ timeoutMs: 80 }), () => new Promise(() => {}))
  assert.equal(verdict.code, 'PIPEDRIVE_DOWN')
  assert.ok(performance.now() - startedAt < 1_000)
})

const status = fc.oneof(
  fc.constantFrom(200, 201, 204, 400, 401, 402, 403, 404, 410, 415, 422, 429, 500, 502, 503, 504),
  fc.integer({ min: 100, max: 999 }),
)
const scalar = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
  fc.constantFrom('acme', 'globex', 'evil.com', 'sales', 'account_settings', 'feature_x'),
)
const value = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      success: fc.oneof(fc.constant(true), scalar),
      data: fc.oneof(
        scalar,
        fc.array(scalar),
        fc.record(
          {
            id: fc.oneof(fc.nat(), scalar),
            company_id: fc.oneof(fc.nat(), scalar),
            company_domain: scalar,
            name: scalar,
            access: fc.oneof(scalar, fc.array(fc.oneof(scalar, fc.record({ app: scalar, admin: scalar })))),
            active_flag: scalar,
            is_deleted: scalar,
            can_add_deals: scalar,
          },
          { requiredKeys: [] },
        ),
      ),
      code: scalar,
    },
    { requiredKeys: [] },
  ),
)
const headers = fc.dictionary(
  fc.constantFrom('retry-after', 'x-ratelimit-reset', 'x-daily-ratelimit-token-remaining', 'x-correlation-id'),
  fc.oneof(fc.string(), fc.integer().map(String)),
)
const body: fc.Arbitrary<AnswerBody> = fc.oneof(
  value.map((parsed): AnswerBody => ({ type: 'json', value: parsed })),
  fc.constantFrom<AnswerBody>({ type: 'html' }, { type: 'not_json' }),
)
const outcome: fc.Arbitrary<CallOutcome> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer' as const), status, headers, body }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<CallOutcome>(
      { kind: 'timeout', status: null },
      { kind: 'breaker_open' },
      { kind: 'refused_address' },
      { kind: 'network', reason: 'ENOTFOUND' },
      { kind: 'cut', status: null },
      { kind: 'redirect', status: 302 },
      { kind: 'too_large', status: 200 },
    ),
  },
)

/** 5xx, 429, pages and everything without an answer: nothing the customer could have done. */
function isNobodysFault(answer: CallOutcome): boolean {
  if (answer.kind !== 'answer') return true
  return answer.status >= 500 || answer.status === 429 || answer.body.type === 'html'
}

test('whatever is answered, judging never throws and never blames the customer for an outage', () => {
  fc.assert(
    fc.property(outcome, (answer) => {
      for (const judge of [judgeIdentity, judgePermissions, judgeRead]) {
        const judged = judge(answer)
        if (isNobodysFault(answer)) assert.ok('code' in judged && verdicts[judged.code].severity === 'wait')
      }
    }),
    RUNS,
  )
})

/** Statuses and bodies as they come from Pipedrive, so that a whole check gets past its first call often enough. */
const plausible = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(examples)).map(outcomeOf) },
  { weight: 1, arbitrary: outcome },
)
const anyNeeds = fc.record({
  capabilities: fc.subarray([...fullSetup.capabilities]),
  accountAdmin: fc.boolean(),
  startDate: fc.constantFrom(null, '2024-05-01T00:00:00Z', '2024-05-01T10:20:30.5+02:00', 'nonsense'),
})
const anyCheck = fc.record({
  needs: anyNeeds,
  depth: fc.constantFrom('full' as const, 'identity' as const),
  companyDomain: fc.constantFrom('acme', 'ACME', 'globex', 'evil.com', '../x', 'a@b', ''),
})

test('whatever each call answers, a whole check never throws, blames nobody for an outage, and proves what it says', async () => {
  const token = '659c9fddb16335e48cc67114694b52074e812e03'
  const first = fc.oneof(
    { weight: 1, arbitrary: plausible },
    {
      weight: 2,
      arbitrary: fc.constantFrom('admin', 'regular', 'spec').map((who) => outcomeOf(`users-me.200.${who}`)),
    },
  )
  await fc.assert(
    fc.asyncProperty(
      anyCheck,
      first,
      fc.array(plausible, { minLength: 5, maxLength: 5 }),
      async (check, identity, others) => {
        const given: { url: string; answer: CallOutcome }[] = []
        const ask: Ask = async ({ url }) => {
          const answer = given.length === 0 ? identity : (others[given.length - 1] ?? { kind: 'timeout', status: null })
          given.push({ url, answer })
          return answer
        }
        const verdict = await verify(inputOf(check), ask)
        const { severity } = verdicts[verdict.code]

        for (const { url } of given)
          assert.match(url, /^https:\/\/(api|acme|globex)\.pipedrive\.com\/(v1\/users\/me$|api\/v[12]\/)/)
        assert.doesNotMatch(JSON.stringify(verdict), new RegExp(token))
        assert.equal(verdict.calls.length, given.length)

        if (isNobodysFault(identity)) assert.equal(severity, 'wait')
        // A later call that failed for nobody's fault makes it a wait, unless another one names what the customer can mend.
        const reads = given.slice(1).filter(({ url }) => !url.endsWith('/permissions'))
        if (reads.some(({ answer }) => isNobodysFault(answer)))
          assert.ok(severity === 'wait' || verdict.code === 'ACCOUNT_NOT_OPEN')
        if (verdict.code === 'OK' || verdict.code === 'LIMITED_ACCESS') {
          assert.ok(identity.kind === 'answer' && identity.status === 200)
          assert.equal(verdict.owner?.companyDomain, check.companyDomain.toLowerCase())
        }
        for (const { evidence, result } of verdict.report)
          if (/^read_(none|some|more)$/.test(evidence)) assert.equal(result, 'yes')
      },
    ),
    RUNS,
  )
})

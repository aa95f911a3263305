import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A Pipedrive on loopback for development and tests. It can give every answer on demand: each of its made-up tokens has
 * a story, and `/__control/…` lets another process change what happens next. Bodies come from `examples/`.
 */

const SLOW_MS = 3_000
const TRICKLE_BYTE_MS = 200
const OVERSIZED_BYTES = 10_000_000
const CHUNK_BYTES = 65_536
const CALLS_KEPT_MAX = 10_000
const CONTROL_BODY_BYTES_MAX = 65_536
const READ_ENTITIES = ['deals', 'persons', 'organizations', 'activities'] as const
/** When each record of a company changed last; a start date lets the older ones go. */
const RECORDS = {
  deals: ['2026-10-01T08:00:00Z', '2025-03-01T08:00:00Z', '2023-06-01T08:00:00Z'],
  persons: ['2026-10-01T08:00:00Z'],
  organizations: ['2023-02-01T08:00:00Z', '2023-01-01T08:00:00Z'],
  activities: ['2026-09-01T08:00:00Z', '2023-12-01T08:00:00Z'],
} as const
/** What Pipedrive takes from its daily budget for a call; 20 is the price of what stands in no list here. */
const COSTS: readonly [RegExp, number][] = [
  [/\/v1\/users\/me$/, 2],
  [/\/v1\/users\/\d+\/permissions$/, 10],
  [/\/v2\/(deals|persons|organizations|activities)$/, 10],
]
const COST_OF_THE_REST = 20

type Json = Record<string, unknown>
type Example = { response: { status: number; headers: Record<string, string>; body?: Json; bodyText?: string } }

export function example(name: string): Example {
  return JSON.parse(readFileSync(new URL(`./examples/${name}.json`, import.meta.url), 'utf8'))
}

/** Answers that are the same whoever asks. */
const exampleAnswers = {
  '401': 'users-me.401.observed',
  '402': 'users-me.402.company-not-open',
  '403_api_off': '403.api-access-disabled',
  '403_no_permission': '403.no-permission.spec',
  '403_cloudflare': '403.cloudflare-html',
  '403_feature': '403.account-limit',
  '404_json': 'unknown-company.404.json',
  '404_html': 'unknown-company.404.html',
  '429_burst': '429.burst',
  '429_daily': '429.daily-budget',
  '500': '500',
  '503_json': '503.api-json',
  '503_html': '503.maintenance-html',
  html_200: '200.html-login-page',
  success_false: '200.success-false',
} as const

type Answer = (response: ServerResponse, normal: () => void) => void

const specialAnswers = {
  ok: (_response, normal) => normal(),
  '410': (response) => sendJson(response, 410, { success: false, error: 'Gone', errorCode: 410 }),
  '415_feature': (response) =>
    sendJson(response, 415, { success: false, error: 'Feature is not enabled', errorCode: 415 }),
  '429_retry_after': (response) => {
    const { body } = example('429.burst').response
    sendJson(response, 429, body ?? {}, { 'retry-after': '2', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2' })
  },
  '429_retry_date': (response) => {
    const { body } = example('429.burst').response
    sendJson(response, 429, body ?? {}, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() })
  },
  '429_daily_retry_date': (response) => {
    const { body, headers } = example('429.daily-budget').response
    sendJson(response, 429, body ?? {}, { ...headers, 'retry-after': new Date(Date.now() + 30_000).toUTCString() })
  },
  '502': (response) => send(response, 502, { 'content-type': 'text/html' }, '<html><body>Bad gateway</body></html>'),
  not_json: (response) => send(response, 200, { 'content-type': 'application/json' }, '{"success":true,"data":'),
  empty: (response) => send(response, 200, { 'content-type': 'application/json' }, ''),
  wrong_types: (response) =>
    sendJson(response, 200, {
      success: true,
      data: { id: 'me', company_id: [], name: 7, access: 'all', active_flag: 'yes' },
    }),
  slow: (_response, normal) => {
    setTimeout(normal, SLOW_MS).unref()
  },
  hang: () => {},
  reset: (response) => response.socket?.resetAndDestroy(),
  cut: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5_000 })
    response.write('{"success":true,"data":{"id":71000011,', () => response.socket?.destroy())
  },
  trickle: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), TRICKLE_BYTE_MS)
    response.on('close', () => clearInterval(timer))
  },
  redirect: (response) => send(response, 302, { location: 'http://169.254.169.254/latest/meta-data/' }, ''),
  oversized: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.on('error', () => {})
    response.write('{"success":true,"data":{"name":"')
    for (let bytes = 0; bytes < OVERSIZED_BYTES; bytes += CHUNK_BYTES) response.write('a'.repeat(CHUNK_BYTES))
    response.end('"}}')
  },
} as const satisfies Record<string, Answer>

export type FakeAnswer = keyof typeof exampleAnswers | keyof typeof specialAnswers
type ReadEntity = (typeof READ_ENTITIES)[number]
type Target = 'identity' | 'permissions' | 'reads' | ReadEntity

/** What a token gets instead of the truth, by kind of call; after `times` such answers the truth again. */
export type FakeBehaviour = Partial<Record<Target, FakeAnswer>> & { times?: number }

type ProfileVerdicts = { 'read-only-sync': string; 'two-way-crm': string; 'full-setup': string }

export type FakeToken = {
  name: string
  /** 40 hexadecimal characters, made up from the name. */
  token: string
  company: string
  userName: string
  story: string
  /** How the first check ends when `acme` was typed, for each built-in profile. */
  expected: ProfileVerdicts
}

type FakeUser = FakeToken & { me: Json; permissions: Record<string, boolean>; behaviour: FakeBehaviour }

/** The token of a name in the catalogue, or of `admin@<company>` and `regular@<company>` for extra companies. */
export function fakeToken(name: string): string {
  return createHash('sha1').update(`made-up pipedrive token: ${name}`).digest('hex')
}

const NO_BEHAVIOUR: FakeBehaviour = {}

function userOf(
  name: string,
  story: string,
  expected: string | [string, string, string],
  { from = 'admin', me = {}, permissions = from, behaviour = NO_BEHAVIOUR }: UserOptions = {},
): FakeUser {
  const [readOnly, twoWay, full] = typeof expected === 'string' ? [expected, expected, expected] : expected
  const data = { ...(example(`users-me.200.${meFiles[from]}`).response.body?.data as Json), ...me }
  return {
    name,
    token: fakeToken(name),
    company: String(data.company_domain),
    userName: String(data.name),
    story,
    expected: { 'read-only-sync': readOnly, 'two-way-crm': twoWay, 'full-setup': full },
    me: data,
    permissions: typeof permissions === 'string' ? permissionsOf(permissions) : permissions,
    behaviour,
  }
}

type Role = keyof typeof meFiles
type UserOptions = { from?: Role; me?: Json; permissions?: Role | Record<string, boolean>; behaviour?: FakeBehaviour }

const meFiles = {
  admin: 'admin',
  regular: 'regular',
  readonly: 'readonly-service-user',
  dealAdmin: 'deal-admin-without-account-settings',
  globex: 'token-of-another-company',
  deactivated: 'deactivated-flag',
} as const

function permissionsOf(role: Role): Record<string, boolean> {
  const file = {
    admin: 'admin',
    regular: 'regular',
    readonly: 'readonly',
    dealAdmin: 'admin',
    globex: 'admin',
    deactivated: 'regular',
  }[role]
  return example(`permissions.200.${file}`).response.body?.data as Record<string, boolean>
}

const HOSTILE_NAME = `<script>alert(1)</script> \u202eevil\u202c ${'long '.repeat(2_000)}`

function catalogue(): FakeUser[] {
  const on = (identity: FakeAnswer, times?: number): UserOptions => ({
    behaviour: { identity, ...(times && { times }) },
  })
  return [
    userOf('admin', 'Admin of acme with account settings; may do everything.', 'OK'),
    userOf(
      'regular',
      'Regular user of acme: adds, but edits only their own deals.',
      ['OK', 'LIMITED_ACCESS', 'NOT_ADMIN'],
      { from: 'regular' },
    ),
    userOf('editor', "Regular user of acme who may edit everybody's items.", ['OK', 'OK', 'NOT_ADMIN'], {
      from: 'regular',
      me: { id: 71_000_017, name: 'Eddie Editor', email: 'eddie@acme.example' },
      permissions: {
        ...permissionsOf('regular'),
        can_edit_other_users_deals: true,
        can_edit_other_users_people: true,
        can_edit_other_users_organizations: true,
      },
    }),
    userOf('readonly', 'Service user of acme that only reads.', ['OK', 'LIMITED_ACCESS', 'NOT_ADMIN'], {
      from: 'readonly',
    }),
    userOf('deal-admin', 'Deals and global admin of acme without account settings.', ['OK', 'OK', 'NOT_ADMIN'], {
      from: 'dealAdmin',
    }),
    userOf('other-company', 'Token of globex while acme was typed.', 'COMPANY_MISMATCH', { from: 'globex' }),
    userOf('acme-uk', 'The same person in the sister company acme-uk.', 'COMPANY_MISMATCH', {
      me: { id: 71_000_031, company_id: 7_100_003, company_name: 'Acme Industries UK', company_domain: 'acme-uk' },
    }),
    userOf('deactivated', 'Identity answers, but says that the user is not active.', 'USER_INACTIVE', {
      from: 'deactivated',
    }),
    userOf('regenerated', 'A newer token exists: 401.', 'TOKEN_REJECTED', on('401')),
    userOf('not-open', 'The company account is not open: 402.', 'ACCOUNT_NOT_OPEN', on('402')),
    userOf('api-off', 'API access is switched off for the user: 403.', 'API_OFF_FOR_USER', on('403_api_off')),
    userOf('cloudflare', 'Kept calling after 429: 403 with a page.', 'RATE_LIMITED', on('403_cloudflare')),
    userOf('burst', 'Always 429 of the short window.', 'RATE_LIMITED', on('429_burst')),
    userOf('burst-then-ok', '429 with Retry-After 2 twice, then fine.', 'RATE_LIMITED', on('429_retry_after', 2)),
    userOf('daily', 'The daily budget is spent: 429.', 'DAILY_LIMIT', on('429_daily')),
    userOf('error-500', 'Always 500.', 'PIPEDRIVE_DOWN', on('500')),
    userOf('maintenance-json', '503 as JSON.', 'PIPEDRIVE_MAINTENANCE', on('503_json')),
    userOf('maintenance-html', '503 as a page, with Retry-After 3600.', 'PIPEDRIVE_MAINTENANCE', on('503_html')),
    userOf('html-200', 'A sign-in page under 200.', 'UNEXPECTED_ANSWER', on('html_200')),
    userOf('success-false', 'success:false under 200.', 'UNEXPECTED_ANSWER', on('success_false')),
    userOf('slow', 'Identity takes 3 seconds, then all is fine.', 'OK', on('slow')),
    userOf('hang', 'Never answers.', 'PIPEDRIVE_DOWN', on('hang')),
    userOf('trickle', 'Answers one byte at a time, for ever.', 'PIPEDRIVE_DOWN', on('trickle')),
    userOf('cut', 'The connection ends in the middle of the body.', 'PIPEDRIVE_DOWN', on('cut')),
    userOf('redirect', 'Redirects to 169.254.169.254.', 'UNEXPECTED_ANSWER', on('redirect')),
    userOf('oversized', 'An answer of 10 MB.', 'UNEXPECTED_ANSWER', on('oversized')),
    userOf('wrong-types', 'Every field has another type.', 'UNEXPECTED_ANSWER', on('wrong_types')),
    userOf('hostile-names', 'Names with markup, turned text, 10 kB and __proto__.', 'OK', {
      me: { id: 71_000_018, name: HOSTILE_NAME, company_name: HOSTILE_NAME, email: '"><img src=x>@acme.example' },
    }),
    userOf('permissions-refused', 'May not read their own permissions: 403.', ['OK', 'OK', 'NOT_ADMIN'], {
      from: 'regular',
      me: { id: 71_000_019, name: 'Pat Private', email: 'pat@acme.example' },
      behaviour: { permissions: '403_no_permission' },
    }),
    userOf('no-deals', 'Account settings but no seat for deals.', 'NO_DEALS_ACCESS', {
      me: {
        id: 71_000_020,
        name: 'Nora Nodeals',
        email: 'nora@acme.example',
        access: [
          { app: 'global', admin: false, permission_set_id: 'ec8a42e5-1842-490d-9113-b3a3b4b1c0a9' },
          { app: 'account_settings', admin: true, permission_set_id: '982c5ce5-b8ba-4b47-b102-9da024f4b990' },
        ],
      },
      permissions: 'readonly',
      behaviour: { deals: '403_no_permission' },
    }),
    userOf('no-persons', 'Reading persons is refused.', ['LIMITED_ACCESS', 'LIMITED_ACCESS', 'NOT_ADMIN'], {
      from: 'regular',
      me: { id: 71_000_022, name: 'Lim Limited', email: 'lim@acme.example' },
      behaviour: { persons: '403_no_permission' },
    }),
    userOf('feature-off', 'Activities are not switched on for the company: 415.', 'FEATURE_OFF', {
      behaviour: { activities: '415_feature' },
    }),
    userOf('partial', 'Identity works, then every list answers 429.', 'RATE_LIMITED', {
      behaviour: { reads: '429_burst' },
    }),
    userOf('down-then-up', '500 twice, then fine.', 'PIPEDRIVE_DOWN', on('500', 2)),
  ]
}

/** The made-up tokens and what each of them gives. */
export const fakeTokens: readonly FakeToken[] = catalogue().map(
  ({ name, token, company, userName, story, expected }) => ({
    name,
    token,
    company,
    userName: userName.slice(0, 40),
    story,
    expected,
  }),
)

export type FakeCall = { method: string; path: string; token: string | null; at: string }
export type FakePipedrive = Awaited<ReturnType<typeof startFakePipedrive>>

export async function startFakePipedrive({
  port = 0,
  companies = [],
  latencyMs = 0,
}: {
  port?: number
  companies?: readonly string[]
  /** Before each answer, as the way to the real one takes. */
  latencyMs?: number
} = {}) {
  const calls: FakeCall[] = []
  const stats = { ...noStats }
  const users = new Map<string, FakeUser>()
  const served = new Map<FakeUser, number>()
  let down: FakeAnswer | null = null

  function reset() {
    users.clear()
    served.clear()
    down = null
    calls.length = 0
    Object.assign(stats, noStats)
    for (const user of [...catalogue(), ...companies.flatMap(usersOfCompany)]) users.set(user.token, user)
  }
  reset()

  /** `who` is a token or a name of the catalogue. */
  function find(who: string): FakeUser {
    const user = users.get(who) ?? [...users.values()].find(({ name }) => name === who)
    if (user === undefined) throw new Error(`no fake token ${who.slice(0, 8)}…`)
    return user
  }

  function setBehaviour(who: string, behaviour: FakeBehaviour): void {
    const user = find(who)
    user.behaviour = behaviour
    served.delete(user)
  }

  /** What "Regenerate token" does: the user goes on with a new token, and the old one is refused at once. */
  function regenerate(who: string): string {
    const user = find(who)
    users.delete(user.token)
    user.token = fakeToken(`${user.token} regenerated`)
    users.set(user.token, user)
    return user.token
  }

  /** What an admin does under Company settings > Company domain: every user is found under the new one from now on. */
  function renameCompany(from: string, to: string): void {
    for (const user of users.values()) {
      if (user.company !== from) continue
      user.company = to
      user.me = { ...user.me, company_domain: to }
    }
  }

  function setDown(answer: FakeAnswer | null): void {
    down = answer
  }

  /** Changes what Pipedrive says of a user, as when an admin takes rights away or renames the company. */
  function changeUser(who: string, me: Json): void {
    Object.assign(find(who).me, me)
  }

  function takeAnswer(user: FakeUser, targets: readonly Target[]): FakeAnswer {
    if (down !== null) return down
    const wanted = targets.map((target) => user.behaviour[target]).find((answer) => answer !== undefined)
    const count = served.get(user) ?? 0
    if (wanted === undefined || count >= (user.behaviour.times ?? Number.POSITIVE_INFINITY)) return 'ok'
    served.set(user, count + 1)
    return wanted
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake.invalid')
    if (url.pathname.startsWith('/__control/')) {
      control(url.pathname.slice('/__control/'.length), request, response)
      return
    }
    const header = request.headers['x-api-token']
    const token = typeof header === 'string' ? header : ''
    const user = users.get(token)
    note(request, url, user)
    if (request.method !== 'GET') {
      stats.writes++
      sendJson(response, 405, { success: false, error: 'Method not allowed', errorCode: 405 })
      return
    }
    if (down !== null && user === undefined) {
      give(response, down, () => give(response, '401', () => {}))
      return
    }
    if (user === undefined) give(response, '401', () => {})
    else route(user, url, response)
  }

  function note(request: IncomingMessage, url: URL, user: FakeUser | undefined): void {
    stats.calls++
    stats.cost += COSTS.find(([pattern]) => pattern.test(url.pathname))?.[1] ?? COST_OF_THE_REST
    const isOutside = url.searchParams.has('api_token') || looksLikeToken(url.href)
    const { 'x-api-token': _token, ...others } = request.headers
    if (isOutside || request.headers.authorization !== undefined || looksLikeToken(JSON.stringify(others)))
      stats.tokensOutsideHeader++
    if (calls.length >= CALLS_KEPT_MAX) calls.shift()
    const path = isOutside ? url.pathname : url.pathname + url.search
    calls.push({ method: request.method ?? '', path, token: user?.name ?? null, at: new Date().toISOString() })
  }

  function route(user: FakeUser, url: URL, response: ServerResponse): void {
    const path = /^(?:\/([a-z0-9-]+)\/api|\/api)?\/(v1|v2)\/(.+)$/.exec(url.pathname)
    const [, company, version, rest = ''] = path ?? []
    const isOwnCompany = company === undefined || company === user.company
    if (version === 'v1' && rest === 'users/me') {
      give(response, takeAnswer(user, ['identity']), () => sendOwner(response, user))
      return
    }
    if (!isOwnCompany) {
      give(response, '401', () => {})
      return
    }
    if (version === 'v1' && /^users\/\d+\/permissions$/.test(rest)) {
      const isOwn = rest === `users/${user.me.id}/permissions`
      const answer = isOwn ? takeAnswer(user, ['permissions']) : '403_no_permission'
      give(response, answer, () => sendJson(response, 200, { success: true, data: user.permissions }, usualHeaders))
      return
    }
    const entity = READ_ENTITIES.find((known) => rest === known)
    if (version === 'v2' && entity !== undefined) {
      give(response, takeAnswer(user, [entity, 'reads']), () =>
        sendJson(response, 200, listOf(entity, url), usualHeaders),
      )
      return
    }
    sendJson(response, 404, { success: false, error: 'Not found', errorCode: 404 })
  }

  function control(command: string, request: IncomingMessage, response: ServerResponse): void {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
      if (text.length > CONTROL_BODY_BYTES_MAX) request.destroy()
    })
    request.on('end', () => {
      try {
        const answer = obey(command, text === '' ? {} : JSON.parse(text))
        sendJson(response, answer === null ? 404 : 200, answer ?? { error: 'no such command' })
      } catch (error) {
        sendJson(response, 400, { error: error instanceof Error ? error.message : 'unreadable' })
      }
    })
  }

  function obey(command: string, body: Json): Json | null {
    const who = String(body.token ?? body.name ?? '')
    switch (command) {
      case 'behaviour':
        setBehaviour(who, (body.behaviour ?? {}) as FakeBehaviour)
        return { ok: true }
      case 'regenerate':
        return { token: regenerate(who) }
      case 'user':
        changeUser(who, (body.me ?? {}) as Json)
        return { ok: true }
      case 'rename':
        renameCompany(String(body.from), String(body.to))
        return { ok: true }
      case 'down':
        setDown((body.answer ?? null) as FakeAnswer | null)
        return { ok: true }
      case 'reset':
        reset()
        return { ok: true }
      case 'leave':
        // For good: who is not there cannot be told to come back.
        setTimeout(() => void close(), 50)
        return { ok: true }
      case 'stats':
        return { ...stats }
      case 'calls':
        return { calls }
      case 'tokens':
        return {
          tokens: [...users.values()].map(({ name, token, company, story, expected }) => ({
            name,
            token,
            company,
            story,
            expected,
          })),
        }
      default:
        return null
    }
  }

  const server = createServer((request, response) => {
    if (latencyMs > 0) setTimeout(handle, latencyMs, request, response)
    else handle(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function close(): Promise<void> {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }

  return { url, calls, stats, setBehaviour, setDown, regenerate, changeUser, renameCompany, reset, close }
}

function usersOfCompany(company: string, index: number): FakeUser[] {
  const companyId = 7_200_000 + index
  const common = { company_id: companyId, company_name: `${company} Ltd`, company_domain: company }
  return [
    userOf(`admin@${company}`, `Admin of ${company}.`, 'OK', { me: { ...common, id: companyId * 10 + 1 } }),
    userOf(`regular@${company}`, `Regular user of ${company}.`, ['OK', 'LIMITED_ACCESS', 'NOT_ADMIN'], {
      from: 'regular',
      me: { ...common, id: companyId * 10 + 2 },
    }),
  ]
}

const usualHeaders = example('permissions.200.admin').response.headers

function sendOwner(response: ServerResponse, { me, name }: FakeUser): void {
  const body = JSON.stringify({ success: true, data: me })
  // An own key `__proto__`, as only a text can carry it.
  const text = name === 'hostile-names' ? body.replace('"data":{', '"data":{"__proto__":{"admin":true},') : body
  send(response, 200, usualHeaders, text)
}

/** What a session of calls amounted to. `tokensOutsideHeader`: in an address, or in any header but `x-api-token`. */
const noStats = { calls: 0, writes: 0, tokensOutsideHeader: 0, cost: 0 }

function looksLikeToken(text: string): boolean {
  return /(?<![0-9a-f])[0-9a-f]{40}/i.test(text)
}

function listOf(entity: ReadEntity, url: URL): Json {
  const since = Date.parse(url.searchParams.get('updated_since') ?? '2000-01-01T00:00:00Z')
  const limit = Number(url.searchParams.get('limit') ?? 100)
  const found = RECORDS[entity].filter((updatedAt) => Date.parse(updatedAt) >= since)
  const data = found.slice(0, limit).map((updatedAt, index) => recordOf(entity, index + 1, updatedAt))
  // Its own cursors are opaque; this one only has to be one.
  const nextCursor = found.length > limit ? Buffer.from(`{"id":${limit}}`).toString('base64url') : null
  return { success: true, data, additional_data: { next_cursor: nextCursor } }
}

const dealRecord = (example('v2-deals.200.spec').response.body?.data as Json[] | undefined)?.[0]

function recordOf(entity: ReadEntity, id: number, updatedAt: string): Json {
  return { ...(entity === 'deals' ? dealRecord : {}), id, update_time: updatedAt }
}

const loadedAnswers = new Map(Object.entries(exampleAnswers).map(([name, file]) => [name, example(file).response]))

function give(response: ServerResponse, name: FakeAnswer, normal: () => void): void {
  const known = loadedAnswers.get(name)
  if (known !== undefined) {
    send(response, known.status, known.headers, known.bodyText ?? JSON.stringify(known.body))
    return
  }
  const special: Answer | undefined = specialAnswers[name as keyof typeof specialAnswers]
  if (special !== undefined) special(response, normal)
  else sendJson(response, 501, { success: false, error: `the fake has no answer ${name}` })
}

function sendJson(response: ServerResponse, status: number, body: Json, headers: Record<string, string> = {}): void {
  send(response, status, { 'content-type': 'application/json; charset=utf-8', ...headers }, JSON.stringify(body))
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, headers)
  response.end(body)
}

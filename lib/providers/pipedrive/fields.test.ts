import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanApiToken, cleanConnectionName, cleanDomain, cleanStartDate, isCompanyLabel } from './fields.ts'
import { pipedriveSchema } from './schema.ts'

const RUNS = { numRuns: 10_000 }
const HEX = '0123456789abcdef0123456789abcdef01234567'
const today = new Date('2026-11-24T12:00:00Z')

for (const [typed, value] of [
  ['acme', 'acme'],
  ['ACME.pipedrive.com', 'acme'],
  ['https://acme.pipedrive.com/pipeline/1', 'acme'],
  ['acme.pipedrive.com:443/', 'acme'],
  ['acme.pipedrive.com.', 'acme'],
  [' "acme\u200b" ', 'acme'],
  ['//acme.pipedrive.com?x=1#y', 'acme'],
  ['pipedrive-12g53f', 'pipedrive-12g53f'],
  [`${'a'.repeat(63)}`, 'a'.repeat(63)],
] as const) {
  test(`the domain ${JSON.stringify(typed)} is ${value}`, () => assert.deepEqual(cleanDomain(typed), { value }))
}

for (const [typed, error] of [
  ['', 'DOMAIN_MISSING'],
  [' \u200b\n', 'DOMAIN_MISSING'],
  [undefined, 'DOMAIN_MISSING'],
  [7, 'DOMAIN_MISSING'],
  ['app.pipedrive.com', 'DOMAIN_SHARED_HOST'],
  ['https://app.pipedrive.com/settings/api', 'DOMAIN_SHARED_HOST'],
  ['api', 'DOMAIN_SHARED_HOST'],
  ['WWW', 'DOMAIN_SHARED_HOST'],
  ['oauth', 'DOMAIN_SHARED_HOST'],
  ['pipedrive.com', 'DOMAIN_SHARED_HOST'],
  ['evil.com', 'DOMAIN_FORMAT'],
  ['acme.pipedrive.com.evil.com', 'DOMAIN_FORMAT'],
  ['a.b.pipedrive.com', 'DOMAIN_FORMAT'],
  ['acme_1', 'DOMAIN_FORMAT'],
  ['-a', 'DOMAIN_FORMAT'],
  ['a-', 'DOMAIN_FORMAT'],
  ['хасме', 'DOMAIN_FORMAT'],
  ['\uff41cme', 'DOMAIN_FORMAT'],
  ['ac\u212ae', 'DOMAIN_FORMAT'],
  ['jane@acme.com', 'DOMAIN_FORMAT'],
  ['https://user@acme.pipedrive.com', 'DOMAIN_FORMAT'],
  ['https://evil.com\\@acme.pipedrive.com', 'DOMAIN_FORMAT'],
  ['acme.pipedrive.com:8443', 'DOMAIN_FORMAT'],
  ['ftp://acme.pipedrive.com', 'DOMAIN_FORMAT'],
  ['acme .pipedrive.com', 'DOMAIN_FORMAT'],
  ['a'.repeat(64), 'DOMAIN_FORMAT'],
  [HEX, 'DOMAIN_FORMAT'],
] as const) {
  test(`the domain ${JSON.stringify(typed)} is ${error}`, () => assert.equal(cleanDomain(typed).error, error))
}

test('a secret in the domain field is not given back', () => {
  for (const secret of [HEX, `ghp_${'a'.repeat(36)}`, 'AKIAABCDEFGHIJKLMNOP'])
    assert.equal(cleanDomain(secret).value, '')
})

test('a company whose name begins like a key is a company', () => {
  for (const label of ['sk-acme-industries-gmbh', 'key-accounts', 'pat-na1-travel', 'sg-group'])
    assert.deepEqual(cleanDomain(label), { value: label })
})

for (const [typed, removed] of [
  [HEX, []],
  [`  ${HEX}\n`, ['spaces']],
  [`"${HEX}"`, ['quotes']],
  [`“${HEX}”`, ['quotes']],
  [`${HEX.slice(0, 20)}\u200b${HEX.slice(20)}`, ['hidden_characters']],
  [`${HEX.slice(0, 20)} ${HEX.slice(20)}\n`, ['spaces']],
  [`api_token=${HEX}`, ['name_in_front']],
  [`api_token=${HEX}&x=1`, ['address_around_it']],
  [`https://acme.pipedrive.com/v1/users/me?api_token=${HEX}&x=1`, ['address_around_it']],
  [`Bearer ${HEX}`, ['bearer']],
  [`Authorization: Bearer ${HEX}`, ['bearer']],
  [`x-api-token: ${HEX}`, ['name_in_front']],
  [`curl -H "x-api-token: ${HEX}" https://api.pipedrive.com/v1/users/me`, ['address_around_it']],
] as const) {
  test(`the token in ${JSON.stringify(typed)} is found`, () =>
    assert.deepEqual(cleanApiToken(typed), { value: HEX, removed }))
}

for (const [typed, looksLike] of [
  ['jane@acme.com', 'email'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'jwt'],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'jwt'],
  ['v1u:AQIBAHj+LzTNK1yuuuaLqifzhWb9crUNKTpk', 'oauth'],
  [`1:1:${HEX}`, 'oauth'],
  [`ghp_${'a'.repeat(36)}`, 'github'],
  [`github_pat_${'a'.repeat(30)}`, 'github'],
  [`sk_${'live'}_${'a'.repeat(24)}`, 'stripe'],
  ['AKIAABCDEFGHIJKLMNOP', 'aws'],
  [`xox${'b'}-123456789012-abcdefghijkl`, 'slack'],
  [`AIza${'a'.repeat(35)}`, 'google'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----', 'private_key'],
  ['eyJhbGciOiJIUzI1NiJ9aaaa.eyJzdWIi', 'jwt'],
  [`pat-${'na'}1-0123abcd-0123-4567-89ab-0123456789ab`, 'hubspot'],
  [`sk-${'proj'}-${'a'.repeat(40)}`, 'openai'],
  [`glpat-${'a'.repeat(20)}`, 'gitlab'],
  [`shpat_${'0'.repeat(32)}`, 'shopify'],
  [`npm_${'a'.repeat(36)}`, 'npm'],
  [`SG.${'a'.repeat(22)}.${'b'.repeat(43)}`, 'mail_service'],
  [`${'0'.repeat(32)}-us12`, 'mail_service'],
  ['postgres://me:secret@db.example/app', 'connection_string'],
  ['Server=db.example;Database=crm;User Id=me;Password=secret;', 'connection_string'],
] as const) {
  test(`a secret of something else is refused as ${looksLike}: ${typed.slice(0, 12)}…`, () => {
    const { value, error, looksLike: found } = cleanApiToken(typed)
    assert.deepEqual({ value, error, looksLike: found }, { value: '', error: 'TOKEN_FORMAT', looksLike })
  })
}

for (const [typed, hint] of [
  [HEX, undefined],
  ['A1b2'.repeat(10), undefined],
  [HEX.slice(0, 38), 'cut'],
  [`${HEX.slice(0, 34)}...`, 'cut'],
  // The best known example has 38 characters, and letters that no hexadecimal number has.
  ['1a2b3c4d5e6f7g8h9i0j1k2l3m4n5a6b7c8d9e', 'length'],
  ['a1zk3bm9qt7x', 'length'],
  ['Summer2026!', 'password'],
  [`${HEX}_currency`, 'custom_field_key'],
] as const) {
  test(`${typed} passes with the hint ${hint}`, () => {
    const cleaned = cleanApiToken(typed)
    assert.deepEqual([cleaned.value, cleaned.error, cleaned.hint], [typed, undefined, hint])
  })
}

for (const [typed, error] of [
  ['', 'TOKEN_MISSING'],
  ['""', 'TOKEN_MISSING'],
  [null, 'TOKEN_MISSING'],
  ['short12', 'TOKEN_FORMAT'],
  ['a'.repeat(513), 'TOKEN_FORMAT'],
  ['••••••••••••', 'TOKEN_FORMAT'],
  ['пароль-пароль', 'TOKEN_FORMAT'],
] as const) {
  test(`the token ${JSON.stringify(typed)?.slice(0, 20)} is ${error}`, () =>
    assert.equal(cleanApiToken(typed).error, error))
}

for (const [typed, value] of [
  ['2024-05-01', '2024-05-01T00:00:00Z'],
  ['2026-11-24', '2026-11-24T00:00:00Z'],
  ['2000-01-01', '2000-01-01T00:00:00Z'],
  ['2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z'],
  ['2024-05-01T10:20:30.123456+02:00', '2024-05-01T10:20:30.123456+02:00'],
  ['2026-11-24T13:30:00+05:30', '2026-11-24T13:30:00+05:30'],
] as const) {
  test(`the start date ${typed} is ${value}`, () =>
    assert.deepEqual(cleanStartDate(typed, { today, required: true }), { value }))
}

for (const [typed, why] of [
  ['2026-11-25', 'future'],
  ['2027-01-01T00:00:00Z', 'future'],
  // Noon in UTC is now: the same wall clock further east has been, further west it has not.
  ['2026-11-24T12:30:00Z', 'future'],
  ['2026-11-24T11:30:00-05:00', 'future'],
  ['1999-12-31', 'too_early'],
  ['2000-01-01T00:00:00+01:00', 'too_early'],
  ['2023-02-30', 'unreadable'],
  ['01.05.2024', 'unreadable'],
  ['yesterday', 'unreadable'],
  ['2024-05-01T25:00:00Z', 'unreadable'],
  ['2024-05-01T00:00', 'unreadable'],
] as const) {
  test(`the start date ${typed} is refused as ${why}`, () => {
    const refused = { value: null, error: 'START_DATE_INVALID', why }
    assert.deepEqual(cleanStartDate(typed, { today, required: false }), refused)
  })
}

test('an empty start date is refused only where it is required', () => {
  assert.deepEqual(cleanStartDate('', { today, required: false }), { value: null })
  assert.equal(cleanStartDate('', { today, required: true }).why, 'missing')
})

test('the connection name is one short line and never a secret', () => {
  assert.equal(cleanConnectionName('  Acme\n  sales\u202e ').value, 'Acme sales')
  assert.equal([...cleanConnectionName('😀'.repeat(100)).value].length, 80)
  assert.equal(cleanConnectionName(`Acme ${HEX}`).value, '')
})

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme' }),
  fc.anything(),
  fc.webUrl(),
  fc.emailAddress(),
)

test('cleaning never throws, and cleaning twice changes nothing', () => {
  fc.assert(
    fc.property(anything, (typed) => {
      cleanConnectionName(typed)
      cleanStartDate(typed, { today, required: true })
      const token = cleanApiToken(typed)
      if (!token.error) {
        assert.match(token.value, /^[!-~]{8,512}$/)
        assert.equal(cleanApiToken(token.value).value, token.value)
      }
      const domain = cleanDomain(typed)
      if (!domain.error) assert.ok(isCompanyLabel(domain.value) && cleanDomain(domain.value).value === domain.value)
    }),
    RUNS,
  )
})

test('no plausible token is ever blocked or changed, whatever is pasted around it', () => {
  const alphabet = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']
  const token = fc
    .string({ unit: fc.constantFrom(...alphabet), minLength: 30, maxLength: 128 })
    .filter((text) => !/^(AKIA|ASIA|AIza)/.test(text))
  const around = fc.constantFrom<[string, string]>(
    ['', ''],
    [' ', '\n'],
    ['"', '"'],
    ['“', '”'],
    ['api_token=', ''],
    ['Bearer ', ' '],
    ['\u200b', '\ufeff'],
  )
  fc.assert(
    fc.property(token, around, (text, [before, after]) => {
      const cleaned = cleanApiToken(before + text + after)
      assert.deepEqual([cleaned.value, cleaned.error], [text, undefined])
    }),
    RUNS,
  )
})

test('nothing typed as a domain becomes another host', () => {
  const part = fc.constantFrom(
    'acme',
    'evil.com',
    '.',
    '@',
    '/',
    '\\',
    ':',
    '#',
    '?',
    '%2e',
    '\u3002',
    '\u0000',
    'pipedrive.com',
    '.pipedrive.com',
    'https://',
    'xn--',
    '-',
    ' ',
    '[::1]',
    'é',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const { value, error } = cleanDomain(parts.join(''))
      if (!error) assert.equal(new URL(`https://${value}.pipedrive.com/x`).hostname, `${value}.pipedrive.com`)
    }),
    RUNS,
  )
})

test('the schema answers cleaned values', () => {
  const parsed = pipedriveSchema({ startDate: 'required', today }).parse({
    connectionName: ' Acme  sales ',
    domain: 'https://ACME.pipedrive.com/',
    apiToken: ` ${HEX} `,
    startDate: '2024-05-01',
  })
  assert.deepEqual(parsed, {
    connectionName: 'Acme sales',
    domain: 'acme',
    apiToken: HEX,
    startDate: '2024-05-01T00:00:00Z',
    removed: ['spaces'],
    hint: undefined,
  })
})

test('the messages of the schema are verdict codes, and its issues hold nothing that was typed', () => {
  const parsed = pipedriveSchema({ startDate: 'required', today }).safeParse({
    domain: 'evil.com',
    apiToken: 'jane@acme.com',
  })
  assert.deepEqual(
    parsed.error?.issues.map(({ path, message }) => [path[0], message]),
    [
      ['domain', 'DOMAIN_FORMAT'],
      ['apiToken', 'TOKEN_FORMAT'],
      ['startDate', 'START_DATE_INVALID'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(parsed), /jane|evil/)
})

test('a hidden start date is null whatever was sent', () => {
  const parsed = pipedriveSchema({ startDate: 'hidden', today }).parse({
    domain: 'acme',
    apiToken: HEX,
    startDate: 'nonsense',
  })
  assert.equal(parsed.startDate, null)
})

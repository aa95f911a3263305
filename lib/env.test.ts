import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { ConfigurationError, readEnv, variableNames } from './env.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-env-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const dataDir = join(folder, 'data')
const newKey = () => randomBytes(32).toString('base64')
const keyFile = keyFileOf('master.key', `k1:${newKey()}\n`)

function keyFileOf(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

type Given = Record<string, string | undefined>

/** Everything that a public portal needs, and nothing more. */
const production: Given = {
  PORTAL_ORIGIN: 'https://connect.example.com',
  DATA_DIR: dataDir,
  MASTER_KEY_FILE: keyFile,
  SESSION_SECRET: newKey(),
  NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: newKey(),
  SMTP_URL: 'smtps://robot:fish-and-chips@mail.example.com:465',
  MAIL_FROM: 'connect@example.com',
}
const laptop: Given = { DATA_DIR: dataDir }

/** The same with the keys in Vault. */
const inVault: Given = {
  ...production,
  MASTER_KEY_FILE: undefined,
  KEY_PROVIDER: 'vault-transit',
  VAULT_ADDR: 'https://vault.example.com:8200/',
  VAULT_TRANSIT_KEY: 'latchkey',
  VAULT_TOKEN: 'hvs.a-token-that-opens-everything',
}

/** Where both ways to give the key would collide. */
const byValue = (masterKey: string): Given => ({ ...production, MASTER_KEY_FILE: undefined, MASTER_KEY: masterKey })

test('a laptop needs no settings', () => {
  const env = readEnv(laptop)
  assert.equal(env.isProduction, false)
  assert.equal(env.port, 3000)
  assert.equal(env.portalOrigin, 'http://localhost:3000')
  assert.equal(env.databaseUrl, null)
  assert.equal(env.smtpUrl, null)
  assert.equal(env.pipedriveBaseUrl, null)
  assert.equal(env.trustedProxyHops, 0)
  assert.equal(env.logLevel, 'info')
  assert.equal(readEnv({ ...laptop, PORT: '4000' }).portalOrigin, 'http://localhost:4000')
})

test('an empty value is the same as none', () => {
  const empty = Object.fromEntries(variableNames.map((name) => [name, '']))
  assert.equal(inspect(readEnv({ ...empty, ...laptop })), inspect(readEnv(laptop)))
})

test('on a laptop missing secrets are made once, for this user alone', () => {
  const [first, second] = [readEnv(laptop), readEnv(laptop)]
  assert.equal(first.masterKeys[0]?.key.reveal(), second.masterKeys[0]?.key.reveal())
  assert.equal(first.sessionSecret.reveal(), second.sessionSecret.reveal())
  assert.notEqual(first.sessionSecret.reveal(), first.masterKeys[0]?.key.reveal())
  assert.equal(statSync(join(dataDir, 'keys')).mode & 0o777, 0o700)
  for (const file of readdirSync(join(dataDir, 'keys')))
    assert.equal(statSync(join(dataDir, 'keys', file)).mode & 0o777, 0o600, file)
})

for (const origin of ['http://localhost:3000', 'http://127.0.0.1:8080', 'http://[::1]:3000'])
  test(`${origin} is this machine and may use a fake Pipedrive`, () => {
    const env = readEnv({ ...laptop, PORTAL_ORIGIN: origin, PIPEDRIVE_BASE_URL: 'http://127.0.0.1:4010/' })
    assert.equal(env.isProduction, false)
    assert.equal(env.pipedriveBaseUrl, 'http://127.0.0.1:4010')
  })

test('a public portal starts when everything is set', () => {
  const env = readEnv(production)
  assert.equal(env.isProduction, true)
  assert.equal(env.portalOrigin, 'https://connect.example.com')
  assert.equal(env.masterKeys[0]?.id, 'k1')
})

test('several master keys keep their order, the newest first', () => {
  const env = readEnv(byValue(`k2:${newKey()} k1:${newKey()}`))
  assert.deepEqual(
    env.masterKeys.map(({ id }) => id),
    ['k2', 'k1'],
  )
})

const insideDataDir = join(folder, 'link-into-data')
readEnv(laptop)
symlinkSync(join(dataDir, 'keys', 'master.key'), insideDataDir)
const counting = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64')

/** What is wrong, the settings, and what the sentence must name. */
const refused: [string, Given, RegExp][] = [
  ['no master key', { ...production, MASTER_KEY_FILE: undefined }, /MASTER_KEY_FILE \(or MASTER_KEY\) is not set/],
  ['no session secret', { ...production, SESSION_SECRET: undefined }, /SESSION_SECRET is not set/],
  ['no mail server', { ...production, SMTP_URL: undefined }, /SMTP_URL is not set/],
  ['no sender', { ...production, MAIL_FROM: undefined }, /MAIL_FROM is not set/],
  [
    'no key for actions',
    { ...production, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: undefined },
    /NEXT_SERVER_ACTIONS_ENCRYPTION_KEY is not set/,
  ],
  ['a public origin without https', { ...production, PORTAL_ORIGIN: 'http://connect.example.com' }, /PORTAL_ORIGIN/],
  ['a key that is too short', byValue(`k1:${randomBytes(16).toString('base64')}`), /master key k1 has 16 bytes/],
  ['a key that is too long', byValue(randomBytes(33).toString('base64')), /master key k1 has 33 bytes/],
  ['a key that is no base64', byValue('k1:correct-horse-battery-staple!'), /master key k1 is not in base64/],
  ['a key of zeros', byValue(Buffer.alloc(32).toString('base64')), /master key k1 is not random/],
  ['a key that counts', byValue(counting), /master key k1 is not random/],
  ['a passphrase as key', byValue(Buffer.from('this is a passphrase of 32 bytes').toString('base64')), /not random/],
  ['two keys with one id', byValue(`k1:${newKey()} k1:${newKey()}`), /Two master keys have the same id/],
  ['a strange key id', byValue(`../k:${newKey()}`), /MASTER_KEY has an id/],
  ['an empty key file', { ...production, MASTER_KEY_FILE: keyFileOf('empty.key', '\n') }, /MASTER_KEY is empty/],
  ['a key file that is not there', { ...production, MASTER_KEY_FILE: join(folder, 'none') }, /MASTER_KEY_FILE/],
  [
    'a key file for everybody',
    { ...production, MASTER_KEY_FILE: keyFileOf('open.key', newKey(), 0o644) },
    /MASTER_KEY_FILE can be read by everybody/,
  ],
  [
    'a key file inside DATA_DIR',
    { ...production, MASTER_KEY_FILE: join(dataDir, 'keys', 'master.key') },
    /MASTER_KEY_FILE lies inside DATA_DIR/,
  ],
  [
    'a link to a file inside DATA_DIR',
    { ...production, MASTER_KEY_FILE: insideDataDir },
    /MASTER_KEY_FILE lies inside DATA_DIR/,
  ],
  ['a short session secret', { ...production, SESSION_SECRET: 'kM3-vX9_pQ7.zR2' }, /SESSION_SECRET is too short/],
  ['an example as session secret', { ...production, SESSION_SECRET: `change-me-${newKey()}` }, /SESSION_SECRET/],
  ['a session secret of one letter', { ...production, SESSION_SECRET: 'z'.repeat(44) }, /SESSION_SECRET/],
  [
    'a key for actions of the wrong length',
    { ...production, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: randomBytes(20).toString('base64') },
    /NEXT_SERVER_ACTIONS_ENCRYPTION_KEY is not a key/,
  ],
  [
    'a key for actions of zeros',
    { ...production, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') },
    /NEXT_SERVER_ACTIONS_ENCRYPTION_KEY is not random/,
  ],
  [
    'a fake Pipedrive on a public portal',
    { ...production, PIPEDRIVE_BASE_URL: 'http://127.0.0.1:4010' },
    /PIPEDRIVE_BASE_URL/,
  ],
  ['a fake Pipedrive elsewhere', { ...laptop, PIPEDRIVE_BASE_URL: 'http://10.0.0.7:4010' }, /PIPEDRIVE_BASE_URL/],
  ['both ways to give the key', { ...production, MASTER_KEY: newKey() }, /MASTER_KEY and MASTER_KEY_FILE/],
  ['half a sign-in', { ...laptop, OIDC_ISSUER: 'https://login.example.com' }, /OIDC_CLIENT_ID/],
  ['a port that is none', { ...laptop, PORT: '70000' }, /PORT must be/],
  ['an origin that is none', { ...laptop, PORTAL_ORIGIN: 'connect.example.com' }, /PORTAL_ORIGIN must be/],
  ['a mail server that is a web address', { ...laptop, SMTP_URL: 'https://mail.example.com' }, /SMTP_URL must/],
  ['a sender with a name', { ...laptop, MAIL_FROM: 'Northwind <connect@example.com>' }, /MAIL_FROM must/],
  ['many proxies', { ...laptop, TRUSTED_PROXY_HOPS: 'many' }, /TRUSTED_PROXY_HOPS must/],
  ['an unknown log level', { ...laptop, LOG_LEVEL: 'chatty' }, /LOG_LEVEL must/],
  ['an unknown key provider', { ...laptop, KEY_PROVIDER: 'drawer' }, /KEY_PROVIDER must/],
  [
    'Vault without anything',
    { ...laptop, KEY_PROVIDER: 'vault-transit' },
    /VAULT_ADDR, VAULT_TRANSIT_KEY, VAULT_TOKEN_FILE \(or VAULT_TOKEN\)/,
  ],
  ['Vault without a token', { ...inVault, VAULT_TOKEN: undefined }, /these must be set too: VAULT_TOKEN_FILE/],
  ['Vault to read from, without its address', { ...laptop, VAULT_TRANSIT_KEY: 'latchkey' }, /VAULT_ADDR/],
  ['both ways to give the token', { ...inVault, VAULT_TOKEN_FILE: keyFile }, /VAULT_TOKEN and VAULT_TOKEN_FILE/],
  [
    'a token file that is not there',
    { ...inVault, VAULT_TOKEN: undefined, VAULT_TOKEN_FILE: join(folder, 'none') },
    /VAULT_TOKEN_FILE cannot be read/,
  ],
  [
    'a Vault over plain http',
    { ...inVault, VAULT_ADDR: 'http://vault.example.com:8200' },
    /VAULT_ADDR must start with/,
  ],
  ['a Vault that is no address', { ...inVault, VAULT_ADDR: 'vault.example.com' }, /VAULT_ADDR must be/],
  ['a key in Vault that is a path', { ...inVault, VAULT_TRANSIT_KEY: '../sys/raw' }, /VAULT_TRANSIT_KEY must/],
  ['a mount that climbs', { ...inVault, VAULT_TRANSIT_MOUNT: '../sys' }, /VAULT_TRANSIT_MOUNT must/],
  ['a token of two lines', { ...inVault, VAULT_TOKEN: 'hvs.one two-and-three-and-four' }, /VAULT_TOKEN must/],
  [
    'a token file for everybody',
    { ...inVault, VAULT_TOKEN: undefined, VAULT_TOKEN_FILE: keyFileOf('open.token', 'hvs.token', 0o644) },
    /VAULT_TOKEN_FILE can be read by everybody/,
  ],
]
for (const [title, given, names] of refused)
  test(`${title}: refused by name, never by value`, () => {
    assert.throws(
      () => readEnv(given),
      (error: unknown) => {
        assert.ok(error instanceof ConfigurationError, String(error))
        assert.match(error.message, names)
        for (const secret of secretsOf(given)) assert.ok(!error.message.includes(secret), error.message)
        return true
      },
    )
  })

/** What must not be repeated: whole values, and each key of a list. Paths may be named. */
function secretsOf(given: Given): string[] {
  const names = [
    'MASTER_KEY',
    'SESSION_SECRET',
    'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY',
    'SMTP_URL',
    'MAIL_FROM',
    'VAULT_TOKEN',
  ]
  const values = names.map((name) => given[name]).filter((value) => value !== undefined)
  return values.flatMap((value) => [value, ...value.split(/[\s:]+/).filter((part) => part.length > 12)])
}

test('with the keys in Vault no master key is needed and none is made', () => {
  const fresh = { ...inVault, DATA_DIR: join(folder, 'fresh') }
  const env = readEnv(fresh)
  assert.deepEqual([env.keyProvider, env.masterKeys, env.masterKeyFile], ['vault-transit', [], null])
  const { address, namespace, mount, key } = env.vault ?? {}
  assert.deepEqual([address, namespace, mount, key], ['https://vault.example.com:8200', null, 'transit', 'latchkey'])
  const moving = readEnv({ ...fresh, MASTER_KEY_FILE: keyFile, VAULT_TRANSIT_MOUNT: 'team/transit/' })
  assert.deepEqual([moving.masterKeys.length, moving.vault?.mount], [1, 'team/transit'])
})

test('the settings of other programs that use Vault change nothing', () => {
  const env = readEnv({ ...laptop, VAULT_ADDR: 'http://10.0.0.7:8200', VAULT_TOKEN: 'hvs.of-somebody' })
  assert.deepEqual([env.keyProvider, env.vault], ['local', null])
})

test('several mistakes are told at once', () => {
  assert.throws(() => readEnv({ PORTAL_ORIGIN: production.PORTAL_ORIGIN, DATA_DIR: dataDir }), {
    message: /SESSION_SECRET is not set; SMTP_URL is not set; MAIL_FROM is not set; .*MASTER_KEY_FILE/,
  })
})

test('secrets do not show when the settings are printed', () => {
  const all = { ...inVault, ...production }
  const printed = inspect(readEnv(all), { depth: 9 }) + JSON.stringify(readEnv(all))
  for (const secret of secretsOf(all).filter((value) => value !== production.MAIL_FROM))
    assert.ok(!printed.includes(secret))
})

/** Set by us or by tools for themselves: nobody else should. */
const internal = /^(?:NODE_ENV|CI|E2E_PORT|LATCHKEY_\w+|NEXT_TELEMETRY_DISABLED)$/

test('.env.example lists exactly the settings that are read', () => {
  const root = join(import.meta.dirname, '..')
  const listed = [...readFileSync(join(root, '.env.example'), 'utf8').matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(
    ([, name]) => name,
  )
  const launchers = readdirSync(join(root, 'bin')).filter((file) => /(?<!\.test)\.mjs$/.test(file))
  const readElsewhere = [...launchers.map((file) => join('bin', file)), 'playwright.config.ts'].flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/process\.env\.([A-Z][A-Z0-9_]*)/g)].map(
      ([, name]) => name ?? '',
    ),
  )
  const read = new Set([...variableNames, ...readElsewhere.filter((name) => !internal.test(name))])
  assert.deepEqual(listed.toSorted(), [...read].toSorted())
})

import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve, sep } from 'node:path'
import * as z from 'zod'
import { KEY_BYTES, newKey, replaceFile, syncFolder, versionOfFile } from './key-file.ts'
import { isLoopbackOrigin } from './origin.ts'
import { Secret } from './secret.ts'

/** Everything the product takes from its environment, checked. `.env.example` explains each. */
export type Env = {
  port: number
  /** The address to listen on; null: all. */
  listenHost: string | null
  /** Where a worker gives credentials to machines; null: it does not. */
  workerPort: number | null
  /** The address under which machines reach that worker. */
  credentialApiOrigin: string | null
  portalOrigin: string
  /** The portal has a public address: the strict start-up rules hold. */
  isProduction: boolean
  databaseUrl: string | null
  migrationDatabaseUrl: string | null
  testDatabaseUrl: string | null
  dataDir: string
  keyProvider: 'local' | 'vault-transit'
  /** `id:base64` of 32 bytes, newest first; older ones only open. */
  masterKeys: { id: string; key: Secret }[]
  /** Where they were read from; null: the variable MASTER_KEY. `kept`: made by the portal itself, in DATA_DIR. */
  masterKeyFile: { path: string; kept: boolean; version: string | null } | null
  /** The transit engine that wraps; with `local`, one that what lies under it is still read with. */
  vault: VaultTransit | null
  /** Where the head of the audit chain is noted, outside the database. */
  auditCheckpointFile: string
  /** Root of the derived keys: cookies, fingerprints, audit chain. */
  sessionSecret: Secret
  /** Read by Next itself at build and at start; here only so that it can be checked and kept out of logs. */
  serverActionsKey: Secret | null
  smtpUrl: Secret | null
  mailFrom: string
  /** Staff sign-in; null when none is set up. */
  oidc: { issuer: string; clientId: string; clientSecret: Secret } | null
  trustedProxyHops: number
  otelEndpoint: string | null
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  pipedriveBaseUrl: string | null
}

/** A key inside HashiCorp Vault, and a token that may use it: either it itself, or the file where it lies. */
export type VaultTransit = {
  address: string
  namespace: string | null
  mount: string
  key: string
  token: Secret | null
  tokenFile: string | null
}

/** Something in the environment keeps the product from starting. The message names the variable and the fix. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

const store = globalThis as typeof globalThis & { latchkeyEnv?: Env }

/** The checked environment, read once. Throws ConfigurationError. */
export function env(): Env {
  store.latchkeyEnv ??= readEnv(process.env)
  return store.latchkeyEnv
}

/** Where a fake of a provider answers, for tests and trials; a provider whose fake is to run gets its variable here. */
export function fakeBaseUrlOf(provider: string): string | null {
  return provider === 'pipedrive' ? env().pipedriveBaseUrl : null
}

/**
 * As `env`, with the keys that the key file holds now: a key that was added there is used at once by every process,
 * without a restart. A file that cannot be read this moment, as while somebody edits it, changes nothing.
 */
export function envWithNewestKeys(): Env {
  const current = env()
  const { masterKeyFile } = current
  if (!masterKeyFile) return current
  const version = versionOfFile(masterKeyFile.path)
  if (version === null || version === masterKeyFile.version) return current
  try {
    const masterKeys = parseMasterKeys(readFileSync(masterKeyFile.path, 'utf8'))
    store.latchkeyEnv = { ...current, masterKeys, masterKeyFile: { ...masterKeyFile, version } }
    return store.latchkeyEnv
  } catch {
    return current
  }
}

/** Writes the key file that the portal made itself anew, the newest key first. Throws for one that somebody else keeps. */
export function writeKeptKeys(keys: Env['masterKeys']): void {
  const { masterKeyFile } = env()
  if (!masterKeyFile?.kept) throw new Error('the master keys are not kept by the portal')
  replaceFile(masterKeyFile.path, keys.map(({ id, key }) => `${id}:${key.reveal()}\n`).join(''))
}

export function newMasterKey(id: string): Env['masterKeys'][number] {
  return { id, key: new Secret(newKey()) }
}

/** next-auth reads where it runs from the environment alone. Without this it would believe that it is on port 3000. */
export function nameOriginToNextAuth(portalOrigin: string): void {
  process.env.NEXTAUTH_URL = portalOrigin
}

const blank = (value: unknown) => (value === '' ? undefined : value)
const optional = z.preprocess(blank, z.string().optional())
const webAddress = z.preprocess(blank, z.url({ protocol: /^https?$/ }).optional())
const port = z.coerce.number().int().min(1).max(65_535)
const VAULT_NAME = /^\w[\w.-]{0,63}$/
const VAULT_PATH = /^\w[\w.-]*(\/\w[\w.-]*)*\/?$/
const schema = z.object({
  PORT: z.preprocess(blank, port.default(3000)),
  WORKER_PORT: z.preprocess(blank, port.optional()),
  LISTEN_HOST: optional,
  CREDENTIAL_API_ORIGIN: webAddress,
  PORTAL_ORIGIN: webAddress,
  DATABASE_URL: optional,
  MIGRATION_DATABASE_URL: optional,
  TEST_DATABASE_URL: optional,
  DATA_DIR: z.preprocess(blank, z.string().default('.data')),
  KEY_PROVIDER: z.preprocess(blank, z.enum(['local', 'vault-transit']).default('local')),
  MASTER_KEY: optional,
  MASTER_KEY_FILE: optional,
  VAULT_ADDR: webAddress,
  VAULT_NAMESPACE: z.preprocess(blank, z.string().regex(VAULT_PATH).optional()),
  VAULT_TRANSIT_MOUNT: z.preprocess(blank, z.string().regex(VAULT_PATH).default('transit')),
  VAULT_TRANSIT_KEY: z.preprocess(blank, z.string().regex(VAULT_NAME).optional()),
  VAULT_TOKEN: z.preprocess(
    blank,
    z
      .string()
      .regex(/^[\x21-\x7e]+$/)
      .optional(),
  ),
  VAULT_TOKEN_FILE: optional,
  SESSION_SECRET: optional,
  NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: optional,
  SMTP_URL: z.preprocess(blank, z.url({ protocol: /^smtps?$/ }).optional()),
  MAIL_FROM: z.preprocess(
    blank,
    z
      .string()
      .regex(/^[\w.+-]+@[\w-]+(\.[\w-]+)*$/)
      .optional(),
  ),
  OIDC_ISSUER: webAddress,
  OIDC_CLIENT_ID: optional,
  OIDC_CLIENT_SECRET: optional,
  TRUSTED_PROXY_HOPS: z.preprocess(blank, z.coerce.number().int().min(0).max(10).default(0)),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress,
  AUDIT_CHECKPOINT_FILE: optional,
  LOG_LEVEL: z.preprocess(blank, z.enum(['debug', 'info', 'warn', 'error']).default('info')),
  PIPEDRIVE_BASE_URL: z.preprocess(blank, z.url({ protocol: /^http$/ }).optional()),
})

/** The names of all of them. */
export const variableNames = Object.keys(schema.shape)

type Given = z.output<typeof schema>

/** What each variable must be, for people. The value itself is never repeated: it may be a secret in the wrong place. */
const expected: Partial<Record<keyof Given, string>> = {
  PORT: 'must be a whole number from 1 to 65535',
  WORKER_PORT: 'must be a whole number from 1 to 65535',
  CREDENTIAL_API_ORIGIN: 'must be the address of the worker for machines, such as https://credentials.example.com',
  PORTAL_ORIGIN: 'must be the address people open, such as https://connect.example.com',
  KEY_PROVIDER: 'must be "local" or "vault-transit", or left out',
  VAULT_ADDR: 'must be the address of Vault, such as https://vault.example.com:8200',
  VAULT_NAMESPACE: 'must be a namespace of Vault, such as admin/latchkey',
  VAULT_TRANSIT_MOUNT: 'must be the path of the transit engine, such as transit',
  VAULT_TRANSIT_KEY: 'must be the name of a key of the transit engine: letters, digits, dot, dash and underscore',
  VAULT_TOKEN: 'must be a token of Vault',
  SMTP_URL: 'must look like smtps://user:password@mail.example.com:465',
  MAIL_FROM: 'must be one plain address, such as connect@example.com',
  OIDC_ISSUER: 'must be the address of the sign-in provider, such as https://login.example.com',
  TRUSTED_PROXY_HOPS: 'must be the number of your own proxies in front of the portal, 0 to 10',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'must be an address, such as http://localhost:4318',
  LOG_LEVEL: 'must be debug, info, warn or error',
  PIPEDRIVE_BASE_URL: 'must be a fake Pipedrive on this computer, such as http://127.0.0.1:4010',
}

const MAKE_KEY = 'Make one with: openssl rand -base64 32'

/** Checks one set of variables. On a laptop missing secrets are made and kept in DATA_DIR; in production they must be given. */
export function readEnv(source: Record<string, string | undefined>): Env {
  const given = parse(source)
  const portalOrigin = new URL(given.PORTAL_ORIGIN ?? `http://localhost:${given.PORT}`).origin
  const isProduction = !isLoopbackOrigin(portalOrigin)
  const dataDir = resolve(given.DATA_DIR)
  refuseContradictions(given, isProduction)
  if (isProduction) refuseWeakProduction(given, { portalOrigin, dataDir })
  return {
    port: given.PORT,
    listenHost: given.LISTEN_HOST ?? (isProduction ? null : '127.0.0.1'),
    workerPort: given.WORKER_PORT ?? null,
    credentialApiOrigin: given.CREDENTIAL_API_ORIGIN ? new URL(given.CREDENTIAL_API_ORIGIN).origin : null,
    portalOrigin,
    isProduction,
    databaseUrl: given.DATABASE_URL ?? null,
    migrationDatabaseUrl: given.MIGRATION_DATABASE_URL ?? null,
    testDatabaseUrl: given.TEST_DATABASE_URL ?? null,
    dataDir,
    keyProvider: given.KEY_PROVIDER,
    ...masterKeysOf(given, dataDir),
    vault: vaultOf(given),
    auditCheckpointFile: resolve(given.AUDIT_CHECKPOINT_FILE ?? join(dataDir, 'audit-checkpoints.jsonl')),
    sessionSecret: new Secret(given.SESSION_SECRET ?? keptText(dataDir, 'session')),
    serverActionsKey: secretOf(given.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY),
    smtpUrl: secretOf(given.SMTP_URL),
    mailFrom: given.MAIL_FROM ?? 'latchkey@localhost',
    oidc: oidcOf(given),
    trustedProxyHops: given.TRUSTED_PROXY_HOPS,
    otelEndpoint: given.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    logLevel: given.LOG_LEVEL,
    pipedriveBaseUrl: given.PIPEDRIVE_BASE_URL?.replace(/\/+$/, '') ?? null,
  }
}

function parse(source: Record<string, string | undefined>): Given {
  const parsed = schema.safeParse(source)
  if (parsed.success) return parsed.data
  const names = new Set(parsed.error.issues.map(({ path }) => path[0] as keyof Given))
  const lines = [...names].map((name) => `${name} ${expected[name] ?? 'cannot be read'}`)
  throw new ConfigurationError(`The environment has a mistake: ${lines.join('; ')}.`)
}

function secretOf(value: string | undefined): Secret | null {
  return value ? new Secret(value) : null
}

function oidcOf({ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: secret }: Given): Env['oidc'] {
  return issuer && clientId && secret ? { issuer, clientId, clientSecret: new Secret(secret) } : null
}

/** Other programs read VAULT_ADDR and VAULT_TOKEN too: only a key of ours says that Vault is meant for us. */
function vaultOf(given: Given): VaultTransit | null {
  const { VAULT_ADDR: address, VAULT_TRANSIT_KEY: key, VAULT_TOKEN: token, VAULT_TOKEN_FILE: tokenFile } = given
  if (!address || !key) return null
  if (tokenFile) readFileOf('VAULT_TOKEN_FILE', tokenFile)
  return {
    address: address.replace(/\/+$/, ''),
    namespace: given.VAULT_NAMESPACE ?? null,
    mount: given.VAULT_TRANSIT_MOUNT.replace(/\/$/, ''),
    key,
    token: secretOf(token),
    tokenFile: tokenFile ?? null,
  }
}

/** Settings that do not fit together, wherever the portal runs. */
function refuseContradictions(given: Given, isProduction: boolean): void {
  if (given.PIPEDRIVE_BASE_URL && (isProduction || !isLoopbackOrigin(given.PIPEDRIVE_BASE_URL))) {
    throw new ConfigurationError(
      'PIPEDRIVE_BASE_URL is for a fake Pipedrive on this computer only. Remove it, or set PORTAL_ORIGIN to a local address.',
    )
  }
  if (given.MASTER_KEY && given.MASTER_KEY_FILE)
    throw new ConfigurationError('MASTER_KEY and MASTER_KEY_FILE are both set. Keep one of them.')
  if (given.KEY_PROVIDER === 'vault-transit' || given.VAULT_TRANSIT_KEY) refuseHalfVault(given, isProduction)
  const oidc = [given.OIDC_ISSUER, given.OIDC_CLIENT_ID, given.OIDC_CLIENT_SECRET].filter(Boolean)
  if (oidc.length > 0 && oidc.length < 3)
    throw new ConfigurationError('OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together. Set all or none.')
}

function refuseHalfVault(given: Given, isProduction: boolean): void {
  const missing = (['VAULT_ADDR', 'VAULT_TRANSIT_KEY'] as const).filter((name) => !given[name]).map(String)
  if (!given.VAULT_TOKEN && !given.VAULT_TOKEN_FILE) missing.push('VAULT_TOKEN_FILE (or VAULT_TOKEN)')
  if (missing.length > 0)
    throw new ConfigurationError(
      `To use Vault these must be set too: ${missing.join(', ')}. Without Vault remove KEY_PROVIDER and VAULT_TRANSIT_KEY.`,
    )
  if (given.VAULT_TOKEN && given.VAULT_TOKEN_FILE)
    throw new ConfigurationError('VAULT_TOKEN and VAULT_TOKEN_FILE are both set. Keep one of them.')
  const { protocol, origin } = new URL(given.VAULT_ADDR ?? '')
  if (isProduction && protocol !== 'https:' && !isLoopbackOrigin(origin))
    throw new ConfigurationError('VAULT_ADDR must start with https://, or be an agent of Vault on this machine.')
}

const SECRET_LENGTH_MIN = 32
/** Of 32 random characters of base64 at least 25 differ as a rule. */
const DISTINCT_CHARACTERS_MIN = 12

/** Names everything at once: mending one line at a time, with a restart between, helps nobody. */
function refuseWeakProduction(
  given: Given,
  { portalOrigin, dataDir }: { portalOrigin: string; dataDir: string },
): void {
  const problems = (['SESSION_SECRET', 'SMTP_URL', 'MAIL_FROM', 'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY'] as const)
    .filter((name) => !given[name])
    .map((name) => `${name} is not set`)
  if (given.KEY_PROVIDER === 'local' && !given.MASTER_KEY && !given.MASTER_KEY_FILE)
    problems.push('MASTER_KEY_FILE (or MASTER_KEY) is not set')
  if (given.MASTER_KEY_FILE) problems.push(...keyFileProblems('MASTER_KEY_FILE', given.MASTER_KEY_FILE, dataDir))
  if (given.VAULT_TOKEN_FILE) problems.push(...keyFileProblems('VAULT_TOKEN_FILE', given.VAULT_TOKEN_FILE, dataDir))
  if (given.CREDENTIAL_API_ORIGIN && !given.CREDENTIAL_API_ORIGIN.startsWith('https:'))
    problems.push('CREDENTIAL_API_ORIGIN must start with https://')
  if (!portalOrigin.startsWith('https:')) problems.push('PORTAL_ORIGIN must start with https://')
  if (given.SESSION_SECRET && isGuessable(given.SESSION_SECRET))
    problems.push(`SESSION_SECRET is too short or not random; ${MAKE_KEY.toLowerCase()}`)
  const actionsKey = given.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY
  if (actionsKey && ![16, 24, 32].includes(bytesOf(actionsKey)?.length ?? 0))
    problems.push(`NEXT_SERVER_ACTIONS_ENCRYPTION_KEY is not a key in base64; ${MAKE_KEY.toLowerCase()}`)
  else if (actionsKey && new Set(actionsKey).size < DISTINCT_CHARACTERS_MIN)
    problems.push(`NEXT_SERVER_ACTIONS_ENCRYPTION_KEY is not random; ${MAKE_KEY.toLowerCase()}`)
  if (problems.length > 0)
    throw new ConfigurationError(`With a public PORTAL_ORIGIN these must be mended first: ${problems.join('; ')}.`)
}

function isGuessable(secret: string): boolean {
  return (
    secret.length < SECRET_LENGTH_MIN ||
    new Set(secret).size < DISTINCT_CHARACTERS_MIN ||
    /example|change.?me|password|secret/i.test(secret)
  )
}

const READABLE_BY_OTHERS = 0o007

/** The real paths are compared: a symbolic link may lead into DATA_DIR. Group-readable is allowed, as containers mount it so. */
function keyFileProblems(name: string, file: string, dataDir: string): string[] {
  const path = realPath(file)
  const problems: string[] = []
  if (`${path}${sep}`.startsWith(`${realPath(dataDir)}${sep}`))
    problems.push(`${name} lies inside DATA_DIR, so a copy of the data would hold its key; keep it elsewhere`)
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  if (mode & READABLE_BY_OTHERS) problems.push(`${name} can be read by everybody on this machine; run: chmod 600 on it`)
  return problems
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

/** Of 32 random bytes at least 27 differ as a rule; fewer than 16 happen once in 10^10 keys. */
const DISTINCT_BYTES_MIN = 16
const KEY_ID = /^[\w.-]{1,64}$/

function masterKeysOf(given: Given, dataDir: string): Pick<Env, 'masterKeys' | 'masterKeyFile'> {
  if (given.MASTER_KEY) return { masterKeys: parseMasterKeys(given.MASTER_KEY), masterKeyFile: null }
  const path = given.MASTER_KEY_FILE ?? keptPath(dataDir, 'master')
  // Keys from before the move to another provider are read with as long as they are there; none is made.
  if (given.KEY_PROVIDER !== 'local' && !given.MASTER_KEY_FILE && !existsSync(path))
    return { masterKeys: [], masterKeyFile: null }
  // Looked at before it is read: a change in between is noticed at the next look.
  const version = versionOfFile(path)
  const text = given.MASTER_KEY_FILE ? readFileOf('MASTER_KEY_FILE', path) : keptText(dataDir, 'master')
  return { masterKeys: parseMasterKeys(text), masterKeyFile: { path, kept: !given.MASTER_KEY_FILE, version } }
}

function parseMasterKeys(text: string): Env['masterKeys'] {
  const keys = keyEntries(text).map(([id, value]) => {
    refuseWeakKey(id, value)
    return { id, key: new Secret(value) }
  })
  if (keys.length === 0) throw new ConfigurationError(`MASTER_KEY is empty. ${MAKE_KEY}`)
  if (new Set(keys.map(({ id }) => id)).size !== keys.length)
    throw new ConfigurationError('Two master keys have the same id. Write each as id:base64, with an id of its own.')
  return keys
}

function keyEntries(text: string): [id: string, value: string][] {
  const entries = text.split(/[\s,]+/).filter(Boolean)
  return entries.map((entry) => {
    const colon = entry.indexOf(':')
    return colon < 0 ? ['k1', entry] : [entry.slice(0, colon), entry.slice(colon + 1)]
  })
}

/** Refuses what cannot be 32 random bytes: wrong lengths, passphrases, repeated bytes, counting examples. */
function refuseWeakKey(id: string, value: string): void {
  if (!KEY_ID.test(id))
    throw new ConfigurationError('MASTER_KEY has an id that is not made of letters, digits, dot, dash and underscore.')
  const bytes = bytesOf(value)
  if (!bytes) throw new ConfigurationError(`The master key ${id} is not in base64. ${MAKE_KEY}`)
  if (bytes.length !== KEY_BYTES)
    throw new ConfigurationError(`The master key ${id} has ${bytes.length} bytes; it needs ${KEY_BYTES}. ${MAKE_KEY}`)
  const steps = bytes.map((byte, index) => byte - (bytes[index - 1] ?? 0))
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  if (isText || new Set(bytes).size < DISTINCT_BYTES_MIN || new Set(steps).size < DISTINCT_BYTES_MIN)
    throw new ConfigurationError(`The master key ${id} is not random. ${MAKE_KEY}`)
}

/** Strict, unlike Buffer, which skips whatever is not base64. */
function bytesOf(text: string): Buffer | null {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null
}

function readFileOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new ConfigurationError(`${name} cannot be read: ${path}`)
  }
}

function keptPath(dataDir: string, name: string): string {
  return join(dataDir, 'keys', `${name}.key`)
}

/** A secret kept in DATA_DIR for a laptop: made once, 0600. After a rotation several keys, each with its id. */
function keptText(dataDir: string, name: string): string {
  const folder = join(dataDir, 'keys')
  const path = keptPath(dataDir, name)
  try {
    const kept = readKept(path) ?? makeKept(folder, path)
    const entries = keyEntries(kept)
    if (entries.length > 0 && entries.every(([, value]) => bytesOf(value)?.length === KEY_BYTES)) return kept
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`DATA_DIR cannot hold the keys (${code}): make ${folder} writable for this user.`)
  }
  throw new ConfigurationError(
    `${path} is damaged. Put it back from a backup: what it sealed cannot be read without it.`,
  )
}

function readKept(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    // Anything but "not there" must not lead to a new key, which could open nothing of what is stored.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return null
  }
}

/** Written in full, then linked: two processes at the first start agree on one, and nobody reads half a key. */
function makeKept(folder: string, path: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const draft = `${path}.${crypto.randomUUID()}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeFileSync(file, newKey())
    // Before anything is sealed under it: a power cut must not leave the data without its key.
    fsyncSync(file)
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    closeSync(file)
    unlinkSync(draft)
  }
  syncFolder(folder)
  return readFileSync(path, 'utf8').trim()
}

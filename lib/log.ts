import type { Env } from './env.ts'
import { env } from './env.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'
const levels: Record<Level, number> = { debug: 10, info: 20, warn: 30, error: 40 }

/** The only fields that are ever written. Anything else that is passed is dropped. */
const FIELDS = [
  'connectionId',
  'requestId',
  'teamId',
  'outboxId',
  'job',
  'letter',
  'verdict',
  'status',
  'route',
  'method',
  'reference',
  'attempt',
  'count',
  'latencyMs',
  'address',
  'port',
  'reason',
  'signal',
  'origin',
  'database',
  'provider',
] as const
type Fields = Partial<Record<(typeof FIELDS)[number], string | number | boolean | null | undefined>>

const FIELD_LENGTH_MAX = 500
/** More is not looked at. Scrubbed first and cut afterwards, so that no half of a secret slips under its pattern. */
const SCRUBBED_LENGTH_MAX = 10_000

export const log = {
  debug: (event: string, fields: Fields = {}) => write('debug', event, fields),
  info: (event: string, fields: Fields = {}) => write('info', event, fields),
  warn: (event: string, fields: Fields = {}) => write('warn', event, fields),
  /** Writes an error with a reference that may be shown to people. Answers the reference. */
  error(event: string, error: unknown, fields: Fields = {}): string {
    const reference = fields.reference ? String(fields.reference) : crypto.randomUUID().slice(0, 8)
    const name = error instanceof Error ? error.name : typeof error
    const message = error instanceof Error ? error.message : ''
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    const stack = settings().level === 'debug' && error instanceof Error ? error.stack : undefined
    write('error', event, { ...fields, reference }, { error: name, code, message, stack })
    return reference
  },
}

function write(level: Level, event: string, fields: Fields, more: Record<string, string | undefined> = {}): void {
  const { level: levelMin, secrets } = settings()
  if (levels[level] < levels[levelMin]) return
  const line: Record<string, unknown> = { at: new Date().toISOString(), level, event: clean(event, secrets) }
  for (const name of FIELDS) {
    const value: unknown = fields[name]
    if (typeof value === 'string') line[name] = clean(value, secrets)
    // An object that got here past the types is dropped: nobody has looked at what is inside it.
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) line[name] = value
  }
  for (const [name, value] of Object.entries(more)) if (value) line[name] = clean(value, secrets)
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

type Settings = { level: Level; secrets: string[] }
let known: { of: Env; settings: Settings } | null = null

function settings(): Settings {
  try {
    const current = env()
    if (known?.of !== current)
      known = { of: current, settings: { level: current.logLevel, secrets: secretsOf(current) } }
    return known.settings
  } catch {
    // Logging must not fail where the environment does.
    return { level: 'info', secrets: [] }
  }
}

/** Shorter ones are words, and cutting words out of every line helps nobody. */
const KNOWN_SECRET_LENGTH_MIN = 8

/** The secrets this process was started with, and the passwords inside its addresses. */
function secretsOf(current: Env): string[] {
  const { masterKeys, sessionSecret, serverActionsKey, smtpUrl, oidc, vault } = current
  const given = [sessionSecret, serverActionsKey, smtpUrl, oidc?.clientSecret, vault?.token]
  const secrets = [...masterKeys.map(({ key }) => key), ...given]
  const addresses = [smtpUrl?.reveal(), current.databaseUrl, current.migrationDatabaseUrl, current.testDatabaseUrl]
  return [...secrets.map((secret) => secret?.reveal()), ...addresses.flatMap(passwordsOf)]
    .filter((text) => text !== undefined)
    .filter(({ length }) => length >= KNOWN_SECRET_LENGTH_MIN)
    .sort((a, b) => b.length - a.length)
}

function passwordsOf(address: string | null | undefined): string[] {
  if (!address || !URL.canParse(address)) return []
  const { password } = new URL(address)
  return [password, plainText(password)]
}

function plainText(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

function clean(text: string, secrets: readonly string[]): string {
  const bounded = text.slice(0, SCRUBBED_LENGTH_MAX)
  return scrub(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), bounded)).slice(
    0,
    FIELD_LENGTH_MAX,
  )
}

/**
 * The last net: whatever looks like a secret goes, wherever it stands. Our own ids have 30 characters and stay
 * readable; ids of others, checksums and long paths are lost on the way, which is the cheaper mistake.
 */
export function scrub(text: string): string {
  return text
    .replace(/\/l\/[^\s"'/?#]+/g, '/l/[link]')
    .replace(/\b(bearer|basic|x-api-token:?)(\s+)[^\s&"',;}]+/gi, '$1$2[secret]')
    .replace(/\b(api_?token|x-api-token|password|secret)(["']?\s*[=:]\s*["']?)[^\s&"',;}]+/gi, '$1$2[secret]')
    .replace(/:\/\/[^\s/@]+@/g, '://[secret]@')
    .replace(/[A-Za-z0-9+/_=-]{32,}/g, '[secret]')
    .replace(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, '[address]')
}

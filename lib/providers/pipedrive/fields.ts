import type {
  CleanDomain,
  CleanStartDate,
  CleanToken,
  LooksLike,
  ProviderFields,
  RemovedPart,
  StartDateFault,
  TokenHint,
} from '../provider-fields.ts'

/**
 * Cleans and checks what a customer types or pastes for Pipedrive.
 * Plain functions without imports: the server's schema and the form in the browser run the same lines.
 */

const DOMAIN_TYPED_CHARACTERS_MAX = 2048
const TOKEN_TYPED_CHARACTERS_MAX = 16_384
const TOKEN_CHARACTERS_MIN = 8
const TOKEN_CHARACTERS_MAX = 512
const TOKEN_CHARACTERS_USUAL = 40
const NAME_TYPED_CHARACTERS_MAX = 1000
const NAME_CHARACTERS_MAX = 80
const DATE_TYPED_CHARACTERS_MAX = 40
const UNWRAP_ROUNDS_MAX = 6
const START_DATE_EARLIEST = '2000-01-01'

const DOMAIN_SUFFIX = '.pipedrive.com'
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Pipedrive's own hosts. None of them is a company; the public list is incomplete, so a wrong one fails later by name. */
const SHARED_LABELS: ReadonlySet<string> = new Set([
  'api',
  'api-proxy',
  'app',
  'community',
  'devcommunity',
  'developers',
  'oauth',
  'support',
  'www',
])

/** Format and control characters are invisible in a text field; tab and line break count as blanks instead. */
const HIDDEN = /\p{Cf}|\p{Variation_Selector}|\u034f|\u115f|\u1160|\u3164|(?![\t\n\v\f\r])\p{Cc}/gu
const QUOTES = '["\'`´‘’‚‛“”„‟«»‹›]+'
const QUOTES_AROUND = new RegExp(`^${QUOTES}|${QUOTES}$`, 'gu')
const PRINTABLE = /^[!-~]+$/

/** True for the one DNS label that can stand in front of `.pipedrive.com` as a company. */
export function isCompanyLabel(text: string): boolean {
  return LABEL.test(text) && !SHARED_LABELS.has(text)
}

/**
 * `https://acme.pipedrive.com/pipeline/1` becomes `acme`.
 * A value that looks like a secret comes back empty, so that a form that shows it again shows nothing.
 */
export function cleanDomain(typed: unknown): CleanDomain {
  if (typeof typed !== 'string') return { value: '', error: 'DOMAIN_MISSING' }
  const text = typed.slice(0, DOMAIN_TYPED_CHARACTERS_MAX).replace(HIDDEN, '').trim().replace(QUOTES_AROUND, '').trim()
  if (text === '') return { value: '', error: 'DOMAIN_MISSING' }
  if (isSecret(text)) return { value: '', error: 'DOMAIN_FORMAT' }

  // Before lower-casing: some other alphabets have letters whose lower case is ASCII.
  const readable = typed.length <= DOMAIN_TYPED_CHARACTERS_MAX && PRINTABLE.test(text)
  const label = readable ? labelOf(text.toLowerCase()) : null
  if (label === null) return { value: text.slice(0, 253), error: 'DOMAIN_FORMAT' }
  if (label === '' || SHARED_LABELS.has(label)) return { value: label, error: 'DOMAIN_SHARED_HOST' }
  return { value: label }
}

/** The label, '' for the bare `pipedrive.com`, or null when this is not an address of Pipedrive. */
function labelOf(address: string): string | null {
  const withoutScheme = address.replace(/^(https?:)?\/\//, '')
  const authority = withoutScheme.split(/[/?#\\]/, 1)[0] ?? ''
  const host = authority.replace(/:443$/, '').replace(/\.$/, '')
  if (`.${host}` === DOMAIN_SUFFIX) return ''
  const label = host.endsWith(DOMAIN_SUFFIX) ? host.slice(0, -DOMAIN_SUFFIX.length) : host
  return LABEL.test(label) ? label : null
}

/** Takes the API token out of whatever was pasted around it. Refuses only what is clearly something else. */
export function cleanApiToken(typed: unknown): CleanToken {
  if (typeof typed !== 'string') return { value: '', removed: [], error: 'TOKEN_MISSING' }
  const removed = new Set<RemovedPart>()
  const visible = take(typed.slice(0, TOKEN_TYPED_CHARACTERS_MAX), HIDDEN, 'hidden_characters', removed)
  // A key file has line breaks inside, which the next step takes away.
  if (/-----\s*BEGIN\b/.test(visible)) return refused('private_key', removed)
  // A connection string in the text form has blanks and quotes that belong to it.
  if (hasConnectionString(visible.trim())) return refused('connection_string', removed)

  const value = take(unwrap(visible, removed), /\s+/gu, 'spaces', removed)
  const parts = [...removed]
  if (value === '') return { value, removed: parts, error: 'TOKEN_MISSING' }
  const looksLike = looksLikeOf(value)
  if (looksLike !== null) return refused(looksLike, removed)
  const tooLong = typed.length > TOKEN_TYPED_CHARACTERS_MAX || value.length > TOKEN_CHARACTERS_MAX
  if (tooLong || value.length < TOKEN_CHARACTERS_MIN || !PRINTABLE.test(value)) {
    const isCut = value.length < TOKEN_CHARACTERS_USUAL || /[…•●*]/u.test(value)
    return { value: '', removed: parts, error: 'TOKEN_FORMAT', ...(isCut && { hint: 'cut' as const }) }
  }
  const hint = hintOf(value)
  return hint === null ? { value, removed: parts } : { value, removed: parts, hint }
}

function refused(looksLike: LooksLike, removed: Set<RemovedPart>): CleanToken {
  return { value: '', removed: [...removed], error: 'TOKEN_FORMAT', looksLike }
}

/** Peels blanks, quotes, addresses and header names off, until nothing more comes off. */
function unwrap(pasted: string, removed: Set<RemovedPart>): string {
  let text = pasted
  for (let round = 0; round < UNWRAP_ROUNDS_MAX; round++) {
    const before = text
    text = take(text, /^\s+|\s+$/gu, 'spaces', removed)
    text = take(text, QUOTES_AROUND, 'quotes', removed)
    text = takeAddress(text, removed)
    text = take(text, /^(?:x-api-token|api[-_ ]?token|api[-_ ]?key|token)\s*[:=]\s*/iu, 'name_in_front', removed)
    text = take(text, /^(?:authorization\s*:\s*)?bearer(?:\s+|\s*:\s*)/iu, 'bearer', removed)
    if (text === before) break
  }
  return text
}

/** `…/users/me?api_token=abc&x=1` and `curl -H "x-api-token: abc" …` hold the token in the middle. */
function takeAddress(text: string, removed: Set<RemovedPart>): string {
  const query = /(?:^|[?&])api_token=([^&#\s"'<>]+)/iu.exec(text)
  const header = /[\s"']x-api-token\s*:\s*([^\s"']+)/iu.exec(text)
  const found = query?.[1] ?? header?.[1]
  if (found === undefined) return text
  const isBare = text.toLowerCase() === `api_token=${found.toLowerCase()}`
  removed.add(isBare ? 'name_in_front' : 'address_around_it')
  return decoded(found)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function take(text: string, pattern: RegExp, part: RemovedPart, removed: Set<RemovedPart>): string {
  const rest = text.replace(pattern, '')
  if (rest !== text) removed.add(part)
  return rest
}

const SECRETS_OF_OTHERS: readonly [LooksLike, RegExp][] = [
  ['private_key', /^-----\s*BEGIN|^PuTTY-User-Key-File/],
  ['github', /^(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})/],
  ['stripe', /^(?:(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{8,})/],
  ['aws', /^(?:AKIA|ASIA)[A-Z0-9]{16}$/],
  ['slack', /^(?:xox[abeprs]-|xapp-\d-|https:\/\/hooks\.slack\.com\/)/i],
  ['google', /^(?:AIza[\w-]{35}$|ya29\.|GOCSPX-|1\/\/0[\w-]{20,})/],
  ['hubspot', /^pat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f-]{20,}$/i],
  ['openai', /^sk-(?:(?:proj|ant|svcacct|or)-[\w-]{16,}|[A-Za-z0-9]{40,})$/],
  ['gitlab', /^gl(?:pat|ptt|dt|rt|soat)-[\w-]{16,}/],
  ['shopify', /^shp(?:at|ca|pa|ss|ua)_[0-9a-f]{16,}/i],
  ['npm', /^npm_[A-Za-z0-9]{20,}$/],
  ['mail_service', /^(?:SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}|xkeysib-[0-9a-f]{16,})/],
  // Cut after its first dot it is one still.
  ['jwt', /^eyJ[A-Za-z0-9_-]{16,}\./],
  ['oauth', /^(?:v1u:|1:1:[0-9a-f]{40}$)/i],
  ['jwt', /^[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}$/],
  ['email', /^(?:mailto:)?[^\s@:/]+@[^\s@:/]+\.[^\s@:/.]{2,}$/i],
]

function looksLikeOf(value: string): LooksLike | null {
  if (hasConnectionString(value)) return 'connection_string'
  return SECRETS_OF_OTHERS.find(([, pattern]) => pattern.test(value))?.[0] ?? null
}

function hasConnectionString(text: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/@:]{0,200}:[^\s/@]{1,200}@/i.test(text) ||
    /^(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver):\/\//i.test(text) ||
    /^jdbc:/i.test(text) ||
    /(?:^|;)\s*(?:password|pwd|accountkey|sharedaccesskey)\s*=[^;]+(?:;|$)/i.test(text)
  )
}

/** For fields that are no place for any secret: an API token typed into the wrong box must not be kept or shown. */
function isSecret(text: string): boolean {
  if (/^[0-9a-f]{40}$/i.test(text)) return true
  const looksLike = looksLikeOf(text)
  // `acme.pipedrive.com` has two dots as well, and an e-mail address is no secret.
  return looksLike !== null && looksLike !== 'email' && (looksLike !== 'jwt' || text.startsWith('eyJ'))
}

function hintOf(value: string): TokenHint | null {
  if (/^[A-Za-z0-9]{40}$/.test(value)) return null
  if (/^(?:deal|person|organization|org|product|activity)?\.?[0-9a-f]{40}_[a-z_]+$/.test(value))
    return 'custom_field_key'
  if (/\.\.\.?$|\*{3,}/.test(value)) return 'cut'
  if (/^[0-9a-f]{20,39}$/.test(value)) return 'cut'
  if (/[^A-Za-z0-9]/.test(value) && value.length < TOKEN_CHARACTERS_USUAL) return 'password'
  return value.length === TOKEN_CHARACTERS_USUAL ? null : 'length'
}

/** One line of at most 80 characters; empty when there is nothing usable, or when a secret was put here by mistake. */
export function cleanConnectionName(typed: unknown): { value: string } {
  if (typeof typed !== 'string') return { value: '' }
  const line = typed.slice(0, NAME_TYPED_CHARACTERS_MAX).toWellFormed().replace(HIDDEN, '').replace(/\s+/gu, ' ').trim()
  if (line.split(' ').some(isSecret)) return { value: '' }
  return { value: [...line].slice(0, NAME_CHARACTERS_MAX).join('').trim() }
}

/**
 * From when on changes are wanted: what changed at that instant or later. A day becomes its first instant in UTC; a full
 * RFC 3339 instant is kept letter by letter, whatever its zone. The current day in UTC is still allowed.
 */
export function cleanStartDate(
  typed: unknown,
  { today, required }: { today: Date; required: boolean },
): CleanStartDate {
  const text =
    typeof typed === 'string'
      ? typed
          .slice(0, DATE_TYPED_CHARACTERS_MAX + 1)
          .replace(HIDDEN, '')
          .trim()
      : ''
  if (text === '') return required ? refusedDate('missing') : { value: null }

  const value = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  const fault = faultOf(value, today)
  return fault ? refusedDate(fault) : { value }
}

function refusedDate(why: StartDateFault): CleanStartDate {
  return { value: null, error: 'START_DATE_INVALID', why }
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/
/** Whoever writes "now" may have a clock that is ahead of ours. */
const CLOCKS_APART_MS = 10 * 60_000

function faultOf(text: string, today: Date): StartDateFault | null {
  const day = INSTANT.exec(text)?.[1]
  if (day === undefined || !isCalendarDay(day)) return 'unreadable'
  const at = Date.parse(text)
  if (at < Date.parse(`${START_DATE_EARLIEST}T00:00:00Z`)) return 'too_early'
  return at > today.getTime() + CLOCKS_APART_MS ? 'future' : null
}

/** `Date` turns 30 February into 1 March instead of refusing it. */
function isCalendarDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}

/** For words to people: whether an API token or another secret stands anywhere in them. */
function holdsSecret(text: string): boolean {
  const visible = text.slice(0, TOKEN_TYPED_CHARACTERS_MAX).replace(HIDDEN, '')
  if (/(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])/i.test(visible) || /-----\s*BEGIN\b/.test(visible)) return true
  // Without the blanks too: a token that a mail program broke in two is one still.
  if (/(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])/i.test(visible.replace(/([0-9a-f]{4,})\s+(?=[0-9a-f]{4,})/gi, '$1')))
    return true
  return (
    visible.split(/[\s"'`,;()<>=]+/).some((word) => isSecret(word.replace(/[.!?:]+$/, ''))) ||
    hasConnectionString(visible)
  )
}

export const pipedriveFields: ProviderFields = {
  name: 'Pipedrive',
  addressSuffix: DOMAIN_SUFFIX,
  addressOf: (companyDomain) => `${companyDomain}${DOMAIN_SUFFIX}`,
  tokenPageOf: (companyDomain) => `https://${companyDomain || 'app'}${DOMAIN_SUFFIX}/settings/api`,
  cleanConnectionName,
  cleanDomain,
  cleanApiToken,
  cleanStartDate,
  holdsSecret,
}

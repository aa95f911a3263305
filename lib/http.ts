import { lookup as resolve } from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * The one way out of this process to an address that somebody else chose: a GET that expects a small JSON answer, or a
 * POST whose answer is its status and when to come back. Each ends in one of a closed list of ways instead of throwing.
 *
 * It is made of `node:https` and not of the built-in `fetch`, because the address has to be checked when the connection
 * is made: a name can resolve to a harmless address when asked and to 169.254.169.254 a moment later. `fetch` offers no
 * hook there without adding undici; an agent has `lookup`. Neither follows redirects nor decodes compressed bodies, so
 * nothing of the kind can be switched on by accident.
 */

const CONNECT_TIMEOUT_MS = 3_000
/** More than the watcher has on the way, so that people never queue behind it. */
const SOCKETS_PER_HOST_MAX = 192
const SOCKETS_MAX = 384
/** As many as are used at once: with fewer, nearly every call of a batch would begin with a new connection. */
const IDLE_SOCKETS_PER_HOST_MAX = 128
/** Shorter than the idle time-out of usual servers, so that a connection is rarely closed under a new request. */
const IDLE_SOCKET_MS = 4_000
const RETRY_AFTER_SECONDS_MAX = 172_800

export type GetJsonOptions = {
  headers: Readonly<Record<string, string>>
  /** For everything: name, connection, headers and body. */
  timeoutMs: number
  bytesMax: number
  /** The one origin that may be plain http and a private address: a fake provider on loopback. */
  allowPrivateOrigin?: string | null
}

/** The body is parsed or flagged. The text of something that is not JSON goes no further. */
export type AnswerBody = { type: 'json'; value: unknown } | { type: 'html' } | { type: 'not_json' }

type AnswerHeaders = Readonly<Record<string, string>>

export type HttpOutcome =
  | { kind: 'answer'; status: number; headers: AnswerHeaders; body: AnswerBody }
  /** `status` is null when not even headers came, here and in `cut`. */
  | { kind: 'timeout'; status: number | null }
  /** No connection: name, TLS or refusal. `reason` is the code of the system's error. */
  | { kind: 'network'; reason: string }
  /** The connection ended before the answer did. */
  | { kind: 'cut'; status: number | null }
  | { kind: 'redirect'; status: number }
  | { kind: 'too_large'; status: number | null }
  /** Not https, or an address inside a private network. */
  | { kind: 'refused_address' }

export type GetJson = (url: string, options: GetJsonOptions) => Promise<HttpOutcome>

export const getJson: GetJson = async (url, options) => (await send(url, options)).outcome

/** With the headers that came, whatever became of the rest. */
type Ending = { outcome: HttpOutcome; headers: AnswerHeaders }

async function send(url: string, options: GetJsonOptions & { body?: string }): Promise<Ending> {
  const target = URL.canParse(url) ? new URL(url) : null
  const isAllowedOrigin = target !== null && target.origin === options.allowPrivateOrigin
  if (target === null || !mayAsk(target, isAllowedOrigin)) return { outcome: { kind: 'refused_address' }, headers: {} }
  return ask(target, options, agentFor(target, isAllowedOrigin))
}

export type PostOptions = Omit<GetJsonOptions, 'headers'> & { headers: Readonly<Record<string, string>>; body: string }

/** `answered`: whatever came after the headers. Nothing of it is kept. */
export type PostOutcome =
  | { kind: 'answered'; status: number; retryAfterSeconds: number | null }
  | Exclude<HttpOutcome, { kind: 'answer' | 'too_large' }>

export async function post(url: string, options: PostOptions): Promise<PostOutcome> {
  const { outcome, headers } = await send(url, options)
  switch (outcome.kind) {
    case 'redirect':
    case 'network':
    case 'refused_address':
      return outcome
    case 'answer':
    case 'timeout':
    case 'cut':
    case 'too_large':
      // The status is what counts, even where its text never ends.
      if (outcome.status !== null)
        return { kind: 'answered', status: outcome.status, retryAfterSeconds: retryAfterOf(headers) }
      return outcome.kind === 'timeout' ? { kind: 'timeout', status: null } : { kind: 'cut', status: null }
  }
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterOf(headers: AnswerHeaders): number | null {
  const header = headers['retry-after']
  if (header === undefined) return null
  const seconds = secondsOf(header)
  if (seconds !== null) return seconds
  const at = /^[A-Za-z]{3}/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? null : bounded(Math.ceil((at - Date.now()) / 1000))
}

export function secondsOf(header: string | undefined): number | null {
  return header !== undefined && /^\s*\d{1,9}(\.\d{1,9})?\s*$/.test(header) ? bounded(Math.ceil(Number(header))) : null
}

function bounded(seconds: number): number {
  return Math.min(Math.max(seconds, 0), RETRY_AFTER_SECONDS_MAX)
}

function mayAsk(target: URL, isAllowedOrigin: boolean): boolean {
  if (target.username !== '' || target.password !== '') return false
  if (isAllowedOrigin) return target.protocol === 'https:' || target.protocol === 'http:'
  // A literal address never reaches `lookup`.
  const host = target.hostname.replace(/^\[|\]$/g, '')
  return target.protocol === 'https:' && (isIP(host) === 0 || isPublicAddress(host))
}

function ask(target: URL, options: GetJsonOptions & { body?: string }, agent: http.Agent): Promise<Ending> {
  return new Promise((resolveEnding) => {
    const isTls = target.protocol === 'https:'
    let status: number | null = null
    let headers: AnswerHeaders = {}
    let connectTimer: NodeJS.Timeout | undefined
    const totalTimer = setTimeout(() => giveUp({ kind: 'timeout', status }), Math.max(0, options.timeoutMs))

    const settle = (outcome: HttpOutcome) => {
      clearTimeout(totalTimer)
      clearTimeout(connectTimer)
      resolveEnding({ outcome, headers })
    }
    const giveUp = (outcome: HttpOutcome) => {
      settle(outcome)
      request.destroy()
    }

    const request = (isTls ? https : http).request(target, {
      method: options.body === undefined ? 'GET' : 'POST',
      agent,
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...options.headers },
      // Stated, because NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's shell must not switch it off.
      ...(isTls && { rejectUnauthorized: true }),
    })
    request.once('socket', (socket) => {
      if (!socket.connecting) return
      connectTimer = setTimeout(() => giveUp({ kind: 'timeout', status }), CONNECT_TIMEOUT_MS)
      socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connectTimer))
    })
    request.on('error', (error) => settle(outcomeOf(error, status)))
    request.once('response', (answer) => {
      status = answer.statusCode ?? 0
      headers = flatten(answer.headers)
      answer.on('error', () => settle({ kind: 'cut', status }))
      if (status >= 300 && status < 400) return giveUp({ kind: 'redirect', status })
      read(answer, { status, headers, bytesMax: options.bytesMax, settle, giveUp })
    })
    request.end(options.body)
  })
}

type Reading = {
  status: number
  headers: AnswerHeaders
  bytesMax: number
  settle: (outcome: HttpOutcome) => void
  giveUp: (outcome: HttpOutcome) => void
}

function read(answer: http.IncomingMessage, { status, headers, bytesMax, settle, giveUp }: Reading): void {
  if (Number(answer.headers['content-length']) > bytesMax) {
    giveUp({ kind: 'too_large', status })
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > bytesMax) return giveUp({ kind: 'too_large', status })
    chunks.push(chunk)
  })
  answer.once('close', () => settle({ kind: 'cut', status }))
  answer.once('end', () => {
    if (!answer.complete) return settle({ kind: 'cut', status })
    settle({ kind: 'answer', status, headers, body: bodyOf(Buffer.concat(chunks), headers) })
  })
}

function flatten(headers: http.IncomingHttpHeaders): AnswerHeaders {
  const flat: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = String(value)
  return flat
}

function bodyOf(bytes: Buffer, headers: AnswerHeaders): AnswerBody {
  const contentType = headers['content-type']?.toLowerCase() ?? ''
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return { type: 'not_json' }
  const text = bytes.toString('utf8')
  if (/^\s*text\/html\b/.test(contentType) || /^\ufeff?\s*</.test(text)) return { type: 'html' }
  if (!/^\s*application\/([\w.-]+\+)?json\s*(;|$)/.test(contentType)) return { type: 'not_json' }
  try {
    return { type: 'json', value: JSON.parse(text) }
  } catch {
    return { type: 'not_json' }
  }
}

class RefusedAddressError extends Error {}

function outcomeOf(error: Error, status: number | null): HttpOutcome {
  if (error instanceof RefusedAddressError) return { kind: 'refused_address' }
  const reason = String((error as NodeJS.ErrnoException).code ?? 'UNKNOWN')
  // Happy eyeballs gathers the failures of several addresses of one host.
  if (reason === 'ETIMEDOUT') return { kind: 'timeout', status }
  if (reason === 'HPE_HEADER_OVERFLOW') return { kind: 'too_large', status }
  if (reason === 'ECONNRESET' || reason === 'EPIPE' || reason.startsWith('HPE_')) return { kind: 'cut', status }
  return { kind: 'network', reason: reason.slice(0, 60) }
}

/** Resolves a name and leaves out every address that is not public; with none left the connection is never made. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '', 0)
    const addresses = found.filter(({ address }) => isPublicAddress(address))
    const first = addresses[0]
    if (first === undefined) return callback(new RefusedAddressError('no public address'), '', 0)
    if (options.all) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}

const limits = {
  keepAlive: true,
  maxSockets: SOCKETS_PER_HOST_MAX,
  maxTotalSockets: SOCKETS_MAX,
  maxFreeSockets: IDLE_SOCKETS_PER_HOST_MAX,
  timeout: IDLE_SOCKET_MS,
} as const

/** Agents keep connections, so what may reach a private address never shares one with what may not. */
const agents = {
  public: new https.Agent({ ...limits, lookup: lookupPublic }),
  fakeHttp: new http.Agent(limits),
  fakeHttps: new https.Agent(limits),
}

function agentFor(target: URL, isAllowedOrigin: boolean): http.Agent {
  if (!isAllowedOrigin) return agents.public
  return target.protocol === 'https:' ? agents.fakeHttps : agents.fakeHttp
}

const nonPublic4 = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  nonPublic4.addSubnet(network, prefix, 'ipv4')
}

/** The public part of IPv6 is 2000::/3; loopback, link-local, unique local, mapped and NAT64 all lie outside of it. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const nonPublic6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  nonPublic6.addSubnet(network, prefix, 'ipv6')
}

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !nonPublic4.check(address, 'ipv4')
    case 6:
      return global6.check(address, 'ipv6') && !nonPublic6.check(address, 'ipv6')
    default:
      return false
  }
}

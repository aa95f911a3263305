import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConstantBackoff,
  circuitBreaker,
  handleWhenResult,
  type IBreaker,
  isBrokenCircuitError,
  retry,
  wrap,
} from 'cockatiel'
import { type GetJson, getJson, type HttpOutcome } from '../../http.ts'
import type { Secret } from '../../secret.ts'
import type { Burst, CallRecord } from '../provider.ts'
import { isCompanyLabel } from './fields.ts'

/** The calls to Pipedrive. There are only reads here: nothing in the customer's company changes. */

const IDENTITY_BASE = 'https://api.pipedrive.com'
const ANSWER_BYTES_MAX = 1_000_000
const REQUEST_ID_CHARACTERS_MAX = 100
const FAILURES_IN_A_ROW_MAX = 5
const FAILURES_WITHIN_MS = 30_000
export const BREAKER_REST_SECONDS = 15
const BREAKERS_MAX = 1_000
const RETRY_AFTER_MS = 50

export type ReadEntity = 'deals' | 'persons' | 'organizations' | 'activities'

/** `breaker_open`: the last calls to this host got no answer, so this one was not made. */
export type CallOutcome = HttpOutcome | { kind: 'breaker_open' }

/** How a request leaves; `host` names the breaker it belongs to. */
export type Ask = (request: { url: string; host: string } & Parameters<GetJson>[1]) => Promise<CallOutcome>

export type PipedriveClient = ReturnType<typeof createPipedriveClient>

export function createPipedriveClient({
  apiToken,
  fakeBaseUrl,
  timeoutMs,
  ask = askPipedrive,
}: {
  apiToken: Secret
  fakeBaseUrl: string | null
  timeoutMs: number
  ask?: Ask
}) {
  const deadlineAt = performance.now() + timeoutMs
  const calls: CallRecord[] = []
  const seen: { asked: boolean; burst: Burst | null } = { asked: false, burst: null }
  const fakeBase = fakeBaseUrl?.replace(/\/+$/, '') ?? null
  const allowPrivateOrigin = fakeBase === null ? null : new URL(fakeBase).origin

  async function get({ base, path, template }: { base: string; path: string; template: string }): Promise<CallOutcome> {
    const startedAt = performance.now()
    const outcome = await ask({
      url: base + path,
      host: base,
      headers: headersOf(apiToken),
      timeoutMs: deadlineAt - startedAt,
      bytesMax: ANSWER_BYTES_MAX,
      allowPrivateOrigin,
    })
    if (outcome.kind !== 'breaker_open') seen.asked = true
    if (outcome.kind === 'answer') seen.burst = lower(seen.burst, burstOf(outcome.headers))
    calls.push({
      call: `GET ${template}`,
      status: 'status' in outcome ? outcome.status : null,
      latencyMs: Math.round(performance.now() - startedAt),
      requestId: outcome.kind === 'answer' ? requestIdOf(outcome.headers['x-correlation-id']) : null,
    })
    return outcome
  }

  return {
    calls,
    seen,

    getTokenOwner: () => get({ base: fakeBase ?? IDENTITY_BASE, path: '/v1/users/me', template: '/v1/users/me' }),

    getPermissions({ companyDomain, userId }: { companyDomain: string; userId: string }): Promise<CallOutcome> {
      if (!/^\d{1,20}$/.test(userId)) throw new Error('not a user id')
      const base = companyBase(companyDomain, fakeBase)
      return get({ base, path: `/v1/users/${userId}/permissions`, template: '/api/v1/users/{id}/permissions' })
    },

    /** One row is enough to know whether rows may be read; the price is the same for 1 and for 500. */
    readOne(entity: ReadEntity, { companyDomain, startDate }: { companyDomain: string; startDate: string | null }) {
      const since = startDate === null ? null : wholeSeconds(startDate)
      const query = since === null ? '?limit=1' : `?limit=1&updated_since=${encodeURIComponent(since)}`
      const template = `/api/v2/${entity}?limit=1${since === null ? '' : '&updated_since={startDate}'}`
      return get({ base: companyBase(companyDomain, fakeBase), path: `/v2/${entity}${query}`, template })
    },
  }
}

/** Without a token Pipedrive says 401: any answer of its own means that the way there is open. */
export async function reachPipedrive({
  fakeBaseUrl,
  timeoutMs,
}: {
  fakeBaseUrl: string | null
  timeoutMs: number
}): Promise<{ ok: boolean; reason: string }> {
  const base = fakeBaseUrl?.replace(/\/+$/, '') ?? IDENTITY_BASE
  const outcome = await getJson(`${base}/v1/users/me`, {
    headers: {},
    timeoutMs,
    bytesMax: ANSWER_BYTES_MAX,
    allowPrivateOrigin: fakeBaseUrl === null ? null : new URL(base).origin,
  })
  if (outcome.kind !== 'answer')
    return { ok: false, reason: outcome.kind === 'network' ? outcome.reason : outcome.kind }
  return { ok: outcome.status < 500, reason: `answers ${outcome.status}` }
}

/** Where a company is asked. The label becomes a host name, so it is checked here whatever its origin. */
export function companyBase(companyDomain: string, fakeBaseUrl: string | null): string {
  if (!isCompanyLabel(companyDomain)) throw new Error('not a company label')
  return fakeBaseUrl === null ? `https://${companyDomain}.pipedrive.com/api` : `${fakeBaseUrl}/${companyDomain}/api`
}

/** In a header only, never in an address. */
export function headersOf(apiToken: Secret): Record<string, string> {
  return { 'x-api-token': apiToken.reveal() }
}

/** Pipedrive's filters want UTC without fractions. */
function wholeSeconds(instant: string): string | null {
  const at = new Date(instant)
  return Number.isNaN(at.getTime()) ? null : `${at.toISOString().slice(0, 19)}Z`
}

const SHORT_WINDOW_SECONDS = 2

/** How much of the short window is left, where the answer says so. */
function burstOf(headers: Readonly<Record<string, string>>): Burst | null {
  const [left, reset] = [headers['x-ratelimit-remaining'], headers['x-ratelimit-reset']]
  if (left === undefined || !/^\d{1,6}$/.test(left)) return null
  const seconds = reset !== undefined && /^\d{1,2}$/.test(reset) ? Number(reset) : SHORT_WINDOW_SECONDS
  return { left: Number(left), resetSeconds: seconds }
}

/** Calls go out together and their answers come in any order: the lowest count is the last one. */
function lower(one: Burst | null, other: Burst | null): Burst | null {
  if (one === null || other === null) return other ?? one
  return other.left < one.left ? other : one
}

function requestIdOf(header: string | undefined): string | null {
  if (header === undefined) return null
  return header.replace(/[^\w.:-]/g, '').slice(0, REQUEST_ID_CHARACTERS_MAX) || null
}

/**
 * Puts a circuit breaker in front of each host, and one quick retry behind it for a kept connection that the other side
 * closed under us. Only calls that did not even get headers count as failures: an error status is cheap, and it may concern one
 * token or one company only, so it must not stop the checks of all the others.
 */
export function withBreakers(get: GetJson): Ask {
  const breakers = new Map<string, CircuitBreakerPolicy>()

  return async ({ url, host, ...options }) => {
    const breaker = breakers.get(host) ?? createBreaker()
    // Set again on every use, so that the host asked longest ago is the first one to be forgotten.
    breakers.delete(host)
    breakers.set(host, breaker)
    if (breakers.size > BREAKERS_MAX) breakers.delete(breakers.keys().next().value ?? '')

    const startedAt = performance.now()
    // While one call tries out a resting host, the others are answered at once instead of queueing behind it.
    if (breaker.state === CircuitState.HalfOpen) return { kind: 'breaker_open' }
    try {
      return await wrap(breaker, retryDropped).execute(() => {
        const timeoutMs = options.timeoutMs - (performance.now() - startedAt)
        return timeoutMs > 0
          ? get(url, { ...options, timeoutMs })
          : Promise.resolve({ kind: 'timeout', status: null } as const)
      })
    } catch (error) {
      if (isBrokenCircuitError(error)) return { kind: 'breaker_open' }
      throw error
    }
  }
}

function createBreaker(): CircuitBreakerPolicy {
  return circuitBreaker(handleWhenResult(isUnanswered), {
    halfOpenAfter: BREAKER_REST_SECONDS * 1_000,
    breaker: new RecentFailures(),
  })
}

const retryDropped = retry(handleWhenResult(isDropped), {
  maxAttempts: 1,
  backoff: new ConstantBackoff(RETRY_AFTER_MS),
})

function isUnanswered(outcome: unknown): boolean {
  const answer = outcome as CallOutcome
  const hasNoHeaders = (answer.kind === 'timeout' || answer.kind === 'cut') && answer.status === null
  return hasNoHeaders || answer.kind === 'network'
}

/** Opens after failures in a row, when they came close together: five in a day are no outage. */
class RecentFailures implements IBreaker {
  state: unknown
  #failedAt: number[] = []

  success(): void {
    this.#failedAt = []
  }

  failure(state: CircuitState): boolean {
    const now = performance.now()
    this.#failedAt = [...this.#failedAt.filter((at) => now - at < FAILURES_WITHIN_MS), now]
    return state === CircuitState.HalfOpen || this.#failedAt.length >= FAILURES_IN_A_ROW_MAX
  }
}

function isDropped(outcome: unknown): boolean {
  const { kind, ...rest } = outcome as CallOutcome
  return kind === 'cut' && 'status' in rest && rest.status === null
}

const askPipedrive = withBreakers(getJson)

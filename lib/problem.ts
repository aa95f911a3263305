import { env } from './env.ts'

/** Every way the API refuses. The codes are stable: integrations branch on them, people read the titles. */
export const problems = {
  key_missing: { status: 401, title: 'No API key was sent' },
  key_unknown: { status: 401, title: 'The API key is not known' },
  key_revoked: { status: 401, title: 'The API key was revoked' },
  key_expired: { status: 401, title: 'The API key has expired' },
  address_not_allowed: { status: 403, title: 'The API key may not be used from this address' },
  scope_missing: { status: 403, title: 'The API key lacks the scope for this call' },
  limited_key: { status: 403, title: 'The API key is limited to certain connections' },
  not_found: { status: 404, title: 'There is nothing here for this API key' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  not_acceptable: { status: 406, title: 'The answer cannot be given in the format that was asked for' },
  not_connected: { status: 409, title: 'The customer has not connected yet' },
  needs_action: { status: 409, title: 'Somebody has to act before the token can be used' },
  waiting_for_provider: { status: 409, title: 'The token is not checked yet: the provider does not answer' },
  stopped: { status: 409, title: 'The provider refused the token; the customer was asked for another one' },
  off_boarding: { status: 409, title: 'The connection is being closed' },
  closed: { status: 409, title: 'The connection is closed' },
  nothing_to_check: { status: 409, title: 'The connection has no token that could be checked' },
  not_off_boarding: { status: 409, title: 'Nobody has begun to close the connection' },
  link_not_needed: { status: 409, title: 'No connection of this request needs a link' },
  hand_off_frozen: { status: 423, title: 'The team has stopped the hand-off of this token' },
  idempotency_in_progress: { status: 409, title: 'A call with this Idempotency-Key is still running' },
  cursor_expired: { status: 410, title: 'Events after this cursor are no longer kept' },
  misdirected: { status: 421, title: 'Credentials are given out at another address' },
  too_large: { status: 413, title: 'The body is too large' },
  not_json: { status: 415, title: 'The body has to be JSON' },
  unreadable_json: { status: 400, title: 'The body cannot be read as JSON' },
  idempotency_key_format: { status: 400, title: 'The Idempotency-Key has to be 1 to 200 visible ASCII characters' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another call' },
  invalid_request: { status: 422, title: 'Something in the request has to be changed' },
  rate_limited: { status: 429, title: 'Too many calls' },
  internal: { status: 500, title: 'Something failed on our side' },
  unavailable: { status: 503, title: 'The portal cannot reach its database or its keys' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems

export type ProblemDetails = {
  /** What is special about this one, in a sentence. */
  detail?: string
  /** Further members of the answer. */
  more?: Record<string, unknown>
  headers?: Record<string, string>
}

/** A refusal on its way to the machine that asked. */
export class Problem extends Error {
  override name = 'Problem'
  readonly code: ProblemCode
  readonly details: ProblemDetails

  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    super(details.detail ?? problems[code].title)
    this.code = code
    this.details = details
  }
}

/** As RFC 9457 wants it. `type` is the address of a page that explains it. */
export function problemBody({ code, details: { detail, more } }: Problem): Record<string, unknown> {
  const { status, title } = problems[code]
  return { type: `${env().portalOrigin}/docs/api#${code}`, title, status, code, ...(detail && { detail }), ...more }
}

/** Every way a check can end. The list is closed: each code has its words in `messages/verdicts.<language>.json`. */
export const verdicts = {
  DOMAIN_MISSING: { severity: 'fix', turn: 'customer' },
  DOMAIN_SHARED_HOST: { severity: 'fix', turn: 'customer' },
  DOMAIN_FORMAT: { severity: 'fix', turn: 'customer' },
  TOKEN_MISSING: { severity: 'fix', turn: 'customer' },
  TOKEN_FORMAT: { severity: 'fix', turn: 'customer' },
  TOKEN_SAME_AS_BEFORE: { severity: 'fix', turn: 'customer' },
  START_DATE_INVALID: { severity: 'fix', turn: 'customer' },
  TOKEN_REJECTED: { severity: 'fix', turn: 'customer' },
  COMPANY_MISMATCH: { severity: 'fix', turn: 'customer' },
  WRONG_ACCOUNT: { severity: 'stop', turn: 'manager' },
  USER_MISMATCH: { severity: 'confirm', turn: 'customer' },
  NOT_ADMIN: { severity: 'fix', turn: 'admin' },
  LIMITED_ACCESS: { severity: 'confirm', turn: 'admin' },
  NO_DEALS_ACCESS: { severity: 'fix', turn: 'admin' },
  USER_INACTIVE: { severity: 'fix', turn: 'admin' },
  API_OFF_FOR_USER: { severity: 'fix', turn: 'admin' },
  ACCOUNT_NOT_OPEN: { severity: 'fix', turn: 'admin' },
  FEATURE_OFF: { severity: 'confirm', turn: 'manager' },
  ALREADY_CONNECTED: { severity: 'confirm', turn: 'manager' },
  RATE_LIMITED: { severity: 'wait', turn: 'nobody' },
  DAILY_LIMIT: { severity: 'wait', turn: 'nobody' },
  PIPEDRIVE_MAINTENANCE: { severity: 'wait', turn: 'nobody' },
  PIPEDRIVE_DOWN: { severity: 'wait', turn: 'nobody' },
  CANNOT_REACH: { severity: 'wait', turn: 'support' },
  UNEXPECTED_ANSWER: { severity: 'wait', turn: 'support' },
  INTERNAL: { severity: 'stop', turn: 'support' },
  STOPPED_WORKING: { severity: 'fix', turn: 'customer' },
  STILL_ALIVE: { severity: 'fix', turn: 'customer' },
  PROVEN_DEAD: { severity: 'ok', turn: 'nobody' },
  OK: { severity: 'ok', turn: 'nobody' },
  HAND_OVER_ASKED: { severity: 'stop', turn: 'manager' },
  HAND_OVER_REFUSED: { severity: 'fix', turn: 'customer' },
  LINK_EXPIRED: { severity: 'stop', turn: 'support' },
  LINK_REVOKED: { severity: 'stop', turn: 'manager' },
  LINK_REPLACED: { severity: 'stop', turn: 'customer' },
  LINK_DONE: { severity: 'ok', turn: 'nobody' },
  LINK_UNKNOWN: { severity: 'stop', turn: 'customer' },
  LINK_THROTTLED: { severity: 'wait', turn: 'customer' },
} as const satisfies Record<string, { severity: Severity; turn: Turn }>

/** How a verdict moves the connection: done, needs a yes, needs a fix, retried by us, or stopped. */
export type Severity = 'ok' | 'confirm' | 'fix' | 'wait' | 'stop'

/** Who must act next. `admin` is the customer's own Pipedrive admin. */
export type Turn = 'customer' | 'admin' | 'manager' | 'support' | 'nobody'

export type VerdictCode = keyof typeof verdicts

/** The part of the list that a live check by a provider can end with. */
export type CheckCode =
  | 'OK'
  | 'TOKEN_REJECTED'
  | 'COMPANY_MISMATCH'
  | 'NOT_ADMIN'
  | 'LIMITED_ACCESS'
  | 'NO_DEALS_ACCESS'
  | 'USER_INACTIVE'
  | 'API_OFF_FOR_USER'
  | 'ACCOUNT_NOT_OPEN'
  | 'FEATURE_OFF'
  | 'RATE_LIMITED'
  | 'DAILY_LIMIT'
  | 'PIPEDRIVE_MAINTENANCE'
  | 'PIPEDRIVE_DOWN'
  | 'CANNOT_REACH'
  | 'UNEXPECTED_ANSWER'

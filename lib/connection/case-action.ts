import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Status } from './status.ts'

/** The one thing a member of the team does next about a connection. */
export const caseActions = [
  'continue_draft',
  'correct_address',
  'send_again',
  'decide_same_token',
  'decide_limits',
  'change_company',
  'check_now',
  'none',
] as const
export type CaseAction = (typeof caseActions)[number]

/** What fits where a connection stands. `connectedBefore`: its company is known and no request can change it. */
export function caseActionOf({
  status,
  verdictCode,
  connectedBefore,
}: {
  status: Status
  verdictCode: VerdictCode | null
  connectedBefore: boolean
}): CaseAction {
  switch (status) {
    case 'draft':
      return 'continue_draft'
    case 'undeliverable':
    case 'declined':
      return 'correct_address'
    case 'sent':
    case 'visited':
    case 'needs_customer':
    case 'needs_confirmation':
    case 'stopped':
    case 'expired':
    case 'revoked':
    case 'off_boarding':
      return 'send_again'
    case 'needs_manager':
      return decisionOn(verdictCode, connectedBefore)
    case 'waiting_provider':
      return 'check_now'
    case 'queued':
    case 'connected':
    case 'connected_limited':
    case 'closed':
    case 'closed_unproven':
      return 'none'
  }
}

function decisionOn(verdictCode: VerdictCode | null, connectedBefore: boolean): CaseAction {
  switch (verdictCode) {
    case 'ALREADY_CONNECTED':
      return 'decide_same_token'
    case 'FEATURE_OFF':
      return 'decide_limits'
    case 'WRONG_ACCOUNT':
      return connectedBefore ? 'send_again' : 'change_company'
    default:
      return 'send_again'
  }
}

/** Statuses in which a link leads to a form: a new one, a longer one or none makes a difference. */
const LINK_MATTERS: readonly Status[] = [
  'queued',
  'sent',
  'undeliverable',
  'visited',
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
  'stopped',
  'declined',
  'expired',
  'revoked',
  'off_boarding',
]

export function takesLink(status: Status): boolean {
  return LINK_MATTERS.includes(status)
}

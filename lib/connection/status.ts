import type { Severity, Turn, VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'

/** Where a connection stands. One vocabulary for board, pages, mails, API and audit. */
export const statuses = [
  'draft',
  'queued',
  'sent',
  'undeliverable',
  'visited',
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
  'waiting_provider',
  'connected',
  'connected_limited',
  'stopped',
  'declined',
  'expired',
  'revoked',
  'off_boarding',
  'closed',
  'closed_unproven',
] as const
export type Status = (typeof statuses)[number]

/** The link takes no further submission for a connection in one of these. */
export const settledStatuses: readonly Status[] = ['connected', 'connected_limited', 'waiting_provider']

/** How many of a request's connections work, with limits or without. */
export function connectedOf(connections: readonly { status: Status }[]): number {
  return connections.filter(({ status }) => status === 'connected' || status === 'connected_limited').length
}

export function isSettled(status: Status): boolean {
  return settledStatuses.includes(status)
}

/** The four piles of the board: what the team must act on, what others must, what works, and what is over. */
export const groups = ['needs_you', 'waiting', 'connected', 'stopped'] as const
export type Group = (typeof groups)[number]

const standing = {
  draft: { group: 'needs_you', turn: 'manager' },
  queued: { group: 'waiting', turn: 'nobody' },
  sent: { group: 'waiting', turn: 'customer' },
  undeliverable: { group: 'needs_you', turn: 'manager' },
  visited: { group: 'waiting', turn: 'customer' },
  needs_customer: { group: 'waiting', turn: 'customer' },
  needs_confirmation: { group: 'waiting', turn: 'customer' },
  needs_manager: { group: 'needs_you', turn: 'manager' },
  waiting_provider: { group: 'waiting', turn: 'nobody' },
  connected: { group: 'connected', turn: 'nobody' },
  connected_limited: { group: 'needs_you', turn: 'manager' },
  stopped: { group: 'stopped', turn: 'customer' },
  declined: { group: 'needs_you', turn: 'manager' },
  expired: { group: 'needs_you', turn: 'manager' },
  revoked: { group: 'stopped', turn: 'manager' },
  off_boarding: { group: 'waiting', turn: 'customer' },
  closed: { group: 'stopped', turn: 'nobody' },
  closed_unproven: { group: 'stopped', turn: 'nobody' },
} as const satisfies Record<Status, { group: Group; turn: Turn }>

export function groupOf(status: Status): Group {
  return standing[status].group
}

export function statusesOf(group: Group): Status[] {
  return statuses.filter((status) => groupOf(status) === group)
}

/** Who must act next. Where a check has failed or is repeated, its verdict knows better: the customer's admin, or our support. */
export function turnOf(status: Status, code: VerdictCode | null): Turn {
  if (status === 'needs_customer' && code && verdicts[code].turn === 'admin') return 'admin'
  if ((status === 'waiting_provider' || status === 'needs_manager') && code && verdicts[code].turn === 'support')
    return 'support'
  return standing[status].turn
}

/** In these the verdict says whether it is support's turn. */
export const mixedStatuses: readonly Status[] = ['waiting_provider', 'needs_manager']

/** The verdicts that only our support can do something about. */
export const supportVerdicts = (Object.keys(verdicts) as VerdictCode[]).filter(
  (code) => verdicts[code].turn === 'support',
)

/** Where a connection can stand while it is somebody's turn, as `turnOf` says; the customer's admin is the customer. */
export function statusesOfTurn(turn: Exclude<Turn, 'admin'>): Status[] {
  if (turn === 'support') return [...mixedStatuses]
  return statuses.filter((status) => standing[status].turn === turn)
}

/** Nobody has to work on a connection through its link any more. */
export const endedStatuses: readonly Status[] = ['revoked', 'closed', 'closed_unproven', 'declined', 'off_boarding']

/** Whether somebody may still act on it through its link. */
export function isOpen(status: Status): boolean {
  return !isSettled(status) && !endedStatuses.includes(status)
}

/** Over, or on the way there: no token is taken any more. */
export function isEnding(status: Status): boolean {
  return status === 'off_boarding' || status === 'closed' || status === 'closed_unproven'
}

/** The status that a verdict leads to. `limitsAccepted`: somebody said yes to connecting with limits. */
export function statusAfter(code: VerdictCode, { limitsAccepted = false } = {}): Status {
  if ((code === 'LIMITED_ACCESS' || code === 'FEATURE_OFF') && limitsAccepted) return 'connected_limited'
  if (code === 'ALREADY_CONNECTED' || code === 'FEATURE_OFF') return 'needs_manager'
  const severity: Severity = verdicts[code].severity
  switch (severity) {
    case 'ok':
      return 'connected'
    case 'confirm':
      return 'needs_confirmation'
    case 'fix':
      return 'needs_customer'
    case 'wait':
      return 'waiting_provider'
    case 'stop':
      return 'needs_manager'
  }
}

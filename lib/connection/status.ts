import type { Severity, VerdictCode } from '#lib/providers/verdicts.ts'
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

export function isSettled(status: Status): boolean {
  return settledStatuses.includes(status)
}

/** The status that a verdict leads to. `limitsAccepted`: somebody said yes to connecting with limits. */
export function statusAfter(code: VerdictCode, { limitsAccepted = false } = {}): Status {
  if (code === 'LIMITED_ACCESS' && limitsAccepted) return 'connected_limited'
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

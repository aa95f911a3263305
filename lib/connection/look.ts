import type { Watched } from '#lib/data/watched.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'

/** What one look at a sealed token means for its connection. */
export type Look =
  /** Accepted, and everything is as it was. */
  | { kind: 'fine' }
  /** Accepted again after it had stopped. */
  | { kind: 'working'; to: 'connected' | 'connected_limited'; code: VerdictCode }
  /** Accepted; the company has another address by now. */
  | { kind: 'renamed' }
  /** Accepted, but it may do less than before, or more again. */
  | { kind: 'rights'; to: 'connected' | 'connected_limited'; code: VerdictCode }
  /** Refused, or the user or the company's account is closed. One refusal proves nothing yet. */
  | { kind: 'refused'; code: VerdictCode }
  /** Nobody knows: no answer, a limit, or an answer that makes no sense. */
  | { kind: 'unanswered'; retryAfterSeconds: number | null }

const REFUSALS: readonly VerdictCode[] = ['TOKEN_REJECTED', 'USER_INACTIVE', 'API_OFF_FOR_USER', 'ACCOUNT_NOT_OPEN']

type Known = Pick<Watched, 'status' | 'isStopped' | 'verdictCode' | 'companyId' | 'userId'>

/** Judges a look. Only a proved owner, the one of before, can make a connection better or worse. */
export function judgeLook(known: Known, { code, owner, report, retryAfterSeconds }: Verdict): Look {
  if (REFUSALS.includes(code)) return { kind: 'refused', code }
  const isSameOwner = owner !== null && owner.companyId === known.companyId && owner.userId === known.userId
  if (verdicts[code].severity === 'wait' || !isSameOwner) return { kind: 'unanswered', retryAfterSeconds }
  if (code === 'COMPANY_MISMATCH') return owner.companyDomain ? { kind: 'renamed' } : unknown
  if (known.status === 'stopped')
    return { kind: 'working', to: code === 'OK' ? 'connected' : 'connected_limited', code }
  if (code === 'OK') return judgeRights(known, { sawRights: report.length > 0 })
  // What was missing when it was connected is missing still.
  if (known.status === 'connected_limited' && known.verdictCode === code) return { kind: 'fine' }
  return { kind: 'rights', to: 'connected_limited', code }
}

const unknown: Look = { kind: 'unanswered', retryAfterSeconds: null }

/** Who the token belongs to says nothing of its rights: only a report can lift a limit that was found before. */
function judgeRights({ status }: Known, { sawRights }: { sawRights: boolean }): Look {
  if (status !== 'connected_limited' || !sawRights) return { kind: 'fine' }
  return { kind: 'rights', to: 'connected', code: 'OK' }
}

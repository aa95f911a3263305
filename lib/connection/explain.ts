import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatDateTime } from '#lib/format.ts'
import type { CapabilityRow, TokenOwner } from '#lib/providers/provider.ts'
import type { Turn, VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { words } from '#lib/words.ts'

/** A verdict in the reader's words: what is wrong, why, what to press, and who can do it. */
export type Explanation = {
  code: VerdictCode
  turn: Turn
  title: string
  cause: string
  steps: string[]
  who: string
  /** Ready text for the customer's Pipedrive admin; empty when none is needed. */
  copyForAdmin: string
}

const STEP_KEYS = ['fix1', 'fix2', 'fix3'] as const

export function explain(
  code: VerdictCode,
  connection: Pick<
    CustomerConnection,
    'language' | 'teamName' | 'ownerName' | 'typedDomain' | 'expectedDomain' | 'customerName' | 'checkedAt'
  > & { providerUserName?: string | null },
  seen: { owner: TokenOwner | null; report?: CapabilityRow[] } | null = null,
): Explanation {
  const t = words(connection.language)
  const owner = seen?.owner
  const missing = seen?.report?.find(({ result }) => result === 'no')
  const values = {
    team: connection.teamName,
    contact: connection.ownerName ?? connection.teamName,
    domain: connection.typedDomain ?? '',
    otherDomain: owner?.companyDomain ?? '',
    company: owner?.companyName ?? connection.expectedDomain ?? connection.customerName,
    userName: owner?.userName ?? owner?.userEmail ?? connection.providerUserName ?? '',
    date: formatDateTime(connection.checkedAt ?? new Date(), connection.language),
    time: formatDateTime(new Date(), connection.language),
    feature: missing ? t(`report.capability.${missing.capability}`) : '',
  }
  const say = (part: string) => t(`verdicts.${code}.${part}` as Parameters<typeof t>[0], values)
  return {
    code,
    turn: verdicts[code].turn,
    title: say('title'),
    cause: say('cause'),
    steps: STEP_KEYS.map(say).filter((step) => step !== ''),
    who: say('who'),
    copyForAdmin: say('copyForAdmin'),
  }
}

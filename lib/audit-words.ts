import type { AuditAction, ReasonCode } from '#lib/data/audit-events.ts'
import type auditEn from '#messages/audit.en.json'

type Actions = (typeof auditEn)['actions']
type Worded = { [Group in keyof Actions]: `${Group & string}.${keyof Actions[Group] & string}` }[keyof Actions]

/** Fails to compile when an action of the audit log has no words in `messages/audit.<language>.json`. */
export type WordsMissingFor = Exclude<AuditAction, Worded>
export const everyActionHasWords: [WordsMissingFor] extends [never] ? true : WordsMissingFor = true

type UnwordedReason = Exclude<ReasonCode, keyof (typeof auditEn)['reasons']>
export const everyReasonHasWords: [UnwordedReason] extends [never] ? true : UnwordedReason = true

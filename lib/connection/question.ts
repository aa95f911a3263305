import 'server-only'
import type { LinkHolder } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { checkWords } from './contact-words.ts'
import { getRequest, tellManager } from './letters.ts'

export const QUESTION_LENGTH_MAX = 1_000
const QUESTIONS_PER_HOUR = 3

export type QuestionOutcome = 'sent' | 'empty' | 'too_long' | 'secret' | 'throttled'

/** A question to the account manager, who answers by mail. It is kept nowhere: the log says that one was asked. */
export async function askQuestion(holder: LinkHolder, typed: string): Promise<QuestionOutcome> {
  const checked = checkWords(typed, { lengthMax: QUESTION_LENGTH_MAX })
  if (checked.kind !== 'ok') return checked.kind
  const { allowed } = await hitLimit({
    bucket: `question:${holder.requestId}`,
    windowSeconds: 3600,
    hitsMax: QUESTIONS_PER_HOUR,
  })
  if (!allowed) return 'throttled'
  await inTransaction(async (trx) => {
    const request = await getRequest(trx, holder, holder.requestId)
    await tellManager(trx, holder, request, 'question', {
      connectionId: holder.connectionId,
      payload: { colleague: request.contactName, note: checked.text },
    })
    await recordAudit(trx, holder, { action: 'request.question_asked', objectId: holder.requestId })
  })
  return 'sent'
}

import 'server-only'
import { proven } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { lockFailedLetter, reviveLetter } from '#lib/data/outbox.ts'
import { isLinkLetter } from '#lib/mail/letters.ts'

export type Retry = 'done' | 'not_given_up' | 'digest_waits' | 'question_gone' | 'link_gone' | 'sign_in_gone'

/** Sends a letter once more that was given up. What was wiped with it cannot come back. */
export async function retryLetter(id: string): Promise<Retry> {
  try {
    return await inTransaction(async (trx): Promise<Retry> => {
      const found = await lockFailedLetter(trx, id)
      if (!found) return 'not_given_up'
      if (found.letter === 'question') return 'question_gone'
      if (found.letter === 'sign_in') return 'sign_in_gone'
      // A reminder makes its link when it leaves.
      if (isLinkLetter(found.letter) && found.letter !== 'reminder') return 'link_gone'
      await reviveLetter(trx, id)
      await recordAudit(trx, proven<'operator'>({ kind: 'operator', teamId: found.teamId }), {
        action: 'letter.retried',
        objectId: found.requestId ?? id,
        details: { letter: found.letter },
      })
      return 'done'
    })
  } catch (error) {
    // Of digests only one may wait for each manager.
    if (error instanceof Error && 'code' in error && error.code === '23505') return 'digest_waits'
    throw error
  }
}

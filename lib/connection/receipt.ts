import 'server-only'
import type { LinkHolder } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { inTransaction } from '#lib/data/database.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { enqueueReceiptAgain } from './letters.ts'

const RECEIPTS_PER_HOUR = 5

/** "E-mail me this receipt": to the address the request was sent to, never to one that is typed. */
export async function mailReceipt(holder: LinkHolder): Promise<'sent' | 'throttled'> {
  const { allowed } = await hitLimit({
    bucket: `receipt:${holder.connectionId}`,
    windowSeconds: 3600,
    hitsMax: RECEIPTS_PER_HOUR,
  })
  if (!allowed) return 'throttled'
  await inTransaction(async (trx) => {
    const connection = await getConnection(trx, holder)
    if (connection.status === 'connected' || connection.status === 'connected_limited')
      await enqueueReceiptAgain(trx, holder, connection)
  })
  return 'sent'
}

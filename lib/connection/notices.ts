import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import type { Database } from '#lib/data/schema.ts'
import { words } from '#lib/words.ts'
import { getRequest, tellManager } from './letters.ts'

/** A letter with a link did not arrive and will not: the manager reads where it was to go, why not, and what to do. */
export async function tellOfDeliveryProblem(
  trx: Kysely<Database>,
  actor: Actor,
  due: Pick<DueLetter, 'requestId' | 'recipientEmail' | 'letter'>,
  { kind, reason }: { kind: 'refused' | 'deferred'; reason: string },
): Promise<void> {
  const request = await getRequest(trx, actor, due.requestId ?? '')
  const [connection] = await listRequestConnections(trx, { teamId: actor.teamId, requestId: request.id })
  if (!connection) return
  const t = words(request.language)
  // The reason is one of our own codes: `smtp_answer 550 RCPT TO`.
  const code = /\b\d{3}\b/.exec(reason)?.[0] ?? '5xx'
  await tellManager(trx, actor, request, 'delivery_problem', {
    connectionId: connection.id,
    payload: {
      address: due.recipientEmail,
      reason: t(`mail.delivery_problem.${kind === 'refused' ? 'refused' : 'gaveUp'}`, { code }),
    },
  })
}

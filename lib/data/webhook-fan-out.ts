import 'server-only'
import type { Kysely } from 'kysely'
import type { EventType } from '#lib/connection/events.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'
import { HELD } from './webhook-deliveries.ts'

/** `profile`: that of its connection. */
type FreshEvent = { id: string; teamId: string; type: EventType; profile: string | null }

/**
 * Queues events for every endpoint of their team that wants them, in the transaction that gives them their place: an
 * event that has one was queued, one that was queued has one, whatever dies in between.
 */
export async function fanOut(trx: Kysely<Database>, teamId: string, events: readonly FreshEvent[]): Promise<void> {
  const endpoints = await trx
    .selectFrom('webhookEndpoints')
    .select(['id', 'eventTypes', 'profiles', 'disabledAt'])
    .where('teamId', '=', teamId)
    .orderBy('id')
    // Whoever switches one off meanwhile waits, and then finds what was queued here.
    .forShare()
    .execute()
  const deliveries = events.flatMap(({ id: messageId, type, profile }) =>
    endpoints
      .filter(({ eventTypes }) => eventTypes === null || eventTypes.includes(type))
      .filter(({ profiles }) => profiles === null || (profile !== null && profiles.includes(profile)))
      .map(({ id: endpointId, disabledAt }) => ({
        id: newId('whd'),
        teamId,
        endpointId,
        messageId,
        type,
        ...(disabledAt && { dueAt: HELD }),
      })),
  )
  for (let from = 0; from < deliveries.length; from += ROWS_AT_ONCE)
    await trx
      .insertInto('webhookDeliveries')
      .values(deliveries.slice(from, from + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.columns(['endpointId', 'messageId']).doNothing())
      .execute()
}

const ROWS_AT_ONCE = 1_000

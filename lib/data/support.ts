import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { fold, searchHolds } from './board-copies.ts'
import type { Database } from './schema.ts'

/** One connection as support meets it in the queue and in what it looked up. */
export type FoundConnection = {
  id: string
  customerName: string
  name: string
  reference: string
  contactName: string
  status: Status
  verdictCode: VerdictCode | null
  since: Date
}

/** Why a connection stands in the queue of support. */
export const queueReasons = ['undeliverable', 'provider', 'internal', 'throttled', 'letter_failed'] as const
export type QueueReason = (typeof queueReasons)[number]
export type QueueRow = FoundConnection & { why: QueueReason }

export const QUEUE_ROWS_MAX = 100
const OUR_FAULT: readonly VerdictCode[] = ['CANNOT_REACH', 'UNEXPECTED_ANSWER']

/** What is support's turn, whatever has waited longest first. */
export async function listQueue(trx: Kysely<Database>, actor: Actor): Promise<QueueRow[]> {
  const sources = [
    tag('undeliverable', select(trx, actor).where('connections.status', '=', 'undeliverable')),
    tag(
      'provider',
      select(trx, actor)
        .where('connections.status', '=', 'waiting_provider')
        .where('connections.verdictCode', 'in', OUR_FAULT),
    ),
    tag(
      'internal',
      select(trx, actor)
        .where('connections.status', '=', 'needs_manager')
        .where('connections.verdictCode', '=', 'INTERNAL'),
    ),
    tag('throttled', select(trx, actor).where('connections.requestId', 'in', throttledRequests(trx, actor))),
    tag('letter_failed', select(trx, actor).where('connections.requestId', 'in', requestsWithFailedLetter(trx, actor))),
  ]
  const rows = (await Promise.all(sources)).flat().sort((a, b) => a.since.getTime() - b.since.getTime())
  return firstOfEach(rows).slice(0, QUEUE_ROWS_MAX)
}

function select(trx: Kysely<Database>, { teamId }: Actor) {
  return trx
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .select(['connections.id', 'connections.customerName', 'connections.name', 'requests.reference'])
    .select(['contacts.name as contactName', 'connections.status', 'connections.verdictCode'])
    .select(sql<Date>`coalesce(connections.waiting_since, connections.updated_at)`.as('since'))
    .where('connections.teamId', '=', teamId)
    .limit(QUEUE_ROWS_MAX)
}

async function tag(why: QueueReason, query: ReturnType<typeof select>): Promise<QueueRow[]> {
  const rows = await query.orderBy('connections.updatedAt').orderBy('connections.id').execute()
  return rows.map((row) => ({ ...row, why }))
}

/** Links whose holder has pressed more often than the limits of checks allow, while that lasts. */
function throttledRequests(trx: Kysely<Database>, { teamId }: Actor) {
  return trx
    .selectFrom('rateLimits')
    .innerJoin('secureLinks', (join) =>
      join
        .on(sql<boolean>`secure_links.id = split_part(rate_limits.bucket, ':', 3)`)
        .on('secureLinks.teamId', '=', teamId),
    )
    .select('secureLinks.requestId')
    .where('bucket', '>=', 'check:')
    .where('bucket', '<', 'check;')
    .where('rateLimits.expiresAt', '>', sql<Date>`now()`)
    .where(sql<boolean>`hits > case when bucket like 'check:10m:%' then 10 else 40 end`)
}

/** How long a letter that could not be delivered is worth looking at. */
const FAILED_DAYS = 14

/** Requests whose latest letter to people failed for good. A letter whose link ended first was not needed any more. */
function requestsWithFailedLetter(trx: Kysely<Database>, { teamId }: Actor) {
  return trx
    .selectFrom('outbox as failed')
    .select(sql<string>`failed.request_id`.as('requestId'))
    .where('failed.teamId', '=', teamId)
    .where('failed.failedAt', '>', sql<Date>`now() - make_interval(days => ${FAILED_DAYS})`)
    .where('failed.requestId', 'is not', null)
    .where('failed.obsolete', '=', false)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('outbox as later')
            .select('later.id')
            .whereRef('later.requestId', '=', 'failed.requestId')
            .where('later.teamId', '=', teamId)
            .whereRef('later.createdAt', '>', 'failed.createdAt')
            .where('later.failedAt', 'is', null),
        ),
      ),
    )
}

/** A connection that waits for two reasons is one piece of work. */
function firstOfEach(rows: QueueRow[]): QueueRow[] {
  const seen = new Set<string>()
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id))
}

export const FOUND_ROWS_MAX = 25

/** Connections of the team by their id, by one request, or by words of customer, contact, domain or reference. */
export async function findConnections(
  trx: Kysely<Database>,
  actor: Actor,
  by: { connectionId: string } | { requestId: string } | { words: string },
): Promise<FoundConnection[]> {
  const all = select(trx, actor)
    .limit(FOUND_ROWS_MAX)
    .orderBy('connections.updatedAt', 'desc')
    .orderBy('connections.id')
  if ('connectionId' in by) return all.where('connections.id', '=', by.connectionId).execute()
  if ('requestId' in by) return all.where('connections.requestId', '=', by.requestId).execute()
  return all.where(searchHolds(fold(by.words))).execute()
}

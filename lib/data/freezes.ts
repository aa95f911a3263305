import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { actorIdOf } from '#lib/actor.ts'
import type { EventType } from '#lib/connection/events.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type FreezeScope = 'team' | 'customer' | 'connection'

/** Hand-off that is stopped now. */
export type Freeze = {
  id: string
  scope: FreezeScope
  objectId: string
  reason: string
  startedAt: Date
  /** Null for the operator's command line. */
  startedByName: string | null
  /** Of the customer, or of the connection's; null for the team. */
  customerName: string | null
  connectionName: string | null
}

/** Stops hand-off. Null when it is stopped there already. */
export async function insertFreeze(
  trx: Kysely<Database>,
  actor: Staff | Operator,
  { scope, objectId, reason }: { scope: FreezeScope; objectId: string; reason: string },
): Promise<string | null> {
  const row = await trx
    .insertInto('freezes')
    .values({
      id: newId('frz'),
      teamId: actor.teamId,
      scope,
      objectId,
      reason,
      startedKind: actor.kind,
      startedBy: actorIdOf(actor),
      telling: 'connection.frozen',
    })
    .onConflict((conflict) => conflict.columns(['teamId', 'objectId']).where('endedAt', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Lets hand-off go on. False when somebody was faster. */
export async function endFreeze(trx: Kysely<Database>, actor: Staff | Operator, freezeId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('freezes')
    .set({
      endedAt: sql<Date>`now()`,
      endedKind: actor.kind,
      endedBy: actorIdOf(actor),
      telling: 'connection.thawed',
      toldThrough: '',
    })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', freezeId)
    .where('endedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

type Scoped = { teamId: string; connectionId: string }

/** What stops the hand-off of a connection, the first of them first. Empty: nothing does. */
export async function listFreezesOf(trx: Kysely<Database>, { teamId, connectionId }: Scoped): Promise<Freeze[]> {
  return selectFreezes(trx, teamId)
    .where('objectId', 'in', (where) =>
      where
        .selectFrom('connections as one')
        .select(sql<string>`unnest(array[one.id, one.customer_id, one.team_id])`.as('objectId'))
        .where('one.teamId', '=', teamId)
        .where('one.id', '=', connectionId),
    )
    .orderBy('freezes.id')
    .execute()
}

export const FREEZES_MAX = 100

/** Everything of a team that is stopped, the latest first. */
export async function listFreezes(trx: Kysely<Database>, { teamId }: { teamId: string }): Promise<Freeze[]> {
  return selectFreezes(trx, teamId).orderBy('freezes.id', 'desc').limit(FREEZES_MAX).execute()
}

/** What stops hand-off at exactly this team, customer or connection. */
export async function findFreezeAt(
  trx: Kysely<Database>,
  { teamId, objectId }: { teamId: string; objectId: string },
): Promise<Freeze | null> {
  const found = await selectFreezes(trx, teamId).where('objectId', '=', objectId).executeTakeFirst()
  return found ?? null
}

export async function findFreeze(
  trx: Kysely<Database>,
  { teamId, freezeId }: { teamId: string; freezeId: string },
): Promise<Freeze | null> {
  const found = await selectFreezes(trx, teamId).where('freezes.id', '=', freezeId).executeTakeFirst()
  return found ?? null
}

function selectFreezes(trx: Kysely<Database>, teamId: string) {
  return trx
    .selectFrom('freezes')
    .leftJoin('staff', (join) => join.onRef('staff.id', '=', 'startedBy').on('staff.teamId', '=', teamId))
    .leftJoin('connections', (join) =>
      join.onRef('connections.id', '=', 'objectId').on('connections.teamId', '=', teamId),
    )
    .leftJoin('customers', (join) => join.onRef('customers.id', '=', 'objectId').on('customers.teamId', '=', teamId))
    .select(['freezes.id', 'scope', 'objectId', 'reason', 'startedAt', 'staff.name as startedByName'])
    .select(['connections.name as connectionName'])
    .select(sql<string | null>`coalesce(customers.name, connections.customer_name)`.as('customerName'))
    .where('freezes.teamId', '=', teamId)
    .where('endedAt', 'is', null)
}

/** The customer of a connection, or the one with this id or name. Null for what the team does not have. */
export async function findCustomer(
  trx: Kysely<Database>,
  { teamId }: { teamId: string },
  by: { connectionId: string } | { idOrName: string },
): Promise<{ id: string; name: string } | null> {
  const all = trx
    .selectFrom('customers')
    .select(['customers.id', 'customers.name'])
    .where('customers.teamId', '=', teamId)
  const found =
    'connectionId' in by
      ? all.where('customers.id', '=', (where) =>
          where.selectFrom('connections').select('customerId').where('connections.id', '=', by.connectionId),
        )
      : all
          .where((where) =>
            where.or([
              where('customers.id', '=', by.idOrName),
              where(sql<string>`lower(customers.name)`, '=', by.idOrName.toLowerCase()),
            ]),
          )
          // The exact name before one that only looks alike.
          .orderBy(sql`customers.name = ${by.idOrName}`, 'desc')
          .orderBy('customers.id')
  return (await found.limit(1).executeTakeFirst()) ?? null
}

const TOLD_AT_ONCE = 500

/**
 * Tells integrations of the next connections whose hand-off was stopped or goes on, one event each, and answers how
 * many freezes are not told of in full yet. A connection that another freeze holds as well is told of once: at the
 * first that stops it and at the last that lets it go.
 */
export async function tellNextFrozen(trx: Kysely<Database>): Promise<number> {
  const [freeze, ...more] = await trx
    .selectFrom('freezes')
    .select(['id', 'teamId', 'scope', 'objectId', 'telling', 'toldThrough'])
    .where('telling', 'is not', null)
    .orderBy('id')
    .limit(2)
    .forUpdate()
    .skipLocked()
    .execute()
  if (!freeze?.telling) return 0
  const { id: freezeId, teamId, scope, objectId, telling, toldThrough } = freeze
  const column = {
    team: 'connections.teamId',
    customer: 'connections.customerId',
    connection: 'connections.id',
  } as const
  const next = await trx
    .selectFrom('connections')
    .select(['connections.id', isHeldBySomethingElse(freezeId, telling).as('isHeld')])
    .where('connections.teamId', '=', teamId)
    .where(column[scope], '=', objectId)
    .where('connections.status', 'in', ['connected', 'connected_limited'])
    .where('connections.id', '>', toldThrough)
    .orderBy('connections.id')
    .limit(TOLD_AT_ONCE)
    .execute()
  const told = next.filter(({ isHeld }) => !isHeld).map(({ id }) => ({ id, eventId: newId('evt') }))
  if (told.length > 0)
    await sql`
      insert into events (id, team_id, type, request_id, connection_id, external_id, status, version, verdict_code)
      select made.event_id, team_id, ${telling}, request_id, connections.id, external_id, status, version, verdict_code
      from unnest(${told.map(({ eventId }) => eventId)}::text[], ${told.map(({ id }) => id)}::text[]) as made (event_id, id)
        join connections on connections.id = made.id`.execute(trx)
  const isAll = next.length < TOLD_AT_ONCE
  await trx
    .updateTable('freezes')
    .set(isAll ? { telling: null } : { toldThrough: next.at(-1)?.id ?? '' })
    .where('id', '=', freezeId)
    .execute()
  return more.length + (isAll ? 0 : 1)
}

/** Whether something holds a connection beside the one that is told of; of two that stop it the earlier one tells. */
function isHeldBySomethingElse(freezeId: string, telling: EventType) {
  const earlier = telling === 'connection.frozen' ? sql`and other.id < ${freezeId}` : sql``
  return sql<boolean>`exists (
    select 1 from freezes other where other.team_id = connections.team_id and other.ended_at is null ${earlier}
      and other.object_id in (connections.id, connections.customer_id, connections.team_id))`
}

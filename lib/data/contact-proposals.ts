import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor, Staff } from '#lib/actor.ts'
import type { Person } from './contacts.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** Another address for a request, which waits for a manager's yes. */
export type ContactProposal = Person & { id: string; reason: string; proposedBy: string | null; createdAt: Date }

/** Keeps a proposal in the place of the one before; null when another one was kept in the same moment. */
export async function insertProposal(
  trx: Kysely<Database>,
  staff: Staff,
  proposal: Person & { requestId: string; reason: string },
): Promise<string | null> {
  await endWaitingProposal(trx, staff, { requestId: proposal.requestId, state: 'replaced' })
  const row = await trx
    .insertInto('contactProposals')
    .values({
      id: newId('prp'),
      teamId: staff.teamId,
      state: 'waiting',
      proposedBy: staff.staffId,
      ...proposal,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** The one that waits for a yes about a request, with the name of whoever proposes it. `lock` keeps it as it is. */
export async function findWaitingProposal(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
  { lock = false } = {},
): Promise<ContactProposal | null> {
  const row = await trx
    .selectFrom('contactProposals as p')
    .leftJoin('staff', (join) => join.onRef('staff.id', '=', 'p.proposedBy').onRef('staff.teamId', '=', 'p.teamId'))
    .select(['p.id', 'p.name', 'p.email', 'p.reason', 'p.createdAt', 'staff.name as proposedBy'])
    .where('p.teamId', '=', teamId)
    .where('p.requestId', '=', requestId)
    .where('p.state', '=', 'waiting')
    .$if(lock, (query) => query.forUpdate('p'))
    .executeTakeFirst()
  return row ?? null
}

/** How the waiting one ended; false when none waits, or not the one that is named. */
export async function endWaitingProposal(
  trx: Kysely<Database>,
  actor: Actor,
  {
    requestId,
    proposalId,
    state,
  }: { requestId: string; proposalId?: string; state: 'accepted' | 'refused' | 'replaced' | 'settled' | 'lapsed' },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('contactProposals')
    .set({ state, decidedBy: actor.kind === 'staff' ? actor.staffId : null, decidedAt: sql<Date>`now()` })
    .where('teamId', '=', actor.teamId)
    .where('requestId', '=', requestId)
    .where('state', '=', 'waiting')
    .$if(proposalId !== undefined, (query) => query.where('id', '=', proposalId ?? ''))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

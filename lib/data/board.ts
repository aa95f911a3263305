import 'server-only'
import type { Actor } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { db } from './database.ts'

/** How many connections of the team stand where, without counting them. */
export async function listStatusCounts({ teamId }: Actor): Promise<{ status: Status; n: number }[]> {
  return db()
    .selectFrom('statusCounts')
    .select(['status', 'n'])
    .where('teamId', '=', teamId)
    .where('n', '>', 0)
    .execute()
}

export type BoardRow = {
  id: string
  name: string
  status: Status
  verdictCode: VerdictCode | null
  checkedAt: Date | null
  customerName: string
  ownerName: string | null
}

export const BOARD_ROWS_MAX = 50

/** The connections of the team that changed last. */
export async function listBoardRows({ teamId }: Actor): Promise<BoardRow[]> {
  return db()
    .selectFrom('connections')
    .innerJoin('customers', 'customers.id', 'connections.customerId')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .leftJoin('staff', 'staff.id', 'requests.ownerId')
    .select(['connections.id', 'connections.name', 'connections.status', 'connections.verdictCode'])
    .select(['connections.checkedAt', 'customers.name as customerName', 'staff.name as ownerName'])
    .where('connections.teamId', '=', teamId)
    .orderBy('connections.updatedAt', 'desc')
    .orderBy('connections.id', 'desc')
    .limit(BOARD_ROWS_MAX)
    .execute()
}

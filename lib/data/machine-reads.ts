import 'server-only'
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely'
import type { Integration } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { CONNECTIONS_PER_REQUEST_MAX } from './connections.ts'
import type { Database } from './schema.ts'

/** One connection as the API tells it. */
export type ConnectionRecord = {
  id: string
  requestId: string
  reference: string
  externalId: string | null
  customerName: string
  name: string
  provider: string
  profile: string
  status: Status
  verdictCode: VerdictCode | null
  startDate: string | null
  version: number
  providerCompanyId: string | null
  providerCompanyDomain: string | null
  providerCompanyName: string | null
  providerUserId: string | null
  providerUserName: string | null
  statusSince: Date
  connectedAt: Date | null
  checkedAt: Date | null
  nextCheckAt: Date | null
  createdAt: Date
}

/** A connection of the key's team that the key is not kept from; null for every other id alike. */
export async function findConnectionRecord(
  trx: Kysely<Database>,
  integration: Integration,
  connectionId: string,
): Promise<ConnectionRecord | null> {
  const found = await selectRecords(trx, integration).where('connections.id', '=', connectionId).executeTakeFirst()
  return found ?? null
}

/** The longest page, and the one row that says whether there is another. */
export const RECORDS_MAX = 101

/** A page of them, the newest first, and by that order whatever changes meanwhile. */
export async function listConnectionRecords(
  trx: Kysely<Database>,
  integration: Integration,
  {
    status,
    externalId,
    before,
    limit,
  }: { status: Status | null; externalId: string | null; before: string | null; limit: number },
): Promise<ConnectionRecord[]> {
  let query = selectRecords(trx, integration)
  if (status) query = query.where('connections.status', '=', status)
  if (externalId) query = query.where('connections.externalId', '=', externalId)
  if (before) query = query.where('connections.id', '<', before)
  return query.orderBy('connections.id', 'desc').limit(Math.min(limit, RECORDS_MAX)).execute()
}

export type RequestRecord = {
  id: string
  reference: string
  customerName: string
  contactName: string
  contactEmail: string
  language: Language
  project: string
  createdAt: Date
  connections: ConnectionRecord[]
}

/** A request all of whose connections the key may see. */
export async function findRequestRecord(
  trx: Kysely<Database>,
  integration: Integration,
  requestId: string,
): Promise<RequestRecord | null> {
  const request = await trx
    .selectFrom('requests')
    .innerJoin('customers', 'customers.id', 'requests.customerId')
    .innerJoin('contacts', 'contacts.id', 'requests.contactId')
    .select(['requests.id', 'reference', 'language', 'project', 'requests.createdAt'])
    .select(['customers.name as customerName', 'contacts.name as contactName', 'contacts.email as contactEmail'])
    .where('requests.teamId', '=', integration.teamId)
    .where('requests.id', '=', requestId)
    .executeTakeFirst()
  if (!request) return null
  const connections = await selectRecords(trx, integration)
    .where('connections.requestId', '=', requestId)
    .orderBy('connections.id')
    .limit(CONNECTIONS_PER_REQUEST_MAX)
    .execute()
  const isWhole = connections.length > 0 && connections.length === (await countAll(trx, requestId))
  return isWhole ? { ...request, connections } : null
}

async function countAll(trx: Kysely<Database>, requestId: string): Promise<number> {
  const { n } = await trx
    .selectFrom('connections')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('requestId', '=', requestId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

function selectRecords(trx: Kysely<Database>, integration: Integration) {
  return trx
    .selectFrom('connections')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .leftJoin('connectionChecks', 'connectionChecks.connectionId', 'connections.id')
    .leftJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
    .select(['connections.id', 'connections.requestId', 'reference', 'externalId', 'connections.customerName', 'name'])
    .select(['provider', 'profile', 'connections.status', 'verdictCode', 'startDate', 'version'])
    .select(['providerCompanyId', 'providerCompanyDomain', 'providerCompanyName', 'providerUserId', 'providerUserName'])
    .select([
      'statusSince',
      'connectedAt',
      'lastChecks.checkedAt',
      'connectionChecks.dueAt as nextCheckAt',
      'connections.createdAt',
    ])
    .where('connections.teamId', '=', integration.teamId)
    .where((where) => where.and(limitsOf(integration, where)))
}

/** What keeps a key from connections. An empty list keeps it from everything, and `in ()` is no SQL. */
export function limitsOf(
  { profiles, connections }: Pick<Integration, 'profiles' | 'connections'>,
  where: ExpressionBuilder<Database, 'connections'>,
): Expression<SqlBool>[] {
  const limits: Expression<SqlBool>[] = []
  if (profiles) limits.push(where('connections.profile', 'in', ['', ...profiles]))
  if (connections) limits.push(where('connections.id', 'in', ['', ...connections]))
  return limits
}

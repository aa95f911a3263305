import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Status } from '#lib/connection/status.ts'
import type { Database } from './schema.ts'

/** Another connection of the team that stands and falls with one. */
export type FateSharer = {
  connectionId: string
  requestId: string
  name: string
  customerName: string
  status: Status
  /** Sealed with the very same token; otherwise with another one of the same user, of which only the newest works. */
  isSameToken: boolean
  /** Its customer's page opens for the same contact. */
  isOfSameContact: boolean
}

/** More than this nobody reads; the page says that there are more. */
export const FATE_SHARERS_MAX = 20

/** A provider's user within one of its companies, who has one token there. */
export type ProviderUser = { provider: string; companyId: string; userId: string }

type Scope = { teamId: string; connectionId: string; requestId: string; fingerprint: Buffer | null }

/** Connections of the team with a token in force that is the same one, or that belongs to the same user of the provider. */
export async function findFateSharers(
  trx: Kysely<Database>,
  { user, ...scope }: Scope & { user: ProviderUser | null },
): Promise<{ sharers: FateSharer[]; hasMore: boolean }> {
  const [ofToken, ofUser] = await Promise.all([
    scope.fingerprint ? sharersOfToken(trx, scope, scope.fingerprint) : [],
    user ? sharersOfUser(trx, scope, user) : [],
  ])
  const known = new Set(ofToken.map(({ connectionId }) => connectionId))
  const all = [...ofToken, ...ofUser.filter(({ connectionId }) => !known.has(connectionId))]
  return { sharers: all.slice(0, FATE_SHARERS_MAX), hasMore: all.length > FATE_SHARERS_MAX }
}

function sharersOfToken(trx: Kysely<Database>, scope: Scope, fingerprint: Buffer): Promise<FateSharer[]> {
  return selectSharers(trx, scope).where('credentials.fingerprint', '=', fingerprint).execute()
}

function sharersOfUser(trx: Kysely<Database>, scope: Scope, user: ProviderUser): Promise<FateSharer[]> {
  return selectSharers(trx, scope)
    .where('connections.teamId', '=', scope.teamId)
    .where('connections.provider', '=', user.provider)
    .where('connections.providerCompanyId', '=', user.companyId)
    .where('connections.providerUserId', '=', user.userId)
    .execute()
}

function selectSharers(trx: Kysely<Database>, { teamId, connectionId, requestId, fingerprint }: Scope) {
  return trx
    .selectFrom('credentials')
    .innerJoin('connections', 'connections.id', 'credentials.connectionId')
    .innerJoin('requests', 'requests.id', 'connections.requestId')
    .innerJoin('customers', 'customers.id', 'connections.customerId')
    .select(['connections.id as connectionId', 'connections.requestId', 'connections.name', 'connections.status'])
    .select('customers.name as customerName')
    .select([
      sql<boolean>`credentials.fingerprint is not distinct from ${fingerprint}::bytea`.as('isSameToken'),
      sql<boolean>`requests.contact_id = (select contact_id from requests own where own.id = ${requestId})`.as(
        'isOfSameContact',
      ),
    ])
    .where('credentials.teamId', '=', teamId)
    .where('credentials.state', '=', 'in_force')
    .where('credentials.connectionId', '<>', connectionId)
    .orderBy('connections.id')
    .limit(FATE_SHARERS_MAX + 1)
}

/**
 * Lets one transaction after the other decide whether a token is in use already: each sees what the one before wrote.
 * The row is that of the team, which the engine locks for every insert of the team too, so a weaker lock is taken.
 */
export async function lockTokensOfTeam(trx: Kysely<Database>, teamId: string): Promise<void> {
  await trx.selectFrom('teams').select('id').where('id', '=', teamId).forNoKeyUpdate().execute()
}

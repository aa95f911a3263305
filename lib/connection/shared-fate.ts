import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findKeptFingerprint } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import type { FateSharer } from '#lib/data/shared-fate.ts'
import { findFateSharers } from '#lib/data/shared-fate.ts'
import type { Verification } from '#lib/data/verifications.ts'

/** Everything that breaks together with a connection, for the team. */
export type SharedFate = { sharers: FateSharer[]; hasMore: boolean }

type Known = Pick<CustomerConnection, 'id' | 'teamId' | 'requestId' | 'provider'> &
  Pick<CustomerConnection, 'connectedAt' | 'providerCompanyId' | 'providerUserId'>

/**
 * The team's other connections that use the same token, or a token of the same user: the provider gives each user one,
 * so a new token, a deactivated user or a closed connection ends them all. Of a token that waits for a yes it is that
 * token's user who counts, else the user of the one in force. `seen`: the latest check.
 */
export async function listSharedFate(
  { id: connectionId, teamId, requestId, ...connection }: Known,
  seen: Pick<Verification, 'owner'> | null,
): Promise<SharedFate> {
  const kept = await findKeptFingerprint(db(), { teamId, connectionId })
  const owner = kept?.isPending || !connection.connectedAt ? seen?.owner : null
  const companyId = owner?.companyId ?? connection.providerCompanyId
  const userId = owner?.userId ?? connection.providerUserId
  const user = companyId && userId ? { provider: connection.provider, companyId, userId } : null
  if (!kept && !user) return { sharers: [], hasMore: false }
  return findFateSharers(db(), { teamId, connectionId, requestId, user, fingerprint: kept?.fingerprint ?? null })
}

/** What a customer may know of it: their own connections by name, of the others only how many. */
export type OwnFate = { own: { connectionId: string; name: string }[]; others: number; hasMore: boolean }

/** Narrows what breaks together to what the contact of a request may read. */
export function asContactSees({ sharers, hasMore }: SharedFate): OwnFate {
  const own = sharers.filter(({ isOfSameContact }) => isOfSameContact)
  return {
    own: own.map(({ connectionId, name }) => ({ connectionId, name })),
    others: sharers.length - own.length,
    hasMore,
  }
}

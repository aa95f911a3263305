import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { setTypedDomain } from '#lib/data/connections.ts'
import type { Database } from '#lib/data/schema.ts'
import type { TokenOwner } from '#lib/providers/provider.ts'

/** The company of before has another domain by now: what was typed is put right, and people can read why. */
export async function noteRename(
  trx: Kysely<Database>,
  actor: Actor,
  { id: connectionId, connectedAt, providerCompanyDomain: from }: CustomerConnection,
  { companyDomain: to }: TokenOwner,
): Promise<void> {
  if (!connectedAt || !from || !to || from === to) return
  await setTypedDomain(trx, actor, { connectionId, typedDomain: to })
  await recordAudit(trx, actor, { action: 'connection.company_renamed', objectId: connectionId, details: { from, to } })
}

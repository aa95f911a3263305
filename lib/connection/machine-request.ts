import 'server-only'
import type { Kysely } from 'kysely'
import type { Integration } from '#lib/actor.ts'
import type { LinkKey } from '#lib/crypto/digest.ts'
import type { Database } from '#lib/data/schema.ts'
import type { RequestedConnections } from './request.ts'
import { makeRequest } from './request.ts'
import type { RequestInput } from './request-schema.ts'
import { checkRequest } from './request-schema.ts'

/**
 * A machine asks a customer for credentials. All is checked before the transaction in which the answered function makes
 * the request. Null for a key that is limited to certain connections; throws ZodError on bad input, and for a profile
 * that the key may not use.
 */
export async function requestByMachine(
  integration: Integration,
  input: RequestInput,
): Promise<((trx: Kysely<Database>, linkKey: LinkKey) => Promise<RequestedConnections>) | null> {
  if (integration.connections) return null
  const wanted = await checkRequest(integration, input)
  return (trx, linkKey) => makeRequest(trx, integration, wanted, linkKey)
}

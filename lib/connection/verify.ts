import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findSameToken } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { getProfile } from '#lib/data/profiles.ts'
import { env } from '#lib/env.ts'
import type { Provider, Verdict } from '#lib/providers/provider.ts'
import { providers } from '#lib/providers/registry.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'

/** A check that has not ended by now is given up; the customer reads that we go on trying. */
export const CHECK_TIMEOUT_MS = 10_000

export function providerOf(connection: { provider: string }): Provider {
  const provider = (providers as Record<string, Provider | undefined>)[connection.provider]
  if (!provider) throw new Error(`unknown provider ${connection.provider}`)
  return provider
}

/** One live check of a token against what the connection's profile needs. Reads only; never throws for the provider's sake. */
export async function checkLive(
  connection: Pick<CustomerConnection, 'teamId' | 'provider' | 'profile'>,
  {
    apiToken,
    companyDomain,
    startDate,
    depth = 'full',
  }: { apiToken: Secret; companyDomain: string; startDate: string | null; depth?: 'identity' | 'full' },
): Promise<Verdict> {
  const { capabilities, accountAdmin } = await getProfile(db(), connection)
  return providerOf(connection).verify({
    apiToken,
    companyDomain,
    needs: { capabilities, accountAdmin, startDate },
    depth,
    fakeBaseUrl: env().pipedriveBaseUrl,
    timeoutMs: CHECK_TIMEOUT_MS,
  })
}

/**
 * What the verdict becomes beside what was expected: the company the request names, the company and the
 * person it was connected with before, and the team's other connections. Only a working token is compared.
 */
export async function compareWithExpected(
  connection: CustomerConnection,
  verdict: Verdict,
  { fingerprint, accepted = [] }: { fingerprint: Buffer; accepted?: readonly VerdictCode[] },
): Promise<VerdictCode> {
  const { code, owner } = verdict
  if (!owner || (code !== 'OK' && code !== 'LIMITED_ACCESS')) return code

  const before = connection.connectedAt ? connection : null
  const anotherCompany = before
    ? before.providerCompanyId !== owner.companyId
    : connection.expectedDomain !== null && connection.expectedDomain !== owner.companyDomain
  if (anotherCompany) return 'WRONG_ACCOUNT'

  const scope = { teamId: connection.teamId, connectionId: connection.id, fingerprint }
  if (!accepted.includes('ALREADY_CONNECTED') && (await findSameToken(db(), scope))) return 'ALREADY_CONNECTED'

  const anotherPerson = before !== null && before.providerUserId !== owner.userId
  if (anotherPerson && !accepted.includes('USER_MISMATCH')) return 'USER_MISMATCH'
  return code
}

import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findSameToken } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { getProfile } from '#lib/data/profiles.ts'
import type { ProviderCompany } from '#lib/data/provider-pauses.ts'
import { env } from '#lib/env.ts'
import type { Provider, Verdict } from '#lib/providers/provider.ts'
import { providers } from '#lib/providers/registry.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Secret } from '#lib/secret.ts'
import { checkForPerson, heedLimits } from './pace.ts'

/** A check that has not ended by now is given up; the customer reads that we go on trying. */
export const CHECK_TIMEOUT_MS = 10_000

export function providerOf(connection: { provider: string }): Provider {
  const provider = (providers as Record<string, Provider | undefined>)[connection.provider]
  if (!provider) throw new Error(`unknown provider ${connection.provider}`)
  return provider
}

/** Whose budget a check of a connection takes from: the company that was typed, whoever the token turns out to belong to. */
export function companyOf(
  { teamId, provider }: Pick<CustomerConnection, 'teamId' | 'provider'>,
  companyDomain: string,
): ProviderCompany {
  return { teamId, provider, company: companyDomain.toLowerCase() }
}

/**
 * One live check of a token against what the connection's profile needs. Reads only; never throws for the provider's sake.
 * `by`: whether somebody waits for it; a check in the background must have been admitted before, see admit.ts.
 */
export async function checkLive(
  connection: Pick<CustomerConnection, 'teamId' | 'provider' | 'profile'>,
  {
    apiToken,
    companyDomain,
    startDate,
    depth = 'full',
    by = 'person',
  }: {
    apiToken: Secret
    companyDomain: string
    startDate: string | null
    depth?: 'identity' | 'full'
    by?: 'person' | 'background'
  },
): Promise<Verdict> {
  const { capabilities, accountAdmin } = await getProfile(db(), connection)
  const at = companyOf(connection, companyDomain)
  const check = () =>
    providerOf(connection).verify({
      apiToken,
      companyDomain,
      needs: { capabilities, accountAdmin, startDate },
      depth,
      fakeBaseUrl: env().pipedriveBaseUrl,
      timeoutMs: CHECK_TIMEOUT_MS,
    })
  return by === 'person' ? checkForPerson(at, check) : heedLimits(at, await check())
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

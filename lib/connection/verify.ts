import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { findSameToken } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { getProfile } from '#lib/data/profiles.ts'
import type { ProviderCompany } from '#lib/data/provider-pauses.ts'
import { fakeBaseUrlOf } from '#lib/env.ts'
import type { Provider, TokenOwner, Verdict } from '#lib/providers/provider.ts'
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

/** What a check has to know of its connection. A company that it was connected with before is followed to a new domain. */
export type Checked = Pick<CustomerConnection, 'teamId' | 'provider' | 'profile'> &
  Partial<Pick<CustomerConnection, 'connectedAt' | 'providerCompanyId'>>

/**
 * One live check of a token against what the connection's profile needs. Reads only; never throws for the provider's sake.
 * `by`: whether somebody waits for it; a check in the background must have been admitted before, see admit.ts.
 */
export async function checkLive(
  connection: Checked,
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
      knownCompanyId: connection.connectedAt ? (connection.providerCompanyId ?? null) : null,
      needs: { capabilities, accountAdmin, startDate },
      depth,
      fakeBaseUrl: fakeBaseUrlOf(connection.provider),
      timeoutMs: CHECK_TIMEOUT_MS,
    })
  return by === 'person' ? checkForPerson(at, check) : heedLimits(at, await check())
}

/** With these the token itself works, so that whom it belongs to counts before anything it may or may not do. */
const WORKS: readonly VerdictCode[] = ['OK', 'LIMITED_ACCESS', 'FEATURE_OFF']
/** With these it is of no use yet, but whoever could mend that should not do it in the wrong company. */
const OWNED: readonly VerdictCode[] = [...WORKS, 'NOT_ADMIN', 'NO_DEALS_ACCESS', 'USER_INACTIVE']

/**
 * What the verdict becomes beside what was expected: the company the request names, the company and the
 * person it was connected with before, and the team's other connections. `accepted`: what somebody said yes to.
 */
export async function compareWithExpected(
  connection: CustomerConnection,
  verdict: Verdict,
  { fingerprint, accepted = [] }: { fingerprint: Buffer; accepted?: readonly VerdictCode[] },
): Promise<VerdictCode> {
  const { code, owner } = verdict
  if (!owner || !OWNED.includes(code)) return code
  if (isAnotherCompany(connection, owner)) return 'WRONG_ACCOUNT'
  if (!WORKS.includes(code)) return code

  const scope = { teamId: connection.teamId, connectionId: connection.id, fingerprint }
  if (!accepted.includes('ALREADY_CONNECTED') && (await findSameToken(db(), scope))) return 'ALREADY_CONNECTED'

  const anotherPerson = connection.connectedAt !== null && connection.providerUserId !== owner.userId
  if (anotherPerson && !accepted.includes('USER_MISMATCH')) return 'USER_MISMATCH'
  return code
}

/** A connection keeps its company by the company's id, which a new domain does not change; before that the request's word counts. */
function isAnotherCompany(connection: CustomerConnection, { companyId, companyDomain }: TokenOwner): boolean {
  if (connection.connectedAt) return connection.providerCompanyId !== companyId
  return connection.expectedDomain !== null && connection.expectedDomain !== companyDomain
}

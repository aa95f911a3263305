import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatDateTime } from '#lib/format.ts'
import { addressOf } from '#lib/providers/fields.ts'
import type { CapabilityRow, TokenOwner } from '#lib/providers/provider.ts'
import type { Turn, VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { mayUseOtherCompany } from './other-company.ts'

/** A verdict in the reader's words: what is wrong, why, what to press, and who can do it. */
export type Explanation = {
  code: VerdictCode
  turn: Turn
  title: string
  cause: string
  steps: string[]
  who: string
  /** Ready text for the customer's Pipedrive admin; empty when none is needed. */
  copyForAdmin: string
  /** The same as an address that opens the reader's mail program; nobody is named as its recipient. */
  mailForAdmin: string
}

type Explained = Pick<
  CustomerConnection,
  'provider' | 'language' | 'teamName' | 'ownerName' | 'typedDomain' | 'expectedDomain' | 'customerName' | 'checkedAt'
> &
  Partial<
    Pick<CustomerConnection, 'connectedAt' | 'providerCompanyDomain' | 'providerCompanyName' | 'providerUserName'>
  >

const STEP_KEYS = ['fix1', 'fix2', 'fix3'] as const

/** `owner`, `report`: what the check found. `domain`: the address that was checked, where it is not the one typed last. */
export function explain(
  code: VerdictCode,
  connection: Explained,
  found: { owner?: TokenOwner | null; report?: readonly CapabilityRow[]; domain?: string | null } | null = null,
): Explanation {
  const { owner = null, report = [], domain = null } = found ?? {}
  const t = words(connection.language)
  const address = domain ?? connection.typedDomain ?? connection.expectedDomain
  const named = (rows: readonly CapabilityRow[]) => rows.map(({ capability }) => t(`report.capability.${capability}`))
  const values = {
    team: connection.teamName,
    contact: connection.ownerName ?? connection.teamName,
    domain: address ?? '',
    address: address ? addressOf(connection.provider, address) : t('pages.verdict.ourPipedrive'),
    expected: expectedCompany(connection, t),
    otherDomain: owner?.companyDomain ?? '',
    company: owner?.companyName ?? connection.expectedDomain ?? connection.customerName,
    userName: owner?.userName ?? owner?.userEmail ?? connection.providerUserName ?? '',
    date: formatDateTime(connection.checkedAt ?? new Date(), connection.language),
    time: formatDateTime(new Date(), connection.language),
    feature: named(report.filter(({ evidence }) => evidence === 'feature_off')).join(', '),
    missing: listOf(named(report.filter(({ result }) => result === 'no'))),
  }
  const say = (part: string) => t(`verdicts.${code}.${part}` as Parameters<typeof t>[0], values)
  const copyForAdmin = say('copyForAdmin')
  return {
    code,
    turn: verdicts[code].turn,
    title: say('title'),
    cause: say('cause'),
    steps: STEP_KEYS.map((key) => say(isFixed(key) ? 'fix1Fixed' : key)).filter((step) => step !== ''),
    who: say('who'),
    copyForAdmin,
    mailForAdmin: copyForAdmin && mailOf(t('pages.verdict.adminSubject', values), copyForAdmin),
  }

  /** "If acme-uk is right, use it" would lead nowhere where the company is settled. */
  function isFixed(key: string): boolean {
    if (code !== 'COMPANY_MISMATCH' || key !== 'fix1') return false
    return !mayUseOtherCompany(
      { expectedDomain: connection.expectedDomain, connectedAt: connection.connectedAt ?? null },
      owner?.companyDomain ?? null,
    )
  }
}

/** The company that the token has to belong to: the one of before, else the one that the request names. */
function expectedCompany(connection: Explained, t: Words): string {
  const domain = connection.connectedAt ? connection.providerCompanyDomain : connection.expectedDomain
  if (domain) return addressOf(connection.provider, domain)
  return connection.providerCompanyName ?? t('pages.verdict.company')
}

function listOf(names: readonly string[]): string {
  return names.length > 0 ? `\n\n${names.map((name) => `- ${name}`).join('\n')}` : ''
}

/** A `mailto:` address; line breaks in it are those of mail. */
export function mailOf(subject: string, body: string, recipient = ''): string {
  const part = (text: string) => encodeURIComponent(text.replace(/\r?\n/g, '\r\n'))
  return `mailto:${encodeURIComponent(recipient).replace('%40', '@')}?subject=${part(subject)}&body=${part(body)}`
}

import type { ShownRow } from '#components/board/board-data.ts'
import type { Learnt } from '#lib/connection/customer-view.ts'
import { type Status, statuses, turnOf } from '#lib/connection/status.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { Verification } from '#lib/data/verifications.ts'
import { type CapabilityRow, capabilities, type TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language, Words } from '#lib/words.ts'

/** Made-up people and fixed times: what the gallery draws the real components with. */

const day = (text: string) => new Date(`${text}Z`)

export const endedAt = day('2026-11-19T14:02')
export const linkEndsAt = day('2026-12-03T14:02')

export function sampleConnection(
  team: { id: string; name: string },
  language: Language,
  { status, verdictCode = null }: { status: Status; verdictCode?: VerdictCode | null },
): CustomerConnection {
  const german = language === 'de'
  return {
    id: `con_${'0'.repeat(26)}`,
    teamId: team.id,
    requestId: `req_${'0'.repeat(26)}`,
    provider: 'pipedrive',
    profile: 'two-way-crm',
    name: german ? 'Käte & Söhne Pipedrive' : 'Acme Pipedrive',
    status,
    verdictCode,
    version: 1,
    acceptedCodes: [],
    typedDomain: 'acme',
    expectedDomain: null,
    providerCompanyId: '7100001',
    providerCompanyDomain: 'acme',
    providerCompanyName: german ? 'Käte & Söhne GmbH' : 'Acme Ltd',
    providerUserId: '71000011',
    providerUserName: 'Jane Miller',
    providerUserEmail: 'jane@acme.example',
    startDate: null,
    connectedAt: status === 'connected' || status === 'stopped' ? day('2026-11-05T09:30') : null,
    checkedAt: endedAt,
    exposedAt: null,
    adoptedAt: null,
    waitedSeconds: null,
    nextCheckAt: day('2026-11-19T14:20'),
    reference: 'KTR-482',
    language,
    project: german ? 'Vertriebsabgleich' : 'Sales sync',
    note: german ? 'Wie am Telefon besprochen.\nVielen Dank!' : 'We spoke on the phone about this.\nThank you!',
    requestedAt: day('2026-11-03T08:00'),
    customerName: german ? 'Käte & Söhne' : 'Acme',
    contactName: 'Jane Miller',
    contactEmail: 'jane@acme.example',
    teamName: team.name,
    ownerName: 'Maria Lopez',
    ownerEmail: 'maria@northwind.example',
    supportEmail: 'support@northwind.example',
  }
}

export const owner: TokenOwner = {
  userId: '71000011',
  userName: 'Jane Miller',
  userEmail: 'jane@acme.example',
  companyId: '7100001',
  companyName: 'Acme UK Ltd',
  companyDomain: 'acme-uk',
  accountAdmin: true,
}

const results = [
  { result: 'yes', evidence: 'read_some' },
  { result: 'no', evidence: 'permission_absent' },
  { result: 'unknown', evidence: 'not_tested' },
] as const satisfies Pick<CapabilityRow, 'result' | 'evidence'>[]

/** A line for every capability, with each of the three results. */
export const report: CapabilityRow[] = capabilities.map((capability, index) => ({
  capability,
  group: capability.startsWith('read_') ? 'reads' : 'writes',
  ...(results[index % results.length] ?? results[0]),
}))

/** What is known of a connection after such a check. */
export function sampleLearnt(verdictCode: VerdictCode | null): Learnt {
  const seen = verdictCode && sampleVerification(verdictCode)
  const rights = seen && { ...seen, surplus: [] }
  return { seen, rights, fate: { own: [], others: 0, hasMore: false }, passedOn: null }
}

export function sampleVerification(verdictCode: VerdictCode): Verification {
  return { verdictCode, owner, report, since: null, moreThanNeeded: verdictCode === 'OK', createdAt: endedAt }
}

/** A row of the board for every status. */
export function boardRows(t: Words): ShownRow[] {
  const time = { at: endedAt.toISOString(), exact: '19 Nov 2026, 14:02 UTC', relative: '3 days ago' }
  return statuses.map((status, index) => ({
    id: `con_${String(index).padStart(26, '0')}`,
    customer: 'Acme',
    name: 'Acme Pipedrive',
    provider: 'Pipedrive',
    profile: t('pages.profiles.two-way-crm.title'),
    status,
    verdict: null,
    badge: t(`board.status.${status}`),
    snoozed:
      status === 'needs_manager' ? t('board.snoozedNote', { date: '24 November', note: 'They ask their IT' }) : null,
    frozen: status === 'connected' ? t('freeze.badge') : null,
    turn: t(`board.turn.${turnOf(status, null)}`),
    title: status === 'needs_customer' ? t('verdicts.TOKEN_REJECTED.title') : null,
    nextTry: status === 'waiting_provider' ? 'Next try in 2 minutes' : null,
    checked: index % 2 ? time : null,
    linkEnds: index % 3 ? time : null,
    owner: index % 4 ? 'Maria Lopez' : null,
  }))
}

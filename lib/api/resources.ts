import 'server-only'
import type * as z from 'zod'
import { nameOf } from '#lib/connection/profile-words.ts'
import type { Profile } from '#lib/connection/profiles.ts'
import { turnOf } from '#lib/connection/status.ts'
import type { IntegrationEvent } from '#lib/data/events.ts'
import type { ConnectionRecord, RequestRecord } from '#lib/data/machine-reads.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import type { SecureLink } from '#lib/data/secure-links.ts'
import type { ProviderId } from '#lib/providers/fields.ts'
import type { CapabilityRow } from '#lib/providers/provider.ts'
import type {
  connectionDetail,
  connectionResource,
  ending,
  eventResource,
  profileList,
  requestResource,
} from './schemas.ts'

/** Rows as they go over the wire: named as the document names them, times as text. */

export function connectionOf(record: ConnectionRecord): z.output<typeof connectionResource> {
  const { providerCompanyId, providerCompanyName, providerCompanyDomain, providerUserId, providerUserName } = record
  return {
    id: record.id,
    requestId: record.requestId,
    reference: record.reference,
    externalId: record.externalId,
    customer: record.customerName,
    name: record.name,
    provider: record.provider as ProviderId,
    profile: record.profile,
    status: record.status,
    verdict: record.verdictCode,
    turn: turnOf(record.status, record.verdictCode),
    startDate: record.startDate,
    version: record.version,
    company:
      providerCompanyId === null
        ? null
        : { id: providerCompanyId, name: providerCompanyName, domain: providerCompanyDomain },
    user: providerUserId === null ? null : { id: providerUserId, name: providerUserName },
    since: record.statusSince.toISOString(),
    connectedAt: timeOf(record.connectedAt),
    checkedAt: timeOf(record.checkedAt),
    nextCheckAt: timeOf(record.nextCheckAt),
    createdAt: record.createdAt.toISOString(),
  }
}

export function connectionDetailOf(
  record: ConnectionRecord,
  report: readonly CapabilityRow[],
): z.output<typeof connectionDetail> {
  return {
    ...connectionOf(record),
    report: report.map(({ capability, group, result, evidence }) => ({ capability, group, result, evidence })),
  }
}

export function requestOf(record: RequestRecord, link: SecureLink | null): z.output<typeof requestResource> {
  return {
    id: record.id,
    reference: record.reference,
    customer: record.customerName,
    contact: { name: record.contactName, email: record.contactEmail },
    language: record.language,
    project: record.project,
    createdAt: record.createdAt.toISOString(),
    link: link && { state: link.state, expiresAt: link.expiresAt.toISOString() },
    connections: record.connections.map(connectionOf),
  }
}

export function profileOf(profile: Profile): z.output<typeof profileList>['data'][number] {
  const { key, capabilities, accountAdmin, startDate, mode, limitsAllowed, checkIntervalMinutes, disabledAt } = profile
  return {
    key,
    name: { en: nameOf(profile, 'en'), de: nameOf(profile, 'de') },
    capabilities: [...capabilities],
    accountAdmin,
    startDate,
    mode,
    limitsAllowed,
    checkIntervalMinutes,
    offered: disabledAt === null,
  }
}

export function endingOf(
  { id, status }: Pick<ConnectionRecord, 'id' | 'status'>,
  { deadline, confirmedAt }: OffBoarding,
): z.output<typeof ending> {
  return { id, status, deadline: deadline.toISOString(), confirmedAt: timeOf(confirmedAt) }
}

/** The same whether somebody asks for it or a webhook brings it. */
export function eventOf(event: Omit<IntegrationEvent, 'seq'>): z.output<typeof eventResource> {
  const { id, type, at, connectionId, externalId, status, version, verdictCode } = event
  return {
    id,
    type,
    at: at.toISOString(),
    connection: { id: connectionId, externalId, status, version },
    ...(verdictCode && { verdict: verdictCode }),
  }
}

function timeOf(at: Date | null): string | null {
  return at?.toISOString() ?? null
}

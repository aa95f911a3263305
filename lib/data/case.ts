import 'server-only'
import type { Kysely } from 'kysely'
import type { CustomerConnection } from './connections.ts'
import { listRequestConnections } from './connections.ts'
import type { ContactProposal } from './contact-proposals.ts'
import { findWaitingProposal } from './contact-proposals.ts'
import type { RequestContacts } from './contacts.ts'
import { getRequestContacts } from './contacts.ts'
import type { Freeze } from './freezes.ts'
import { listFreezesOf } from './freezes.ts'
import { findWaitingHandOver } from './hand-overs.ts'
import type { OffBoarding } from './off-boardings.ts'
import { findOffBoarding } from './off-boardings.ts'
import type { Database } from './schema.ts'
import type { SecureLink } from './secure-links.ts'
import { findNewestLink } from './secure-links.ts'
import type { Stop } from './stops.ts'
import { findLatestStop } from './stops.ts'
import type { RightsReport, Verification } from './verifications.ts'
import { findLatestReport, findLatestVerification } from './verifications.ts'

/** Everything the team's page of one connection shows, but for what happened to it. */
export type Case = {
  connection: CustomerConnection
  contacts: RequestContacts
  link: (SecureLink & { createdAt: Date }) | null
  visitedAt: Date | null
  /** How many other connections the link serves. */
  others: number
  seen: Verification | null
  ending: OffBoarding | null
  /** The latest time that it stopped, mended or not. */
  stop: Stop | null
  /** From the latest check that looked at rights. */
  rights: RightsReport | null
  /** The latest change of the company's address that we followed. */
  renamed: { from: string; to: string; at: Date } | null
  /** The company that the latest token belonged to, accepted or not. */
  seenCompany: { name: string | null; domain: string } | null
  /** Another address that support asks for, while it waits for a yes. */
  proposal: ContactProposal | null
  /** What stops its hand-off now. */
  freezes: Freeze[]
  /** The hand-over that waits for a yes. */
  handOverId: string | null
}

export async function readCase(trx: Kysely<Database>, connection: CustomerConnection): Promise<Case> {
  const { teamId, requestId, id: connectionId } = connection
  const [contacts, link, siblings, seen, rights, renamed, times, ending, proposal, handOver, freezes, stop] =
    await Promise.all([
      getRequestContacts(trx, { teamId, requestId }),
      findNewestLink(trx, { teamId, requestId }),
      listRequestConnections(trx, { teamId, requestId }),
      findLatestVerification(trx, { teamId, connectionId }),
      findLatestReport(trx, { teamId, connectionId }),
      findRename(trx, { teamId, connectionId }),
      findTimes(trx, { teamId, connectionId }),
      findOffBoarding(trx, { teamId, connectionId }),
      findWaitingProposal(trx, { teamId, requestId }),
      findWaitingHandOver(trx, { teamId, requestId }),
      listFreezesOf(trx, { teamId, connectionId }),
      findLatestStop(trx, { teamId, connectionId }),
    ])
  const { companyDomain, companyName } = seen?.owner ?? {}
  const createdAt = link && (await findLinkStart(trx, link))
  return {
    connection,
    contacts,
    link: link && createdAt && { ...link, createdAt },
    visitedAt: times?.visitedAt ?? null,
    others: siblings.length - 1,
    seen,
    ending,
    stop,
    rights,
    renamed,
    seenCompany: companyDomain ? { name: companyName ?? null, domain: companyDomain } : null,
    proposal,
    freezes,
    handOverId: handOver?.id ?? null,
  }
}

async function findRename(
  trx: Kysely<Database>,
  { teamId, connectionId }: { teamId: string; connectionId: string },
): Promise<Case['renamed']> {
  const row = await trx
    .selectFrom('auditEvents')
    .select(['details', 'at'])
    .where('teamId', '=', teamId)
    .where('objectId', '=', connectionId)
    .where('action', '=', 'connection.company_renamed')
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const { from, to } = row?.details ?? {}
  return row && typeof from === 'string' && typeof to === 'string' ? { from, to, at: row.at } : null
}

function findTimes(trx: Kysely<Database>, { teamId, connectionId }: { teamId: string; connectionId: string }) {
  return trx
    .selectFrom('connections')
    .select('visitedAt')
    .where('teamId', '=', teamId)
    .where('id', '=', connectionId)
    .executeTakeFirst()
}

async function findLinkStart(trx: Kysely<Database>, { id, teamId }: SecureLink): Promise<Date | null> {
  const row = await trx
    .selectFrom('secureLinks')
    .select('createdAt')
    .where('teamId', '=', teamId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.createdAt ?? null
}

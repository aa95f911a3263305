import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findPassedOn } from '#lib/data/hand-overs.ts'
import type { RightsReport, Verification } from '#lib/data/verifications.ts'
import { findLatestReport, findLatestVerification } from '#lib/data/verifications.ts'
import type { OwnFate } from './shared-fate.ts'
import { asContactSees, listSharedFate } from './shared-fate.ts'

/** What is known of a connection beside its own row, as far as its customer may see it. */
export type Learnt = {
  seen: Verification | null
  rights: RightsReport | null
  fate: OwnFate
  /** Whoever had the request before its contact. */
  passedOn: { contactName: string; at: Date } | null
}

export async function findLearnt(connection: CustomerConnection): Promise<Learnt> {
  const { teamId, requestId, id: connectionId } = connection
  const [seen, rights, passedOn] = await Promise.all([
    findLatestVerification(db(), { teamId, connectionId }),
    findLatestReport(db(), { teamId, connectionId }),
    findPassedOn(db(), { teamId, requestId }),
  ])
  return { seen, rights, passedOn, fate: asContactSees(await listSharedFate(connection, seen)) }
}

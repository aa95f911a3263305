import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { db } from './database.ts'
import type { Database } from './schema.ts'
import type { SecureLink } from './secure-links.ts'

export type LinkFetches = { linkId: string; fetches: number; firstAt: Date; lastAt: Date }

/**
 * Notes that the address of a link was fetched. Scanners fetch as people do, so this says nothing about anybody:
 * it moves no status, and support alone reads it. One row for each link and day.
 */
export async function noteLinkFetch({ id, teamId }: Pick<SecureLink, 'id' | 'teamId'>): Promise<void> {
  await db()
    .insertInto('linkFetches')
    .values({ linkId: id, teamId, day: sql<string>`(now() at time zone 'utc')::date`, fetches: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['linkId', 'day'])
        .doUpdateSet({ fetches: sql<number>`link_fetches.fetches + 1`, lastAt: sql<Date>`now()` }),
    )
    .execute()
}

const DAYS_MAX = 60

/** The days on which links of a request were fetched, the last one first. */
export async function listLinkFetches(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<LinkFetches[]> {
  return trx
    .selectFrom('linkFetches')
    .innerJoin('secureLinks', 'secureLinks.id', 'linkFetches.linkId')
    .select(['linkFetches.linkId', 'fetches', 'firstAt', 'lastAt'])
    .where('secureLinks.teamId', '=', teamId)
    .where('secureLinks.requestId', '=', requestId)
    .orderBy('lastAt', 'desc')
    .limit(DAYS_MAX)
    .execute()
}

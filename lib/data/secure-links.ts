import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor, LinkHolder } from '#lib/actor.ts'
import type { Status } from '#lib/connection/status.ts'
import { copyLinkEnd } from './board-copies.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** Where a link stands, by the database's clock. */
export type LinkState = 'live' | 'grace' | 'expired' | 'revoked' | 'replaced' | 'declined' | 'handed_over'

/** After its end a browser that opened the link earlier may still submit. */
export const GRACE_MINUTES = 30

export type SecureLink = {
  id: string
  teamId: string
  requestId: string
  purpose: 'connect' | 'repair' | 'off_board'
  state: LinkState
  expiresAt: Date
  endedAt: Date | null
}

const stateOfLink = sql<LinkState>`case
  when secure_links.ended_as is not null then secure_links.ended_as
  when secure_links.replaced_at is not null then 'replaced'
  when secure_links.revoked_at is not null then 'revoked'
  when secure_links.expires_at > now() then 'live'
  when secure_links.expires_at > now() - make_interval(mins => ${GRACE_MINUTES}) then 'grace'
  else 'expired' end`

const endedAt = sql<Date | null>`coalesce(secure_links.replaced_at, secure_links.revoked_at)`

/** The link that a key opens; null for every unknown key alike. */
export async function findLinkByDigest(digest: Buffer): Promise<SecureLink | null> {
  const link = await db()
    .selectFrom('secureLinkKeys')
    .innerJoin('secureLinks', 'secureLinks.id', 'secureLinkKeys.linkId')
    .select(['secureLinks.id', 'secureLinks.teamId', 'secureLinks.requestId', 'purpose', 'expiresAt'])
    .select([stateOfLink.as('state'), endedAt.as('endedAt')])
    .where('digest', '=', digest)
    .executeTakeFirst()
  return link ?? null
}

/** The link named by a browser's signed cookie. `lock` keeps it as it is until the transaction ends. */
export async function findLink(
  trx: Kysely<Database>,
  linkId: string,
  { lock = false } = {},
): Promise<SecureLink | null> {
  const query = trx
    .selectFrom('secureLinks')
    .select(['id', 'teamId', 'requestId', 'purpose', 'expiresAt'])
    .select([stateOfLink.as('state'), endedAt.as('endedAt')])
    .where('id', '=', linkId)
  const link = await (lock ? query.forUpdate() : query).executeTakeFirst()
  return link ?? null
}

/** The newest link of a request, whatever its state. */
export async function findNewestLink(
  trx: Kysely<Database>,
  { teamId, requestId }: { teamId: string; requestId: string },
): Promise<SecureLink | null> {
  const link = await trx
    .selectFrom('secureLinks')
    .select(['id', 'teamId', 'requestId', 'purpose', 'expiresAt'])
    .select([stateOfLink.as('state'), endedAt.as('endedAt')])
    .where('teamId', '=', teamId)
    .where('requestId', '=', requestId)
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return link ?? null
}

export async function insertLink(
  trx: Kysely<Database>,
  actor: Actor,
  link: { requestId: string; purpose: SecureLink['purpose']; expiresInDays: number; digest: Buffer },
): Promise<{ id: string; expiresAt: Date }> {
  const { id, expiresAt } = await trx
    .insertInto('secureLinks')
    .values({
      id: newId('lnk'),
      teamId: actor.teamId,
      requestId: link.requestId,
      purpose: link.purpose,
      expiresAt: sql<Date>`now() + make_interval(days => ${link.expiresInDays})`,
    })
    .returning(['id', 'expiresAt'])
    .executeTakeFirstOrThrow()
  await insertLinkKey(trx, actor, { linkId: id, digest: link.digest })
  await copyLinkEnd(trx, { teamId: actor.teamId, requestId: link.requestId })
  return { id, expiresAt }
}

/** A further key of the same link; the earlier ones stay valid. */
export async function insertLinkKey(
  trx: Kysely<Database>,
  actor: Actor,
  key: { linkId: string; digest: Buffer },
): Promise<void> {
  await trx
    .insertInto('secureLinkKeys')
    .values({ digest: key.digest, teamId: actor.teamId, linkId: key.linkId })
    .execute()
}

/** Ends every open link of a request: for a newer one, or as its contact wished. Answers how many ended by this call. */
export async function endLinks(
  trx: Kysely<Database>,
  actor: Actor,
  { requestId, replacedBy, endedAs }: { requestId: string; replacedBy?: string; endedAs?: 'declined' | 'handed_over' },
): Promise<number> {
  const end = replacedBy
    ? { replacedBy, replacedAt: sql<Date>`now()` }
    : { revokedAt: sql<Date>`now()`, revokedBy: actor.kind, endedAs }
  let query = trx
    .updateTable('secureLinks')
    .set(end)
    .where('teamId', '=', actor.teamId)
    .where('requestId', '=', requestId)
    .where('revokedAt', 'is', null)
    .where('replacedAt', 'is', null)
  if (replacedBy) query = query.where('id', '<>', replacedBy)
  const { numUpdatedRows } = await query.executeTakeFirstOrThrow()
  await copyLinkEnd(trx, { teamId: actor.teamId, requestId })
  return Number(numUpdatedRows)
}

/** Moves the end of a link; used by tests and by staff who extend it. */
export async function setLinkEnd(
  trx: Kysely<Database>,
  actor: Actor,
  { linkId, expiresAt }: { linkId: string; expiresAt: Date },
): Promise<void> {
  const moved = await trx
    .updateTable('secureLinks')
    .set({ expiresAt })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', linkId)
    .returning('requestId')
    .executeTakeFirst()
  if (moved) await copyLinkEnd(trx, { teamId: actor.teamId, requestId: moved.requestId })
}

/** As `setLinkEnd`, so many days from now; an end that is later stays. Answers the end. */
export async function extendLinkEnd(
  trx: Kysely<Database>,
  actor: Actor,
  { linkId, requestId, days }: { linkId: string; requestId: string; days: number },
): Promise<Date> {
  const { expiresAt } = await trx
    .updateTable('secureLinks')
    .set({ expiresAt: sql<Date>`greatest(expires_at, now() + make_interval(days => ${days}))` })
    .where('teamId', '=', actor.teamId)
    .where('id', '=', linkId)
    .returning('expiresAt')
    .executeTakeFirstOrThrow()
  await copyLinkEnd(trx, { teamId: actor.teamId, requestId })
  return expiresAt
}

/** Whether the holder's link still takes submissions; locks it against a revoke in the same moment. */
export async function lockLinkForSubmit(trx: Kysely<Database>, holder: LinkHolder): Promise<LinkState> {
  const link = await findLink(trx, holder.linkId, { lock: true })
  return link?.state ?? 'revoked'
}

const PAST_END_AT_ONCE = 200

/** Connections, in every team, in one of these statuses whose link ran out more than a grace period ago. */
export async function listPastLinkEnd(
  trx: Kysely<Database>,
  statuses: readonly Status[],
): Promise<{ teamId: string; requestId: string; connectionId: string }[]> {
  return trx
    .selectFrom('connections')
    .select(['teamId', 'requestId', 'id as connectionId'])
    .where('status', 'in', statuses)
    .where('linkExpiresAt', '<', sql<Date>`now() - make_interval(mins => ${GRACE_MINUTES})`)
    .orderBy('linkExpiresAt')
    .limit(PAST_END_AT_ONCE)
    .execute()
}

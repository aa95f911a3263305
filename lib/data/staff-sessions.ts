import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { StaffRole } from '#lib/actor.ts'
import { db } from './database.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** However busy somebody is: after this long they sign in again. */
export const SESSION_HOURS_MAX = 12
const IDLE_HOURS_MAX = 8
/** Role changes, key rotation and exports need a person who proved within this long who they are. */
export const FRESH_MINUTES_MAX = 10
/** A session is marked as used at most this often, so that reading a page seldom writes. */
const SEEN_EVERY_SECONDS = 60

export type StaffSession = {
  id: string
  teamId: string
  teamName: string
  staffId: string
  role: StaffRole
  name: string
  email: string
  /** The latest end: activity moves it, but not past the longest life. */
  endsAt: Date
  isFresh: boolean
}

export type SignInMethod = 'company' | 'mail' | 'operator'

/** The session that a cookie stands for, by the database's clock and the member's role of this moment. */
export async function findStaffSession(digest: Buffer): Promise<StaffSession | null> {
  const row = await db()
    .selectFrom('staffSessions')
    .innerJoin('staff', 'staff.id', 'staffSessions.staffId')
    .innerJoin('teams', 'teams.id', 'staffSessions.teamId')
    .select(['staffSessions.id', 'staffSessions.teamId', 'staffSessions.staffId'])
    .select(['staff.role', 'staff.name', 'staff.email', 'teams.name as teamName'])
    .select(
      sql<Date>`least(staff_sessions.created_at + make_interval(hours => ${SESSION_HOURS_MAX}), now() + make_interval(hours => ${IDLE_HOURS_MAX}))`.as(
        'endsAt',
      ),
    )
    .select(
      sql<boolean>`coalesce(staff_sessions.authenticated_at > now() - make_interval(mins => ${FRESH_MINUTES_MAX}), false)`.as(
        'isFresh',
      ),
    )
    .where('digest', '=', digest)
    .where('staff.disabledAt', 'is', null)
    .where('staffSessions.createdAt', '>', sql<Date>`now() - make_interval(hours => ${SESSION_HOURS_MAX})`)
    .where('staffSessions.seenAt', '>', sql<Date>`now() - make_interval(hours => ${IDLE_HOURS_MAX})`)
    .executeTakeFirst()
  return row ?? null
}

/** Somebody did something: the idle time starts anew. */
export async function markSessionSeen(digest: Buffer): Promise<void> {
  await db()
    .updateTable('staffSessions')
    .set({ seenAt: sql<Date>`now()` })
    .where('digest', '=', digest)
    .where('seenAt', '<', sql<Date>`now() - make_interval(secs => ${SEEN_EVERY_SECONDS})`)
    .execute()
}

export async function insertStaffSession(
  trx: Kysely<Database>,
  session: { digest: Buffer; teamId: string; staffId: string; method: SignInMethod; authenticatedAt: Date | null },
): Promise<void> {
  await trx
    .insertInto('staffSessions')
    .values({ id: newId('ses'), ...session })
    .execute()
}

/** Ends one browser's session. Answers whose it was. */
export async function deleteStaffSession(
  trx: Kysely<Database>,
  digest: Buffer,
): Promise<{ id: string; teamId: string; staffId: string } | null> {
  const row = await trx
    .deleteFrom('staffSessions')
    .where('digest', '=', digest)
    .returning(['id', 'teamId', 'staffId'])
    .executeTakeFirst()
  return row ?? null
}

/** Ends every session of a member, so that none comes back to life when they are enabled again. */
export async function deleteSessionsOf(
  trx: Kysely<Database>,
  { teamId, staffId }: { teamId: string; staffId: string },
): Promise<void> {
  await trx.deleteFrom('staffSessions').where('teamId', '=', teamId).where('staffId', '=', staffId).execute()
}

/** Forgets sessions that nobody can use any more; run from time to time. */
export async function forgetOldSessions(): Promise<void> {
  await db()
    .deleteFrom('staffSessions')
    .where('createdAt', '<', sql<Date>`now() - make_interval(hours => ${SESSION_HOURS_MAX})`)
    .execute()
}

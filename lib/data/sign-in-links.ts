import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { db } from './database.ts'
import type { Database } from './schema.ts'

export type SignInLink = {
  staffId: string
  teamId: string
  teamName: string
  name: string
  email: string
  issuedBy: 'mail' | 'operator'
  nextPath: string | null
  expiresAt: Date
}

export async function insertSignInLink(
  trx: Kysely<Database>,
  link: {
    digest: Buffer
    teamId: string
    staffId: string
    issuedBy: 'mail' | 'operator'
    nextPath: string | null
    minutes: number
  },
): Promise<void> {
  const { minutes, ...columns } = link
  await trx
    .insertInto('signInLinks')
    .values({ ...columns, expiresAt: sql<Date>`now() + make_interval(mins => ${minutes})` })
    .execute()
}

/** The member whom a link would sign in; null for links that are unknown, used, over, or of somebody disabled. */
export async function findSignInLink(digest: Buffer): Promise<SignInLink | null> {
  const row = await db()
    .selectFrom('signInLinks')
    .innerJoin('staff', 'staff.id', 'signInLinks.staffId')
    .innerJoin('teams', 'teams.id', 'signInLinks.teamId')
    .select(['signInLinks.staffId', 'signInLinks.teamId', 'teams.name as teamName', 'staff.name', 'staff.email'])
    .select(['signInLinks.issuedBy', 'signInLinks.nextPath', 'signInLinks.expiresAt'])
    .where('digest', '=', digest)
    .where('staff.disabledAt', 'is', null)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', sql<Date>`now()`)
    .executeTakeFirst()
  return row ?? null
}

/** Uses a link up. Of two who try at the same time one succeeds. */
export async function takeSignInLink(trx: Kysely<Database>, digest: Buffer): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('signInLinks')
    .set({ usedAt: sql<Date>`now()` })
    .where('digest', '=', digest)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Forgets links that ended; run from time to time. */
export async function forgetOldSignInLinks(): Promise<void> {
  await db().deleteFrom('signInLinks').where('expiresAt', '<', sql<Date>`now() - interval '1 day'`).execute()
}

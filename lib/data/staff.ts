import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Actor, StaffRole } from '#lib/actor.ts'
import type { Language } from '#lib/words.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

export type Member = {
  id: string
  teamId: string
  email: string
  name: string
  role: StaffRole
  disabledAt: Date | null
}

const memberColumns = ['id', 'teamId', 'email', 'name', 'role', 'disabledAt'] as const

/** Bound of a team, and of the page that lists it. */
export const MEMBERS_MAX = 500

/** Everybody of the actor's team, those who may sign in first. */
export async function listMembers(trx: Kysely<Database>, { teamId }: Actor): Promise<Member[]> {
  return trx
    .selectFrom('staff')
    .select(memberColumns)
    .where('teamId', '=', teamId)
    .orderBy(sql`disabled_at is not null`)
    .orderBy('name')
    .orderBy('id')
    .limit(MEMBERS_MAX)
    .execute()
}

/** One member of the actor's team. */
export async function findMember(trx: Kysely<Database>, { teamId }: Actor, staffId: string): Promise<Member | null> {
  const row = await trx
    .selectFrom('staff')
    .select(memberColumns)
    .where('teamId', '=', teamId)
    .where('id', '=', staffId)
    .executeTakeFirst()
  return row ?? null
}

/** One member of the actor's team, kept as it is until the transaction ends. */
export async function lockMember(trx: Kysely<Database>, { teamId }: Actor, staffId: string): Promise<Member | null> {
  const row = await trx
    .selectFrom('staff')
    .select(memberColumns)
    .where('teamId', '=', teamId)
    .where('id', '=', staffId)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

/** How many may administer the team. Locks the team: two admins who disable each other must not both succeed. */
export async function countAdmins(trx: Kysely<Database>, { teamId }: Actor): Promise<number> {
  await trx.selectFrom('teams').select('id').where('id', '=', teamId).forUpdate().execute()
  const { n } = await trx
    .selectFrom('staff')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('teamId', '=', teamId)
    .where('role', '=', 'admin')
    .where('disabledAt', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Bound of whoever is told of what concerns the whole team. */
const ADMINS_TOLD_MAX = 50

/** Everybody who administers the team, with the language that their last letter had. */
export async function listAdmins(
  trx: Kysely<Database>,
  { teamId }: Actor,
): Promise<{ name: string; email: string; language: Language }[]> {
  return trx
    .selectFrom('staff')
    .select(['name', 'email'])
    .select(
      sql<Language>`coalesce((select language from outbox where outbox.team_id = staff.team_id
        and recipient_email = staff.email and accepted_at is not null and letter <> 'sample'
        order by accepted_at desc limit 1), 'en')`.as('language'),
    )
    .where('teamId', '=', teamId)
    .where('role', '=', 'admin')
    .where('disabledAt', 'is', null)
    .orderBy('createdAt')
    .orderBy('id')
    .limit(ADMINS_TOLD_MAX)
    .execute()
}

/** Adds a member; null when the team has one with this address already. */
export async function insertMember(
  trx: Kysely<Database>,
  { teamId }: Actor,
  member: { email: string; name: string; role: StaffRole },
): Promise<string | null> {
  const row = await trx
    .insertInto('staff')
    .values({ id: newId('stf'), teamId, ...member })
    .onConflict((conflict) => conflict.columns(['teamId', 'email']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

export async function updateMember(
  trx: Kysely<Database>,
  { teamId }: Actor,
  staffId: string,
  change: { role: StaffRole } | { disabledAt: 'now' | null },
): Promise<void> {
  const set = 'role' in change ? change : { disabledAt: change.disabledAt && sql<Date>`now()` }
  await trx.updateTable('staff').set(set).where('teamId', '=', teamId).where('id', '=', staffId).execute()
}

/** Adds a member, or changes the name and role of the one with this address. */
export async function upsertStaff(
  trx: Kysely<Database>,
  member: { teamId: string; email: string; name: string; role: StaffRole },
): Promise<string> {
  const { id } = await trx
    .insertInto('staff')
    .values({ id: newId('stf'), ...member })
    .onConflict((conflict) =>
      conflict.columns(['teamId', 'email']).doUpdateSet({ name: member.name, role: member.role, disabledAt: null }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** The staff member with this address, if any. */
export async function findStaffByEmail(
  trx: Kysely<Database>,
  teamId: string,
  email: string,
): Promise<{ id: string } | null> {
  const row = await trx
    .selectFrom('staff')
    .select('id')
    .where('teamId', '=', teamId)
    .where('email', '=', email.toLowerCase())
    .where('disabledAt', 'is', null)
    .executeTakeFirst()
  return row ?? null
}

/** Whoever signs in with this address: of several teams the one they joined first. */
export async function findMemberToSignIn(trx: Kysely<Database>, email: string): Promise<Member | null> {
  const row = await trx
    .selectFrom('staff')
    .select(memberColumns)
    .where('email', '=', email.toLowerCase())
    .where('disabledAt', 'is', null)
    .orderBy('createdAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** The first admin of a team: whoever is asked when a request names no account manager, or somebody lacks a role. */
export async function findFirstAdmin(
  trx: Kysely<Database>,
  teamId: string,
): Promise<{ id: string; name: string; email: string } | null> {
  const row = await trx
    .selectFrom('staff')
    .select(['id', 'name', 'email'])
    .where('teamId', '=', teamId)
    .where('disabledAt', 'is', null)
    .orderBy(sql`role = 'admin'`, 'desc')
    .orderBy('createdAt')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

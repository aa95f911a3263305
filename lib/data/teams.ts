import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import type { Database } from './schema.ts'

/** How a team looks to its customers, and how they reach it. */
export type Brand = {
  name: string
  accent: string | null
  logo: { digest: string; type: 'image/png' | 'image/svg+xml' } | null
  supportEmail: string | null
  supportPhone: string | null
}

export type TeamSettings = Brand & {
  senderName: string | null
  reminderDays: number[]
  remindsBeforeEnd: boolean
  linkDays: number
}

export async function getTeamSettings(trx: Kysely<Database>, teamId: string): Promise<TeamSettings> {
  const { logoDigest, logoType, ...team } = await trx
    .selectFrom('teams')
    .leftJoin('teamLogos', 'teamLogos.teamId', 'teams.id')
    .select([
      'teams.name',
      'teams.accent',
      'teams.supportEmail',
      'teams.supportPhone',
      'teams.senderName',
      'teams.reminderDays',
      'teams.remindsBeforeEnd',
      'teams.linkDays',
      'teamLogos.digest as logoDigest',
      'teamLogos.type as logoType',
    ])
    .where('teams.id', '=', teamId)
    .executeTakeFirstOrThrow()
  return { ...team, logo: logoDigest && logoType ? { digest: logoDigest, type: logoType } : null }
}

export async function updateTeam(
  trx: Kysely<Database>,
  { teamId }: Actor,
  change: Partial<Omit<TeamSettings, 'logo'>>,
): Promise<void> {
  const { reminderDays, ...columns } = change
  await trx
    .updateTable('teams')
    .set({ ...columns, ...(reminderDays ? { reminderDays: JSON.stringify(reminderDays) } : {}) })
    .where('id', '=', teamId)
    .execute()
}

export type Logo = { digest: string; type: 'image/png' | 'image/svg+xml'; bytes: Buffer }

/** Puts a picture in the place of the one before. */
export async function replaceLogo(trx: Kysely<Database>, { teamId }: Actor, logo: Logo): Promise<void> {
  await trx
    .insertInto('teamLogos')
    .values({ teamId, ...logo })
    .onConflict((conflict) => conflict.column('teamId').doUpdateSet(logo))
    .execute()
}

export async function deleteLogo(trx: Kysely<Database>, { teamId }: Actor): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('teamLogos').where('teamId', '=', teamId).executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

/** The picture at a public address. Whoever has the address has seen a page or a mail of the team. */
export async function findLogo(trx: Kysely<Database>, digest: string): Promise<Logo | null> {
  const logo = await trx
    .selectFrom('teamLogos')
    .select(['digest', 'type', 'bytes'])
    .where('digest', '=', digest)
    .limit(1)
    .executeTakeFirst()
  return logo ?? null
}

/** Lets one after the other do what may be done once at a time in the whole installation. */
export async function lockFirstTeam(trx: Kysely<Database>): Promise<void> {
  await trx.selectFrom('teams').select('id').orderBy('createdAt').orderBy('id').limit(1).forUpdate().execute()
}

import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { sha256 } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { TeamSettings } from '#lib/data/teams.ts'
import { deleteLogo, replaceLogo, updateTeam } from '#lib/data/teams.ts'
import type { LogoProblem } from './logo.ts'
import { readLogo } from './logo.ts'

/** Changes how the team looks and writes, for everything that is drawn or sent from now on. */
export async function changeTeam(staff: Staff, change: Partial<Omit<TeamSettings, 'logo'>>): Promise<void> {
  await inTransaction(async (trx) => {
    await updateTeam(trx, staff, change)
    await recordAudit(trx, staff, {
      action: 'team.settings_changed',
      objectId: staff.teamId,
      details: { changed: Object.keys(change) },
    })
  })
}

/** Puts a logo in the place of the one before, if it is one that can do nothing but be seen. */
export async function changeLogo(staff: Staff, file: Uint8Array): Promise<'saved' | LogoProblem> {
  const logo = readLogo(file)
  if ('problem' in logo) return logo.problem
  // The address of a picture says which one it is, so that browsers may keep it.
  const digest = sha256(Buffer.concat([Buffer.from(staff.teamId), logo.bytes]))
    .toString('hex')
    .slice(0, 32)
  await inTransaction(async (trx) => {
    await replaceLogo(trx, staff, { ...logo, digest })
    await recordAudit(trx, staff, { action: 'team.logo_changed', objectId: staff.teamId, details: { digest } })
  })
  return 'saved'
}

export async function removeLogo(staff: Staff): Promise<void> {
  await inTransaction(async (trx) => {
    if (await deleteLogo(trx, staff))
      await recordAudit(trx, staff, { action: 'team.logo_changed', objectId: staff.teamId, details: { digest: null } })
  })
}

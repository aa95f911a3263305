import 'server-only'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Operator } from '#lib/actor.ts'
import { closeDatabase, db, openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import { migrateWith } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { makeBackup } from './backup.ts'
import { BackupFault } from './backup-folder.ts'
import type { Restored } from './restore.ts'
import { restoreBackup } from './restore.ts'

/**
 * Fills the server that DATABASE_URL names with everything in the embedded database of DATA_DIR: a backup and a restore
 * in one, with the same checks of counts, audit chain and every sealed value. The embedded one stays as it is. Its lock
 * keeps a portal that still runs from writing what would be left behind.
 */
export async function moveToServer(operatorOf: () => Promise<Operator>): Promise<Restored> {
  const { databaseUrl, dataDir } = env()
  if (!databaseUrl) throw new BackupFault('DATABASE_URL has to name the server that is to be filled')
  if (!existsSync(path.join(dataDir, 'database'))) throw new BackupFault('there is no embedded database in DATA_DIR')
  const made = await mkdtemp(path.join(tmpdir(), 'latchkey-move-'))
  const folder = path.join(made, 'backup')
  try {
    setDatabase(openDatabase({ databaseUrl: null, dataDir }))
    try {
      await migrateWith(db())
      await makeBackup(await operatorOf(), folder, { databaseUrl: null })
    } finally {
      await closeDatabase()
    }
    return await restoreBackup(folder)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

import 'server-only'
import path from 'node:path'
import { makeBackup } from '#lib/jobs/backup.ts'
import { BackupFault } from '#lib/jobs/backup-folder.ts'
import { moveToServer } from '#lib/jobs/move.ts'
import { checkBackup, restoreBackup } from '#lib/jobs/restore.ts'
import type { OperatorCommand } from './command.ts'
import { CommandFailure, flag, named, operator } from './command.ts'

export const backupCommands: Record<string, OperatorCommand> = {
  backup: {
    usage: 'backup <folder>',
    does: 'copies all tables, as they stand at one moment, into a new folder; keys are not in it',
    options: {},
    run: ({ folder, rest }) =>
      withFaults(async () => {
        const target = path.resolve(folder, named(rest, 'a folder that does not exist yet'))
        const { madeAt, tables, keys } = await makeBackup(await operator(), target)
        const rows = tables.reduce((sum, table) => sum + table.rows, 0)
        const keyIds = keys.map(({ keyId }) => keyId)
        return { folder: target, madeAt, tables: tables.length, rows, keyIds, next: nextStep(keyIds) }
      }),
  },
  restore: {
    usage: 'restore [--check] <folder>',
    does: 'fills an empty database from a backup and checks every row; with --check it only tries that, in a database that is thrown away',
    options: { check: flag },
    alone: true,
    run: ({ values, folder, rest }) =>
      withFaults(async () => {
        const source = path.resolve(folder, named(rest, 'the folder of a backup'))
        return { ok: true, ...(await (values.check ? checkBackup(source) : restoreBackup(source))) }
      }),
  },
  'move-to-server': {
    usage: 'move-to-server',
    does: 'fills the empty server of DATABASE_URL with all of the embedded database of DATA_DIR and checks every row; stop the portal first',
    options: {},
    alone: true,
    run: () => withFaults(async () => ({ ok: true, ...(await moveToServer(operator)), next: AFTER_MOVE })),
  },
}

const AFTER_MOVE =
  'Start every process with this DATABASE_URL from now on. The embedded database in DATA_DIR is as it was: keep it until you are sure, and the keys in DATA_DIR for as long as they are used.'

function nextStep(keyIds: string[]): string {
  const keys = keyIds.length > 0 ? `the master keys ${keyIds.join(', ')} and ` : ''
  return `Keep ${keys}SESSION_SECRET in another place than this folder: it cannot be read without them.`
}

async function withFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BackupFault) throw new CommandFailure('BACKUP_FAULT', error.message, {})
    throw error
  }
}

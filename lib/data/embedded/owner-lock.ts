import 'server-only'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const TRIES_FOR_MS = 5_000
const TRY_EVERY_MS = 100

/** Somebody else has the folder open. Two processes in one folder would lose acknowledged rows. */
export class FolderInUseError extends Error {
  override name = 'FolderInUseError'
}

/**
 * Takes the folder for this process. The lock is the kernel's on a file of SQLite's, so a killed owner
 * leaves nothing behind. A dying owner gets a few seconds to go.
 */
export async function lockFolder(folder: string): Promise<{ release(): void }> {
  const deadline = Date.now() + TRIES_FOR_MS
  for (;;) {
    const lock = new DatabaseSync(join(folder, 'owner.lock'))
    try {
      lock.exec('begin exclusive')
      return { release: () => lock.close() }
    } catch {
      lock.close()
    }
    if (Date.now() > deadline) {
      throw new FolderInUseError(
        `Another process is using ${folder}. Stop it, or give this one its own DATA_DIR. To run several processes, set DATABASE_URL.`,
      )
    }
    await sleep(TRY_EVERY_MS)
  }
}

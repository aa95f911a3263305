import 'server-only'
import { db } from '#lib/data/database.ts'
import { countLateLetters, newestKeyId, pingDatabase } from '#lib/data/health.ts'
import { isMigrated } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'

export type Check = { check: string; ok: boolean; detail: string }

/** Looks at everything the portal depends on, one after the other; never throws. Used by `doctor` and `/api/ready`. */
export async function examine(): Promise<Check[]> {
  return Promise.all([
    look('settings', async () => `origin ${env().portalOrigin}`),
    look('database', async () => {
      await pingDatabase()
      if (!(await isMigrated(db()))) throw new Error('The database has older tables: run npm run portal -- migrate.')
      return env().databaseUrl ? 'server Postgres answers' : 'embedded database answers'
    }),
    look('keys', async () => `newest key ${newestKeyId()}`),
    look('outbox', outboxAge),
  ])
}

const EXAMINE_TIMEOUT_MS = 3_000
const OUTBOX_LATE_MINUTES = 30

async function outboxAge(): Promise<string> {
  const late = await countLateLetters(OUTBOX_LATE_MINUTES)
  if (late > 0) throw new Error(`${late} letters wait longer than ${OUTBOX_LATE_MINUTES} minutes: examine SMTP_URL.`)
  return 'no letter is late'
}

async function look(check: string, examineIt: () => Promise<string>): Promise<Check> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(
      () => reject(new Error(`${check} did not answer within ${EXAMINE_TIMEOUT_MS / 1000} s.`)),
      EXAMINE_TIMEOUT_MS,
    ).unref()
  })
  try {
    return { check, ok: true, detail: await Promise.race([examineIt(), timeout]) }
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

import 'server-only'
import { db } from '#lib/data/database.ts'
import {
  auditChainLagSeconds,
  countLateLetters,
  databaseTime,
  lateChecks,
  lateWebhooks,
  missingKeyIds,
  newestKeyId,
  pingDatabase,
} from '#lib/data/health.ts'
import { isMigrated } from '#lib/data/migrate.ts'
import { listFailedLetters } from '#lib/data/outbox.ts'
import { readStopTimes } from '#lib/data/stops.ts'
import { readWorkers } from '#lib/data/workers.ts'
import { env, fakeBaseUrlOf } from '#lib/env.ts'
import { askMailServer } from '#lib/mail/send.ts'
import { providers } from '#lib/providers/registry.ts'
import { mayOpenSealed } from '#lib/role.ts'

export type Check = { check: string; ok: boolean; detail: string }

/** Looks at everything the portal cannot work without; never throws. Used by `doctor` and `/api/ready`. */
export async function examine(): Promise<Check[]> {
  return Promise.all([
    look('settings', async () => `origin ${env().portalOrigin}`),
    look('database', async () => {
      await pingDatabase()
      if (!(await isMigrated(db()))) throw new Error('The database has older tables: run npm run portal -- migrate.')
      return env().databaseUrl ? 'server Postgres answers' : 'embedded database answers'
    }),
    look('keys', keysPresent),
    look('outbox', outboxAge),
  ])
}

/** Beside that, what people should know of: it keeps nobody from working this minute. Used by `doctor` alone. */
export async function examineAll(): Promise<Check[]> {
  const needed = await examine()
  const more = await Promise.all([
    look('clock', clocks),
    look('providers', providersAnswer),
    look('mail', mailServer, MAIL_TIMEOUT_MS),
    look('workers', workersSeen),
    look('checks', checkAge),
    look('audit', auditLag),
    look('letters', givenUp),
    look('webhooks', webhookAge),
    look('stops', stopTimes),
  ])
  return [...needed, ...more]
}

const EXAMINE_TIMEOUT_MS = 3_000
const OUTBOX_LATE_MINUTES = 30

async function keysPresent(): Promise<string> {
  const newest = await newestKeyId()
  if (!mayOpenSealed()) return `newest key ${newest}; this process only wraps`
  const missing = await missingKeyIds()
  if (missing.length > 0)
    throw new Error(
      `The master key ${missing.join(', ')} is missing, and sealed values need it: put it back beside ${newest}.`,
    )
  return `newest key ${newest}; every key that is needed is there`
}

const CLOCK_SECONDS_MAX = 30

/** Everything that is due or ends goes by the database's clock; letters and logs show this machine's. */
async function clocks(): Promise<string> {
  const before = Date.now()
  const database = (await databaseTime()).getTime()
  const seconds = Math.round(Math.abs(database - (before + Date.now()) / 2) / 1000)
  if (seconds > CLOCK_SECONDS_MAX)
    throw new Error(`This machine's clock and the database's differ by ${seconds} s: set up time synchronisation.`)
  return 'as the database has it'
}

async function providersAnswer(): Promise<string> {
  const asked = await Promise.all(
    Object.values(providers).map(async ({ id, name, reach }) => ({
      name,
      ...(await reach({ fakeBaseUrl: fakeBaseUrlOf(id), timeoutMs: EXAMINE_TIMEOUT_MS })),
    })),
  )
  const told = asked.map(({ name, reason }) => `${name}: ${reason}`).join(', ')
  if (!asked.every(({ ok }) => ok)) throw new Error(`${told}. Examine the way out of this machine.`)
  return told
}

const MAIL_TIMEOUT_MS = 12_000

async function mailServer(): Promise<string> {
  const answer = await askMailServer()
  if (answer === null) return 'no mail server: letters are kept as files and shown at /outbox'
  if (answer.kind !== 'accepted') throw new Error(`${answer.reason}: examine SMTP_URL.`)
  return 'the mail server takes our login'
}

/** People can still open pages without one, so that it is no matter of readiness. */
async function workersSeen(): Promise<string> {
  const { alive, lastSeenAt } = await readWorkers()
  if (alive > 0) return `${alive} at work within the last minute`
  const since = lastSeenAt ? `since ${lastSeenAt.toISOString()}` : 'yet'
  throw new Error(
    `No worker has been seen ${since}: start one with ${env().databaseUrl ? 'npm run worker' : 'npm start'}.`,
  )
}

const CHECKS_LATE_MINUTES = 30

async function checkAge(): Promise<string> {
  const { late, minutes } = await lateChecks(CHECKS_LATE_MINUTES)
  if (late > 0)
    throw new Error(`${late} checks are late, the oldest by ${minutes} minutes: is the background work running?`)
  return 'no check is late'
}

const AUDIT_LAG_SECONDS_MAX = 120

async function auditLag(): Promise<string> {
  const seconds = await auditChainLagSeconds()
  if (seconds > AUDIT_LAG_SECONDS_MAX)
    throw new Error(`Audit rows wait ${seconds} s for their link in the chain: is the background work running?`)
  return 'every row is in the chain'
}

/** A wrong address is the team's to mend and stands on the board: it is told, and is no fault of the installation. */
async function givenUp(): Promise<string> {
  const failed = await listFailedLetters(db())
  return failed.length === 0 ? 'none was given up' : `${failed.length} were given up: npm run portal -- jobs list`
}

const STOPS_DAYS = 30

/** How soon customers are told that a token is refused. A figure to know, never a fault. */
async function stopTimes(): Promise<string> {
  const { stops, mailed, medianSeconds, slowestSeconds } = await readStopTimes(db(), STOPS_DAYS)
  if (stops === 0) return `no connection stopped in ${STOPS_DAYS} days`
  const told = `${stops} connections stopped in ${STOPS_DAYS} days, ${mailed} customers were mailed`
  if (mailed === 0) return told
  return `${told}: half of them within ${medianSeconds} s of the first refusal, the last within ${slowestSeconds} s`
}

const WEBHOOKS_LATE_MINUTES = 30

/** A receiver that is down is its own team's to mend, and stands on its page. */
async function webhookAge(): Promise<string> {
  const { late, off } = await lateWebhooks(WEBHOOKS_LATE_MINUTES)
  if (late > 0)
    throw new Error(
      `${late} messages of webhooks wait longer than ${WEBHOOKS_LATE_MINUTES} minutes: is the background work running?`,
    )
  return off === 0 ? 'no message is late' : `no message is late; ${off} webhooks are off, because nothing got through`
}

async function outboxAge(): Promise<string> {
  const late = await countLateLetters(OUTBOX_LATE_MINUTES)
  if (late > 0) throw new Error(`${late} letters wait longer than ${OUTBOX_LATE_MINUTES} minutes: examine SMTP_URL.`)
  return 'no letter is late'
}

async function look(check: string, examineIt: () => Promise<string>, timeoutMs = EXAMINE_TIMEOUT_MS): Promise<Check> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${check} did not answer within ${timeoutMs / 1000} s.`)), timeoutMs).unref()
  })
  try {
    return { check, ok: true, detail: await Promise.race([examineIt(), timeout]) }
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

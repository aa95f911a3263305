import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { startJobs } from '#lib/jobs/schedule.ts'
import { log } from '#lib/log.ts'
import { giveUp } from '#lib/operator/boot.ts'

/**
 * `npm run worker`: the background work alone (waiting checks, mail, audit chain), beside any number of other
 * processes on one server Postgres. With the embedded database the server does it all.
 */
await work().catch(giveUp)

async function work(): Promise<void> {
  if (!env().databaseUrl)
    throw new Error(
      'a separate worker needs DATABASE_URL. The embedded database takes one process, and npm start does this work there.',
    )
  await migrate()
  const jobs = startJobs()
  log.info('worker.ready')
  const stop = async (signal: NodeJS.Signals) => {
    process.off('SIGTERM', stop).off('SIGINT', stop)
    log.info('worker.stopping', { signal })
    await jobs.stop()
    await closeDatabase()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}

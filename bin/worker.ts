import { giveCredential } from '#lib/api/credential.ts'
import type { Listening } from '#lib/api/listen.ts'
import { listen } from '#lib/api/listen.ts'
import { readCredential } from '#lib/api/operations.ts'
import { routes } from '#lib/api/serve.ts'
import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { startJobs } from '#lib/jobs/schedule.ts'
import { log } from '#lib/log.ts'
import { giveUp } from '#lib/operator/boot.ts'
import { examine } from '#lib/operator/doctor.ts'
import { startTelemetry } from '#lib/operator/telemetry.ts'
import { trustOnlyOurProxies } from '#lib/peer-address.ts'
import { openSealedHere } from '#lib/role.ts'

/**
 * `npm run worker`: the background work alone (waiting checks, mail, audit chain), beside any number of other
 * processes on one server Postgres. With the embedded database the server does it all. Where the portal only wraps it
 * opens what people wait for, and gives credentials to machines on WORKER_PORT.
 */
await work().catch(giveUp)

async function work(): Promise<void> {
  if (!env().databaseUrl)
    throw new Error(
      'a separate worker needs DATABASE_URL. The embedded database takes one process, and npm start does this work there.',
    )
  openSealedHere()
  const telemetry = await startTelemetry()
  await migrate()
  const jobs = startJobs()
  const server = await serveMachines()
  log.info('worker.ready', { port: server?.port })
  const stop = async (signal: NodeJS.Signals) => {
    process.off('SIGTERM', stop).off('SIGINT', stop)
    log.info('worker.stopping', { signal })
    await Promise.all([jobs.stop(), server?.close()])
    await telemetry.stop()
    await closeDatabase()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}

async function serveMachines(): Promise<Listening | null> {
  const { workerPort, listenHost, portalOrigin, trustedProxyHops } = env()
  if (workerPort === null) return null
  trustOnlyOurProxies({ portalOrigin, trustedProxyHops })
  return listen({ port: workerPort, host: listenHost }, [
    { path: readCredential.path, methods: routes({ POST: giveCredential }) },
    { path: '/api/health', methods: { GET: async () => Response.json({ status: 'ok' }) } },
    { path: '/api/ready', methods: { GET: ready } },
  ])
}

async function ready(): Promise<Response> {
  return (await examine()).every(({ ok }) => ok)
    ? Response.json({ status: 'ready' })
    : Response.json({ status: 'unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
}

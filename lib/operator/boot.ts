import 'server-only'
import { channel } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { registerAnswer } from '#lib/answer.ts'
import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { startJobs } from '#lib/jobs/schedule.ts'
import { log } from '#lib/log.ts'
import { trustOnlyOurProxies } from '#lib/peer-address.ts'
import { mayOpenSealed } from '#lib/role.ts'
import { runCommand } from './commands.ts'
import { onShutdown } from './shutdown.ts'
import { listenForOperator, operatorSocketPath } from './socket.ts'
import { startTelemetry } from './telemetry.ts'

const once = globalThis as typeof globalThis & { latchkeyBooted?: Promise<void> }

/**
 * Everything this process needs before it answers: sound settings, the newest tables, the background work and the
 * operator's socket. Ends the process when one of them is impossible: Next would stay up and answer 500 for ever.
 */
export function boot(): Promise<void> {
  // `next dev` registers again when a file of this module changes.
  once.latchkeyBooted ??= start().catch(giveUp)
  return once.latchkeyBooted
}

async function start(): Promise<void> {
  const { databaseUrl, dataDir, port, portalOrigin, trustedProxyHops } = env()
  trustOnlyOurProxies({ portalOrigin, trustedProxyHops })
  channel('http.server.request.start').subscribe((message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    registerAnswer(request.headers, response)
  })

  const telemetry = await startTelemetry()
  await migrate()
  // Nearly all of the background work opens something: where this process may not, a worker does all of it.
  const jobs = mayOpenSealed() ? startJobs() : null
  const socket = databaseUrl ? null : await listenForOperator(operatorSocketPath(dataDir), runCommand)
  onShutdown({
    // New work stops at once, while Next still finishes the requests it has.
    first: () => Promise.all([jobs?.stop(), socket?.close()]),
    last: async () => {
      await telemetry.stop()
      await closeDatabase()
    },
  })
  log.info('portal.started', { port, reason: databaseUrl ? 'server Postgres' : 'embedded database' })
  if (!jobs) log.info('portal.only_wraps', { reason: 'the keys are in Vault: npm run worker opens what is sealed' })
}

/** Ends a process that cannot do its work, with one sentence instead of a stack. */
export function giveUp(error: unknown): never {
  // Not through the log, which needs sound settings itself.
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\nLatchkey cannot start: ${message}\n`)
  process.exit(1)
}

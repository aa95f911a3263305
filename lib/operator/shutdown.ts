import 'server-only'
import { log } from '#lib/log.ts'

/** Container platforms send SIGKILL after 30 s; what is not done by then is taken over from its lease. */
const SHUTDOWN_TIMEOUT_MS = 25_000

type Steps = { first: () => Promise<unknown>; last: () => Promise<unknown> }

/**
 * Ends the process in order. Next answers SIGTERM and SIGINT itself: it finishes its requests and `after()` work,
 * then calls `process.exit`. It offers no place to wait in, so from the signal on that call waits for ours.
 */
export function onShutdown({ first, last }: Steps): void {
  const exit = process.exit.bind(process)
  let stopping: Promise<unknown> | null = null

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return
    log.info('portal.stopping', { signal })
    setTimeout(() => exit(1), SHUTDOWN_TIMEOUT_MS).unref()
    stopping = first().catch((error: unknown) => log.error('portal.stop_failed', error))
    process.exit = ((code?: number) => {
      void stopping
        ?.then(last)
        .catch((error: unknown) => log.error('portal.stop_failed', error))
        .finally(() => exit(code))
    }) as typeof process.exit
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  // After one of these nothing is known about the state of the process; whatever starts it starts it again.
  const collapse = (error: unknown): void => {
    log.error('portal.collapsed', error)
    if (process.env.NODE_ENV === 'production') exit(1)
  }
  process.on('uncaughtException', collapse)
  process.on('unhandledRejection', collapse)
}

import 'server-only'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'

export type Telemetry = { stop(): Promise<void> }

/** Starts sending where that is asked for; whatever is wrong with it, the process goes on without. */
export async function startTelemetry(): Promise<Telemetry> {
  const { otelEndpoint } = env()
  if (!otelEndpoint) return { stop: async () => {} }
  try {
    const { openTelemetry } = await import('./open-telemetry.ts')
    return openTelemetry(otelEndpoint)
  } catch (error) {
    log.error('telemetry.not_started', error)
    return { stop: async () => {} }
  }
}

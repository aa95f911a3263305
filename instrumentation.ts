import type { Instrumentation } from 'next'

/** Called once when the server starts, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { boot } = await import('#lib/operator/boot.ts')
  await boot()
}

/** Next prints the digest to the visitor as the reference; this puts the same one beside the cause. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { log } = await import('#lib/log.ts')
  const digest = error instanceof Error && 'digest' in error ? String(error.digest) : undefined
  // The route, never the path: a path may be a secure link.
  log.error('request.failed', error, { reference: digest, method: request.method, route: context.routePath })
}

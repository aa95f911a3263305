import type { Instrumentation } from 'next'

/** Called once when the server starts, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { boot } = await import('#lib/operator/boot.ts')
  await boot()
}

/**
 * Next prints the digest to the visitor as the reference; this puts the same one beside the cause. A page that could
 * not reach the database says so with 503 and when to come back: it is no bug of the page.
 */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { log } = await import('#lib/log.ts')
  const { answerWith } = await import('#lib/answer.ts')
  const { isUnreachable } = await import('#lib/data/unreachable.ts')
  if (isUnreachable(error))
    answerWith({ get: headerOf(request.headers) }, { status: 503, headers: { 'retry-after': '5' } })
  const digest = error instanceof Error && 'digest' in error ? String(error.digest) : undefined
  // The route, never the path: a path may be a secure link.
  log.error('request.failed', error, { reference: digest, method: request.method, route: context.routePath })
}

function headerOf(headers: NodeJS.Dict<string | string[]>): (name: string) => string | null {
  return (name) => String(headers[name] ?? '') || null
}

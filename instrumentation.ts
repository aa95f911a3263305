import type { Instrumentation } from 'next'

/** Called once when the server starts, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { boot } = await import('#lib/operator/boot.ts')
  await boot()
}

type Failed = Parameters<Instrumentation.onRequestError>[1]

/**
 * Next prints the digest to the visitor as the reference; this puts the same one beside the cause. A page that could
 * not reach the database says so with 503 and when to come back: it is no bug of the page.
 */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { log } = await import('#lib/log.ts')
  const digest = error instanceof Error && 'digest' in error ? String(error.digest) : undefined
  // The route, never the path: a path may be a secure link.
  const reference = log.error('request.failed', error, {
    reference: digest,
    method: request.method,
    route: context.routePath,
  })
  if (context.routeType === 'render' || context.routeType === 'action') await answerFor(error, request, reference)
}

async function answerFor(error: unknown, { headers }: Failed, reference: string): Promise<void> {
  const { answerWith } = await import('#lib/answer.ts')
  const { faultPage } = await import('#lib/fault-page.ts')
  const { isUnreachable } = await import('#lib/data/unreachable.ts')
  answerWith(
    { get: (name) => String(headers[name] ?? '') || null },
    {
      ...(isUnreachable(error) && { status: 503, headers: { 'retry-after': '5' } }),
      // Inside an open page the scripts draw the same from `error.tsx`.
      ...(!headers.rsc && !headers['next-action'] && { body: faultPage(headers, reference) }),
    },
  )
}

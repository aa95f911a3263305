import { readViolations } from '#lib/csp-report.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { log } from '#lib/log.ts'
import { clientAddress } from '#lib/peer-address.ts'
import { readText } from '#lib/read-text.ts'

/** Longer than any honest report. */
const BODY_BYTES_MAX = 8_192
const REPORTS_PER_MINUTE = 20

/** Browsers tell here what our policy kept them from loading. Answers the same to everybody, whatever was sent. */
export async function POST(request: Request): Promise<Response> {
  try {
    const { allowed } = await hitLimit({
      bucket: `csp-report:${clientAddress(request.headers) ?? 'unknown'}`,
      windowSeconds: 60,
      hitsMax: REPORTS_PER_MINUTE,
    })
    const body = allowed ? await readText(request, BODY_BYTES_MAX) : null
    for (const { directive, blocked, route } of body === null ? [] : readViolations(body))
      log.warn('csp.violation', { reason: directive, origin: blocked, route })
  } catch (error) {
    log.warn('csp.report_lost', { reason: error instanceof Error ? error.name : 'unknown' })
  }
  return new Response(null, { status: 204 })
}

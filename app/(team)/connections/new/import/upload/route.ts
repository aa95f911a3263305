import { findStaff } from '#lib/auth/session.ts'
import { uploadList } from '#lib/connection/import-requests.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { isSameOrigin } from '#lib/origin.ts'
import { requesters } from '../../../../sections.ts'

const FILE_BYTES_MAX = 256 * 1024
/** The file and what a form puts around it. */
const BODY_BYTES_MAX = FILE_BYTES_MAX + 4096

/**
 * Takes a list of requests. A Server Action takes 32 kB, and a list may have more; so this proves origin and role
 * itself. It only keeps the list: what it says is shown on the page that the answer leads to.
 */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers, env().portalOrigin)) return new Response(null, { status: 403 })
  const staff = await findStaff()
  if (!staff) return new Response(null, { status: 401 })
  if (!(requesters as readonly string[]).includes(staff.role)) return new Response(null, { status: 403 })

  const file = await readFile(request)
  if (file === 'too_big') return leadTo('/connections/new/import?fault=file_big')
  if (!file) return leadTo('/connections/new/import?fault=file_missing')
  const outcome = await uploadList(staff, file)
  if ('fault' in outcome)
    return leadTo(`/connections/new/import?${new URLSearchParams({ fault: outcome.fault, what: outcome.what })}`)
  return leadTo(`/connections/new/import/${outcome.importId}`)
}

async function readFile(request: Request): Promise<Uint8Array | 'too_big' | null> {
  const body = await readBody(request)
  if (!body) return 'too_big'
  try {
    const whole = new Response(body, { headers: { 'content-type': request.headers.get('content-type') ?? '' } })
    const file = (await whole.formData()).get('file')
    if (!(file instanceof File) || file.size === 0) return null
    return file.size > FILE_BYTES_MAX ? 'too_big' : new Uint8Array(await file.arrayBuffer())
  } catch (error) {
    log.warn('import.unreadable', { reason: error instanceof Error ? error.name : 'unknown' })
    return null
  }
}

/** Null when it is longer than any list we take. The rest is read and dropped, or the browser would see a torn line. */
async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  return bytes > BODY_BYTES_MAX ? null : new Uint8Array(Buffer.concat(chunks))
}

/** Relative, so that no Host header decides where the browser goes. */
function leadTo(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}

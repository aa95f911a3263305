import { type NextRequest, NextResponse } from 'next/server'
import { env } from '#lib/env.ts'
import { PATH_HEADER } from '#lib/next-path.ts'
import { isSameOrigin } from '#lib/origin.ts'

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Files of `public`: the same for everybody, so browsers may keep them. */
const pictures = /\.(?:ico|png|svg|webp|webmanifest)$/
const REPORT_PATH = '/api/csp-report'
const STOP_PATH = '/api/stop-reminders/'
const development = process.env.NODE_ENV === 'development'

/**
 * Response headers for every answer, and no foreign form posts. Nothing here decides who may do what:
 * pages and actions prove their actor themselves.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = crypto.randomUUID()
  const policy = contentSecurityPolicy(nonce)
  const answer = mayChangeState(request) ? passOn(request, nonce, policy) : refuse()
  setHeaders(answer.headers, request.nextUrl.pathname, policy)
  return answer
}

/**
 * Integrations carry a key in a header, which no browser adds by itself; they send no Origin. Nor does a browser that
 * reports what the policy blocked, and a report changes nothing. Nor does a mail program that stops reminders with one
 * press (RFC 8058): the address it posts to is signed and can do nothing else.
 */
function mayChangeState({ method, headers, nextUrl: { pathname } }: NextRequest): boolean {
  if (readingMethods.has(method) || pathname.startsWith('/api/v1/') || pathname === REPORT_PATH) return true
  if (pathname.startsWith(STOP_PATH)) return true
  return isSameOrigin(headers, env().portalOrigin)
}

function passOn(request: NextRequest, nonce: string, policy: string): NextResponse {
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set(PATH_HEADER, request.nextUrl.pathname + request.nextUrl.search)
  // Next reads the nonce for its own scripts from here; a policy sent by the client is overwritten.
  headers.set('content-security-policy', policy)
  headers.delete('content-security-policy-report-only')
  return NextResponse.next({ request: { headers } })
}

function refuse(): NextResponse {
  return new NextResponse('This form was not sent from our own page. Open the page again and repeat the step.\n', {
    status: 403,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    development ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${development ? ' ws:' : ''}`,
    "manifest-src 'self'",
    "object-src 'none'",
    "form-action 'self'",
    "base-uri 'none'",
    // The gallery of `/dev/ui` shows pages in a frame; no build has it.
    development ? "frame-src 'self'; frame-ancestors 'self'" : "frame-ancestors 'none'",
    // Older browsers know the second alone.
    'report-to csp',
    `report-uri ${REPORT_PATH}`,
  ].join('; ')
}

function setHeaders(headers: Headers, path: string, policy: string): void {
  headers.set('content-security-policy', policy)
  headers.set('reporting-endpoints', `csp="${REPORT_PATH}"`)
  headers.set('x-content-type-options', 'nosniff')
  // `no-referrer` would turn a form post without JavaScript into `Origin: null`.
  headers.set('referrer-policy', 'same-origin')
  headers.set('cross-origin-opener-policy', 'same-origin')
  headers.set('permissions-policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()')
  if (env().portalOrigin.startsWith('https:'))
    headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains')
  if (path === '/' || path === '/guides' || path.startsWith('/guides/')) return
  headers.set('x-robots-tag', 'noindex, nofollow')
  if (!pictures.test(path)) headers.set('cache-control', 'no-store')
}

/** Hashed files never change and need none of this; `next.config.js` gives them their own headers. */
export const config = { matcher: '/((?!_next/static/).*)' }

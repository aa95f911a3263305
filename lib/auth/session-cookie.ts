import 'server-only'
import { SESSION_HOURS_MAX } from '#lib/data/staff-sessions.ts'
import { env } from '#lib/env.ts'

/** Over https the browser itself keeps the cookie to this host, and out of reach of plain http. */
function cookie(name: string) {
  const secure = env().portalOrigin.startsWith('https:')
  return {
    name: `${secure ? '__Host-' : ''}latchkey-${name}`,
    options: { httpOnly: true, sameSite: 'lax' as const, path: '/', secure },
  }
}

/** The cookie of a signed-in member. Its value is random; only the digest is stored. */
export function sessionCookie() {
  const { name, options } = cookie('staff')
  return { name, options: { ...options, maxAge: SESSION_HOURS_MAX * 3600 } }
}

const FLOW_SECONDS_MAX = 15 * 60

/** What a browser carries to the company's sign-in and back. next-auth signs and encrypts what is in them. */
export function flowCookies() {
  const lasting = (use: string) => {
    const { name, options } = cookie(`sign-in-${use}`)
    return { name, options: { ...options, maxAge: FLOW_SECONDS_MAX } }
  }
  return {
    pkceCodeVerifier: lasting('pkce'),
    state: lasting('state'),
    nonce: lasting('nonce'),
    callbackUrl: lasting('next'),
    csrfToken: lasting('csrf'),
  }
}

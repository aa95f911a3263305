import { countSignIn, startCompanySignIn } from '#lib/auth/sign-in.ts'
import { env } from '#lib/env.ts'
import { nextPath } from '#lib/next-path.ts'
import { pageWords } from '../../page-words.ts'

/** The way to the company's sign-in. Started from our own page only; it sets the cookies that prove the way back. */
export async function GET(request: Request): Promise<Response> {
  const { oidc, portalOrigin } = env()
  const { searchParams } = new URL(request.url)
  const next = nextPath(searchParams.get('next'), portalOrigin)
  const site = request.headers.get('sec-fetch-site')
  if (!oidc || (site !== null && site !== 'same-origin' && site !== 'none')) return seeOther('/sign-in')

  // The company sends people back to this name of the portal, and only there the cookies would be found.
  if (request.headers.get('host') !== new URL(portalOrigin).host)
    return seeOther(`${portalOrigin}/sign-in?next=${encodeURIComponent(next)}`)

  const { allowed, retryAfterSeconds } = await countSignIn()
  if (!allowed) {
    const t = await pageWords()
    return new Response(`${t('team.signIn.throttled', { minutes: Math.ceil(retryAfterSeconds / 60) })}\n`, {
      status: 429,
      headers: { 'retry-after': String(retryAfterSeconds), 'content-type': 'text/plain; charset=utf-8' },
    })
  }
  const ask = (['login', 'select_account'] as const).find((known) => known === searchParams.get('ask')) ?? null
  const way = await startCompanySignIn({ next, ask })
  return way ? seeOther(way.location, way.setCookies) : seeOther('/sign-in?state=failed')
}

function seeOther(location: string, setCookies: string[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of setCookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}

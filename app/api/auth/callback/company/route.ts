import { finishCompanySignIn } from '#lib/auth/sign-in.ts'
import { refusedPath } from '../../../../sign-in/refused-path.ts'

/** Where the company's sign-in sends people back to. Its address is registered there, so it never changes. */
export async function GET(request: Request): Promise<Response> {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { setCookies, ...outcome } = await finishCompanySignIn(query)
  const location = outcome.kind === 'signed_in' ? outcome.next : refusedPath(outcome.kind)
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of setCookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}

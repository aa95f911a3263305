import { stopReminders } from '#lib/connection/reminders.ts'

type Context = { params: Promise<{ stopKey: string }> }

/** A mail program's own "Unsubscribe" button (RFC 8058): it posts here without any cookie. */
export async function POST(_request: Request, { params }: Context): Promise<Response> {
  const isOurs = await stopReminders((await params).stopKey)
  return new Response(null, { status: isOurs ? 204 : 404, headers: { 'cache-control': 'no-store' } })
}

/** Some readers open the address instead: the page has one button. */
export async function GET(_request: Request, { params }: Context): Promise<Response> {
  const { stopKey } = await params
  return new Response(null, {
    status: 303,
    headers: { location: `/reminders/${encodeURIComponent(stopKey)}`, 'cache-control': 'no-store' },
  })
}

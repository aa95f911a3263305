import { findActingHolder } from '#lib/auth/secure-link.ts'
import { visit } from '#lib/connection/visit.ts'

/** The page reports the first key or pointer of a person. Answers the same to everybody. */
export async function POST(
  _request: Request,
  { params }: { params: Promise<{ connectionId: string }> },
): Promise<Response> {
  const holder = await findActingHolder((await params).connectionId)
  if (holder) await visit(holder)
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

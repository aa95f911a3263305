import { headers } from 'next/headers'
import { answerWith } from '#lib/answer.ts'
import { db } from '#lib/data/database.ts'
import { findLogo } from '#lib/data/teams.ts'

const DIGEST = /^[0-9a-f]{32}$/

/**
 * A team's logo, for its customers' pages and mails. An SVG is a document: its answer allows it nothing but to be drawn.
 * The address changes with the picture, so it may be kept.
 */
export async function GET(_request: Request, { params }: { params: Promise<{ digest: string }> }): Promise<Response> {
  const { digest } = await params
  const logo = DIGEST.test(digest) ? await findLogo(db(), digest) : null
  if (!logo) return new Response(null, { status: 404 })
  answerWith(await headers(), {
    headers: {
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
      'cache-control': 'public, max-age=31536000, immutable',
      // Mail programs in a browser show it on their own pages.
      'cross-origin-resource-policy': 'cross-origin',
    },
  })
  return new Response(new Uint8Array(logo.bytes), {
    headers: { 'content-type': logo.type, 'content-disposition': 'inline', 'x-content-type-options': 'nosniff' },
  })
}

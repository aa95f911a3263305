import { headers } from 'next/headers'
import { answerWith } from '#lib/answer.ts'
import { contrastWithWhite, darker, isReadable } from '#lib/colour.ts'

/**
 * A team's colour as a stylesheet: the content policy allows no styles within the page. Says the same to everybody, and
 * only of colours that white text can be read on. Holds for what is the team's, not for the console around a preview.
 */
export async function GET(_request: Request, { params }: { params: Promise<{ colour: string }> }): Promise<Response> {
  const colour = `#${(await params).colour}`
  if (!isReadable(contrastWithWhite(colour) ?? 0)) return new Response(null, { status: 404 })
  answerWith(await headers(), { headers: { 'cache-control': 'public, max-age=31536000, immutable' } })
  return new Response(`.brand{--accent:${colour};--accent-strong:${darker(colour)};--on-accent:#ffffff}\n`, {
    headers: { 'content-type': 'text/css; charset=utf-8' },
  })
}

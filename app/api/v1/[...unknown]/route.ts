import { problemAnswer } from '#lib/api/serve.ts'
import { Problem } from '#lib/problem.ts'

/** An address that is none of the API's: said in the form of all its refusals. */
async function refuse(): Promise<Response> {
  return problemAnswer(new Problem('not_found', { detail: 'No call of the API has this address.' }), { id: 'unknown' })
}

export { refuse as DELETE, refuse as GET, refuse as PATCH, refuse as POST, refuse as PUT }
export const dynamic = 'force-dynamic'

import { openApiDocument } from '#lib/api/openapi.ts'

/** The description of the API that programs read. */
export function GET(): Response {
  return Response.json(openApiDocument(), { headers: { 'cache-control': 'no-store' } })
}

export const dynamic = 'force-dynamic'

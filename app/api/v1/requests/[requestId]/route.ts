import { readRequest } from '#lib/api/operations.ts'
import { requestOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { openRequest } from '#lib/connection/machine-scope.ts'
import { db } from '#lib/data/database.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { Problem } from '#lib/problem.ts'

const get = serve(readRequest, async ({ integration, params: { requestId } }) => {
  const request = await openRequest(integration, requestId)
  if (!request) throw new Problem('not_found')
  return { body: requestOf(request, await findNewestLink(db(), { teamId: integration.teamId, requestId })) }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'

import { readConnection } from '#lib/api/operations.ts'
import { connectionDetailOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { openConnection } from '#lib/connection/machine-scope.ts'
import { db } from '#lib/data/database.ts'
import { findLatestReport } from '#lib/data/verifications.ts'
import { Problem } from '#lib/problem.ts'

const get = serve(readConnection, async ({ integration, params: { connectionId } }) => {
  const connection = await openConnection(integration, connectionId)
  if (!connection) throw new Problem('not_found')
  const rights = await findLatestReport(db(), { teamId: integration.teamId, connectionId })
  return { body: connectionDetailOf(connection, rights?.report ?? []) }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'

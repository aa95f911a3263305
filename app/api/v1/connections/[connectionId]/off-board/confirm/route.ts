import { confirmOffBoard } from '#lib/api/operations.ts'
import { endingOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { openConnection } from '#lib/connection/machine-scope.ts'
import { confirmOffBoarding } from '#lib/connection/off-board.ts'
import { db } from '#lib/data/database.ts'
import { findOffBoarding } from '#lib/data/off-boardings.ts'
import { Problem } from '#lib/problem.ts'

const post = serve(confirmOffBoard, async ({ integration, params: { connectionId } }) => {
  const connection = await openConnection(integration, connectionId)
  if (!connection) throw new Problem('not_found')
  await confirmOffBoarding(integration, connectionId)
  const begun = await findOffBoarding(db(), { teamId: integration.teamId, connectionId })
  if (!begun) throw new Problem('not_off_boarding')
  return { body: endingOf(connection, begun) }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post })
export const dynamic = 'force-dynamic'

import { offBoardConnection } from '#lib/api/operations.ts'
import { endingOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { openConnection } from '#lib/connection/machine-scope.ts'
import { offBoardIn } from '#lib/connection/off-board.ts'
import type { Status } from '#lib/connection/status.ts'
import { getConnection } from '#lib/data/connections.ts'
import { findOffBoarding } from '#lib/data/off-boardings.ts'
import type { ProblemCode } from '#lib/problem.ts'
import { Problem } from '#lib/problem.ts'

const post = serve(offBoardConnection, async ({ integration, params: { connectionId }, body, once }) => {
  if (!(await openConnection(integration, connectionId))) throw new Problem('not_found')
  const { reason = null, days } = body
  return once(async (trx) => {
    const outcome = await offBoardIn(trx, integration, { connectionId, reason, days })
    const scope = { teamId: integration.teamId, connectionId }
    const connection = await getConnection(trx, scope)
    const begun = await findOffBoarding(trx, scope)
    const isEnding = outcome === 'done' || connection.status === 'off_boarding'
    if (!isEnding || !begun) throw new Problem(refusalOf(connection.status))
    return { status: 202, body: endingOf(connection, begun) }
  })
})

function refusalOf(status: Status): ProblemCode {
  if (status === 'closed' || status === 'closed_unproven') return 'closed'
  return status === 'waiting_provider' ? 'waiting_for_provider' : 'not_connected'
}

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post })
export const dynamic = 'force-dynamic'

import { reportConnection } from '#lib/api/operations.ts'
import { retryIn, routes, serve } from '#lib/api/serve.ts'
import { openConnection } from '#lib/connection/machine-scope.ts'
import { mayReport, reportObserved } from '#lib/connection/report.ts'
import { Problem } from '#lib/problem.ts'

const post = serve(reportConnection, async ({ integration, params: { connectionId }, body: { observed }, once }) => {
  if (!(await openConnection(integration, connectionId))) throw new Problem('not_found')
  const { allowed, retryAfterSeconds } = await mayReport(connectionId)
  if (!allowed) throw new Problem('rate_limited', retryIn(retryAfterSeconds))
  return once(async (trx) => {
    const reported = await reportObserved(trx, integration, { connectionId, observed })
    if (!reported) throw new Problem('nothing_to_check')
    const { status, nextCheckAt } = reported
    return { status: 202, body: { id: connectionId, status, nextCheckAt: nextCheckAt?.toISOString() ?? null } }
  })
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post })
export const dynamic = 'force-dynamic'

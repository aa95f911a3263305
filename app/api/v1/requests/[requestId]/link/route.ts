import { revokeRequestLink, rotateRequestLink } from '#lib/api/operations.ts'
import { retryIn, routes, serve } from '#lib/api/serve.ts'
import { endLink, rotateLink } from '#lib/connection/link-controls.ts'
import { mayResend } from '#lib/connection/links.ts'
import { openRequest } from '#lib/connection/machine-scope.ts'
import { Problem } from '#lib/problem.ts'

const post = serve(rotateRequestLink, async ({ integration, params: { requestId }, body, once }) => {
  if (!(await openRequest(integration, requestId))) throw new Problem('not_found')
  const { allowed, retryAfterSeconds } = await mayResend(requestId)
  if (!allowed) throw new Problem('rate_limited', retryIn(retryAfterSeconds))
  return once(async (trx, linkKey) => {
    const made = await rotateLink(trx, integration, { requestId, ...body, linkKey })
    if (!made) throw new Problem('link_not_needed')
    const { link, expiresAt } = made
    return { status: 201, body: { expiresAt: expiresAt.toISOString() }, ...(body.deliver === 'link' && { link }) }
  })
})

const remove = serve(revokeRequestLink, async ({ integration, params: { requestId }, once }) => {
  if (!(await openRequest(integration, requestId))) throw new Problem('not_found')
  return once(async (trx) => {
    await endLink(trx, integration, requestId)
    return { status: 204, body: null }
  })
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post, DELETE: remove })
export const dynamic = 'force-dynamic'

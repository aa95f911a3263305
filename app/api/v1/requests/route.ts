import { createRequest } from '#lib/api/operations.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { requestByMachine } from '#lib/connection/machine-request.ts'
import { Problem } from '#lib/problem.ts'

const post = serve(createRequest, async ({ integration, sent, once }) => {
  const make = await requestByMachine(integration, sent)
  if (!make) throw new Problem('limited_key', { detail: 'What it asked for would be out of its own reach.' })
  return once(async (trx, linkKey) => {
    const { id, reference, connections, link } = await make(trx, linkKey)
    const isHandedOver = sent.deliver === 'link'
    return {
      status: 201,
      body: { id, reference, connections },
      headers: { location: `/api/v1/requests/${id}` },
      ...(isHandedOver && { link }),
    }
  })
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post })
export const dynamic = 'force-dynamic'

import { readCredential } from '#lib/api/operations.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { handOff } from '#lib/connection/hand-off.ts'
import { Problem } from '#lib/problem.ts'

const JOSE = 'application/jose'

const post = serve(readCredential, async ({ integration, params: { connectionId }, body: { purpose }, accept }) => {
  const sealed = accept.split(',').some((type) => type.split(';')[0]?.trim().toLowerCase() === JOSE)
  const handed = await handOff(integration, { connectionId, purpose, sealed })
  switch (handed.kind) {
    case 'handed':
      return { text: handed.answer, type: handed.isSealed ? JOSE : 'application/json' }
    case 'refused': {
      const { code, status, verdict, turn, frozen } = handed
      const stop = frozen && { scope: frozen.scope, since: frozen.startedAt.toISOString() }
      throw new Problem(code, { more: { connection: { id: connectionId, status, verdict, turn }, frozen: stop } })
    }
    case 'not_found':
      throw new Problem('not_found')
    case 'no_public_key':
      throw new Problem('not_acceptable', { detail: 'This API key has no public key that a JWE could be made for.' })
  }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: post })
export const dynamic = 'force-dynamic'

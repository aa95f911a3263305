import 'server-only'
import { handOff } from '#lib/connection/hand-off.ts'
import { env } from '#lib/env.ts'
import { Problem } from '#lib/problem.ts'
import { mayOpenSealed } from '#lib/role.ts'
import { readCredential } from './operations.ts'
import { serve } from './serve.ts'

const JOSE = 'application/jose'

/** Gives a credential to a machine: at the portal, or where the portal only wraps, at the worker. */
export const giveCredential = serve(readCredential, async (call) => {
  const { connectionId } = call.params
  if (!mayOpenSealed()) throw elsewhere(connectionId)
  const sealed = call.accept.split(',').some((type) => type.split(';')[0]?.trim().toLowerCase() === JOSE)
  const handed = await handOff(call.integration, { connectionId, purpose: call.body.purpose, sealed })
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

/** Nothing is forwarded: the portal must not see what it cannot open. */
function elsewhere(connectionId: string): Problem {
  const { credentialApiOrigin } = env()
  if (!credentialApiOrigin)
    return new Problem('misdirected', { detail: 'Ask whoever runs this installation for the address of its worker.' })
  const address = `${credentialApiOrigin}${readCredential.path.replace('{connectionId}', connectionId)}`
  return new Problem('misdirected', { detail: `Send the same call to ${address}.`, more: { address } })
}

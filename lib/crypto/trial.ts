import 'server-only'
import { randomBytes } from 'node:crypto'
import { mayOpenSealed } from '#lib/role.ts'
import { KeyProviderError } from './key-provider.ts'
import { keyProvider } from './keyring.ts'
import { countUnwrap } from './unwraps.ts'

/**
 * Wraps a data key that seals nothing, and unwraps it where this process may, as proof that the key provider works.
 * Answers which key it used.
 */
export async function tryKeys(): Promise<string> {
  const dataKey = randomBytes(32)
  const context = new TextEncoder().encode('trial')
  const wrapped = await keyProvider().wrap(dataKey, context)
  if (!mayOpenSealed()) return wrapped.keyId
  countUnwrap('trial')
  const unwrapped = await keyProvider().unwrap(wrapped, context)
  if (!dataKey.equals(unwrapped))
    throw new KeyProviderError('unexpected', 'the key provider gave another data key back')
  return wrapped.keyId
}

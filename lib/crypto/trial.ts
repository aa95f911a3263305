import 'server-only'
import { randomBytes } from 'node:crypto'
import { KeyProviderError } from './key-provider.ts'
import { keyProvider } from './keyring.ts'

/** Wraps and unwraps a data key that seals nothing, as proof that the key provider works; answers which key it used. */
export async function tryKeys(): Promise<string> {
  const dataKey = randomBytes(32)
  const context = new TextEncoder().encode('trial')
  const wrapped = await keyProvider().wrap(dataKey, context)
  const unwrapped = await keyProvider().unwrap(wrapped, context)
  if (!dataKey.equals(unwrapped))
    throw new KeyProviderError('unexpected', 'the key provider gave another data key back')
  return wrapped.keyId
}

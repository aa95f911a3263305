import 'server-only'
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import type { Secret } from '#lib/secret.ts'
import type { KeyProvider } from './key-provider.ts'
import { KeyProviderError } from './key-provider.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Wraps data keys with a key of this machine. It protects dumps and backups, not a machine that was taken over.
 * The first key wraps; all of them unwrap.
 */
export function localKeyProvider(keys: readonly { id: string; key: Secret }[]): KeyProvider {
  const [current] = keys
  if (!current) throw new Error('no master key')
  const ring = new Map(keys.map(({ id, key }) => [id, createSecretKey(key.reveal(), 'base64')]))
  const newest = createSecretKey(current.key.reveal(), 'base64')
  return {
    id: 'local',
    currentKeyId: async () => current.id,
    hasKey: async (keyId) => ring.has(keyId),
    async wrap(dataKey, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', newest, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(context)
      const wrapped = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
      return { provider: 'local', keyId: current.id, wrapped: wrapped.toString('base64url') }
    },
    async unwrap({ provider, keyId, wrapped }, context) {
      if (provider !== 'local')
        throw new KeyProviderError(
          'unknown_key',
          `the data key was wrapped by ${provider}, not by a key of this machine`,
        )
      const key = ring.get(keyId)
      if (!key) throw new KeyProviderError('unknown_key', `the master key ${keyId} is missing`)
      const bytes = Buffer.from(wrapped, 'base64url')
      // Node takes shorter tags when it is not told the length, and `subarray` of a short value answers too little.
      if (bytes.length < NONCE_BYTES + TAG_BYTES)
        throw new KeyProviderError('refused', 'the wrapped data key is cut off')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(context)
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
      } catch (cause) {
        throw new KeyProviderError('refused', 'the wrapped data key was changed, or belongs somewhere else', { cause })
      }
    },
  }
}

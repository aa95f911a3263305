/** A data key wrapped by a key encryption key. Stored beside what the data key sealed. */
export type WrappedKey = { provider: string; keyId: string; wrapped: string }

/** Wraps and unwraps data keys. `context` is authenticated, not stored: the same bytes must be given to unwrap. */
export type KeyProvider = {
  readonly id: string
  /** The key that new values are sealed under. */
  currentKeyId(): Promise<string>
  /** Whether it has the key of this id, to read with. */
  hasKey(keyId: string): Promise<boolean>
  wrap(dataKey: Uint8Array, context: Uint8Array): Promise<WrappedKey>
  unwrap(wrapped: WrappedKey, context: Uint8Array): Promise<Uint8Array>
}

/**
 * `unreachable`, `timeout`, `not_allowed` and `unexpected` say nothing about the value: it opens once they are mended.
 * `unknown_key`: the key is not there. `refused`: the value was changed, or belongs somewhere else.
 */
export type KeyFault = 'unreachable' | 'timeout' | 'not_allowed' | 'unexpected' | 'unknown_key' | 'refused'

/** A key provider did not do its work. The message is for the operator and holds no key and no value. */
export class KeyProviderError extends Error {
  override name = 'KeyProviderError'
  readonly fault: KeyFault

  constructor(fault: KeyFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** The provider cannot work now; the value itself may be sound. */
export function isKeyOutage(error: unknown): boolean {
  return error instanceof KeyProviderError && error.fault !== 'unknown_key' && error.fault !== 'refused'
}

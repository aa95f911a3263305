/** A data key wrapped by a key encryption key. Stored beside what the data key sealed. */
export type WrappedKey = { provider: string; keyId: string; wrapped: string }

/** Wraps and unwraps data keys. `context` is authenticated, not stored: the same bytes must be given to unwrap. */
export type KeyProvider = {
  readonly id: string
  currentKeyId(): string
  /** Whether it has the key of this id, to read with. */
  hasKey(keyId: string): boolean
  wrap(dataKey: Uint8Array, context: Uint8Array): Promise<WrappedKey>
  unwrap(wrapped: WrappedKey, context: Uint8Array): Promise<Uint8Array>
}

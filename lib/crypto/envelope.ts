import 'server-only'
import { randomBytes } from 'node:crypto'
import { FlattenedEncrypt, flattenedDecrypt } from 'jose'
import { Secret } from '#lib/secret.ts'
import type { KeyProvider, WrappedKey } from './key-provider.ts'
import { KeyProviderError } from './key-provider.ts'
import { keyProvider } from './keyring.ts'
import { countUnwrap } from './unwraps.ts'

/** Where a value belongs. Ids, not names; rebuilt from the row at every read, stored nowhere. */
export type SealContext = { teamId: string; connectionId: string; field: string; host: string }

/** A sealed value: a flattened JWE without its AAD, and its wrapped data key. */
export type SealedValue = { sealed: Record<string, string>; wrappedKey: WrappedKey }

const FORMAT = 'latchkey.1'
const DATA_KEY_BYTES = 32
const KEY_PROVIDER_TIMEOUT_MS = 3_000

/** Encrypts a value under a data key of its own, bound to its context. Throws when the key provider fails or hangs. */
export async function seal(
  value: Secret,
  context: SealContext,
  keys: KeyProvider = keyProvider(),
): Promise<SealedValue & { keyId: string }> {
  const aad = aadOf(context)
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const wrappedKey = await within(keys.wrap(dataKey, aad))
  const { aad: _rebuilt, ...sealed } = await new FlattenedEncrypt(new TextEncoder().encode(value.reveal()))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: wrappedKey.keyId })
    .setAdditionalAuthenticatedData(aad)
    .encrypt(dataKey)
  return { sealed: sealed as unknown as Record<string, string>, wrappedKey, keyId: wrappedKey.keyId }
}

/** Decrypts a value for exactly the context it was sealed in. Throws for any other row, team, field or host. */
export async function open(
  value: SealedValue,
  context: SealContext,
  keys: KeyProvider = keyProvider(),
): Promise<Secret> {
  countUnwrap(context.field)
  return decrypt(value, context, keys)
}

async function decrypt({ sealed, wrappedKey }: SealedValue, context: SealContext, keys: KeyProvider): Promise<Secret> {
  const aad = aadOf(context)
  const dataKey = await within(keys.unwrap(wrappedKey, aad))
  const jwe = { ...sealed, aad: Buffer.from(aad).toString('base64url') } as unknown as Parameters<
    typeof flattenedDecrypt
  >[0]
  const { plaintext } = await flattenedDecrypt(jwe, dataKey, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  })
  return new Secret(new TextDecoder().decode(plaintext))
}

/** Wraps a data key anew, under the newest key. What it sealed is not touched and not opened. */
export async function rewrap(
  wrappedKey: WrappedKey,
  context: SealContext,
  keys: KeyProvider = keyProvider(),
): Promise<WrappedKey> {
  const aad = aadOf(context)
  countUnwrap('rewrap')
  return within(keys.wrap(await within(keys.unwrap(wrappedKey, aad)), aad))
}

/** Whether a value opens in its context with the keys there are. What comes out is dropped on the spot. */
export async function doesOpen(value: SealedValue, context: SealContext): Promise<boolean> {
  countUnwrap('check')
  return decrypt(value, context, keyProvider()).then(
    () => true,
    () => false,
  )
}

function aadOf({ teamId, connectionId, field, host }: SealContext): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([FORMAT, teamId, connectionId, field, host]))
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new KeyProviderError('timeout', 'the key provider did not answer in time')),
      KEY_PROVIDER_TIMEOUT_MS,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

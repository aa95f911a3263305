import 'server-only'
import type { JWK } from 'jose'
import { CompactEncrypt, calculateJwkThumbprint, importJWK } from 'jose'
import * as z from 'zod'
import { Secret } from '#lib/secret.ts'

/** How a content key is agreed on with whoever has the private half. */
const algorithms = ['ECDH-ES+A256KW', 'ECDH-ES'] as const

const shared = { kid: z.string().min(1).max(200).optional(), alg: z.enum(algorithms).default('ECDH-ES+A256KW') }
const coordinate = z.string().regex(/^[\w-]{42,88}$/)
const publicKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('EC'), crv: z.enum(['P-256', 'P-384', 'P-521']), x: coordinate, y: coordinate, ...shared }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: coordinate, ...shared }),
])

export type ClientKey = z.output<typeof publicKey> & { kid: string }

/** `private`: somebody is about to hand over the half that nobody else may have. */
export type ReadClientKey = { kind: 'key'; key: ClientKey } | { kind: 'private' } | { kind: 'unusable' }

/** The public key of a machine, as a JWK in text. Without a name it is called by its thumbprint. */
export async function readClientKey(text: string): Promise<ReadClientKey> {
  const given = parse(text)
  if (typeof given === 'object' && given !== null && 'd' in given) return { kind: 'private' }
  const parsed = publicKey.safeParse(given)
  if (!parsed.success) return { kind: 'unusable' }
  try {
    await importJWK(parsed.data as JWK, parsed.data.alg)
    const kid = parsed.data.kid ?? (await calculateJwkThumbprint(parsed.data as JWK))
    const key = { ...parsed.data, kid }
    // Some points lie on no curve; that shows only when the key is used.
    await sealForClient(new Secret('test'), key)
    return { kind: 'key', key }
  } catch {
    return { kind: 'unusable' }
  }
}

/** Encrypts a value so that only the machine with the private half can read it: a compact JWE. */
export async function sealForClient(value: Secret, key: ClientKey): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(value.reveal()))
    .setProtectedHeader({ alg: key.alg, enc: 'A256GCM', kid: key.kid, cty: 'application/json' })
    .encrypt(await importJWK(key as JWK, key.alg))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

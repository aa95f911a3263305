import 'server-only'
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { env } from '#lib/env.ts'
import type { Secret } from '#lib/secret.ts'

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

/** SHA-256 of something that comes in parts. */
export function sha256InParts(): { add(part: Uint8Array): void; end(): string } {
  const hash = createHash('sha256')
  return { add: (part) => void hash.update(part), end: () => hash.digest('hex') }
}

const LINK_KEY_BYTES = 32

/** The secret of a secure link, and what is stored of it. */
export type LinkKey = { key: string; digest: Buffer }

/** A new secret for a secure link: 256 bits, 43 characters. Only the digest is stored. */
export function newLinkKey(): LinkKey {
  const key = randomBytes(LINK_KEY_BYTES).toString('base64url')
  return { key, digest: digestOfLinkKey(key) }
}

export function digestOfLinkKey(key: string): Buffer {
  return sha256(key)
}

/** A link key that can be made again from `seed`, which is random and says nothing without our secret. */
export function linkKeyFrom(seed: string): LinkKey {
  const key = createHmac('sha256', subkey('link-key')).update(seed).digest('base64url')
  return { key, digest: digestOfLinkKey(key) }
}

export function newSeed(): string {
  return randomBytes(LINK_KEY_BYTES).toString('base64url')
}

const API_KEY_PREFIX = 'lk_'

/** A new key for a machine of the team: 256 bits behind a prefix that scanners for lost secrets can know. */
export function newApiKey(): { key: string; digest: Buffer } {
  const key = API_KEY_PREFIX + randomBytes(LINK_KEY_BYTES).toString('base64url')
  return { key, digest: sha256(key) }
}

/** Null for what cannot be one of our keys. */
export function digestOfApiKey(key: string): Buffer | null {
  return /^lk_[\w-]{43}$/.test(key) ? sha256(key) : null
}

/** Equal tokens of one team have equal fingerprints; without the key a fingerprint says nothing. */
export function fingerprint(teamId: string, apiToken: Secret): Buffer {
  return createHmac('sha256', subkey(`fingerprint:${teamId}`))
    .update(apiToken.reveal())
    .digest()
}

/** What stands for a mail address where the address itself must not be stored. */
export function digestOfEmail(email: string): string {
  return createHmac('sha256', subkey('email')).update(email.toLowerCase()).digest('base64url')
}

/** A secret of its own for a library that wants one. */
export function keyFor(label: string): string {
  return subkey(`library:${label}`).toString('base64url')
}

/** The link of the audit chain: a keyed digest over the link before and the row. */
export function auditMac(teamId: string, before: Buffer, row: string): Buffer {
  return createHmac('sha256', subkey(`audit:${teamId}`))
    .update(before)
    .update(row)
    .digest()
}

/** A value that we can recognise as ours when it comes back. `label` keeps one use from passing as another. */
export function signValue(label: string, value: string): string {
  return `${value}.${macOf(label, value).toString('base64url')}`
}

/** The value that was signed, or null. */
export function verifySigned(label: string, signed: string): string | null {
  const dot = signed.lastIndexOf('.')
  if (dot < 1) return null
  const value = signed.slice(0, dot)
  const given = Buffer.from(signed.slice(dot + 1), 'base64url')
  const expected = macOf(label, value)
  return given.length === expected.length && timingSafeEqual(given, expected) ? value : null
}

function macOf(label: string, value: string): Buffer {
  return createHmac('sha256', subkey(`signed:${label}`))
    .update(value)
    .digest()
}

const subkeys = new Map<string, Buffer>()
let subkeysOf: Secret | null = null
const SUBKEYS_MAX = 1_000

/** One key for each use, derived from the session secret: a key that leaks opens nothing but its own use. */
function subkey(label: string): Buffer {
  const { sessionSecret } = env()
  if (subkeysOf !== sessionSecret || subkeys.size >= SUBKEYS_MAX) subkeys.clear()
  subkeysOf = sessionSecret
  const known = subkeys.get(label)
  if (known) return known
  const key = Buffer.from(hkdfSync('sha256', sessionSecret.reveal(), 'latchkey', label, 32))
  subkeys.set(label, key)
  return key
}

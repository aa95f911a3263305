import 'server-only'
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Env } from '#lib/env.ts'
import { readText } from '#lib/read-text.ts'
import type { KeyFault, KeyProvider } from '../key-provider.ts'
import { KeyProviderError } from '../key-provider.ts'

export type VaultSettings = NonNullable<Env['vault']>

/** Shorter than what an envelope waits for any provider, so that the reason is told. */
const REQUEST_TIMEOUT_MS = 2_500
const ANSWER_BYTES_MAX = 65_536
const ID = 'vault-transit'

const wrappedAnswer = z.object({ data: z.object({ ciphertext: z.string().regex(/^vault:v\d{1,9}:[\w+/=-]+$/) }) })
const unwrappedAnswer = z.object({ data: z.object({ plaintext: z.string().max(1_024) }) })
const keyAnswer = z.object({
  data: z.object({
    type: z.string(),
    derived: z.boolean().default(false),
    latest_version: z.number().int().min(1),
    min_decryption_version: z.number().int().default(1),
  }),
})
const errorAnswer = z.object({ errors: z.array(z.string()).default([]) })

/** Only these bind a value to its context. */
const AUTHENTICATED_TYPES = ['aes256-gcm96', 'aes128-gcm96', 'chacha20-poly1305']

/**
 * Wraps data keys by the transit engine of HashiCorp Vault (or OpenBao): the key never leaves it. What this process may
 * do is the business of its token's policy. A key id names the key and its version: `vault:latchkey:v3`.
 */
export function vaultKeyProvider(settings: VaultSettings, timeoutMs = REQUEST_TIMEOUT_MS): KeyProvider {
  const { key } = settings
  const ask: Ask = (action, body) => call(settings, { action, body, timeoutMs })
  const encoded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return {
    id: ID,
    currentKeyId: async () => keyIdOf(key, (await readKey(ask)).latest_version),
    async hasKey(keyId) {
      const version = versionOf(keyId, key)
      if (version === null) return false
      const { latest_version: latest, min_decryption_version: oldest } = await readKey(ask)
      return version >= oldest && version <= latest
    },
    async wrap(dataKey, context) {
      const body = { plaintext: encoded(dataKey), associated_data: encoded(context) }
      const { ciphertext: wrapped } = parse(wrappedAnswer, await ask('encrypt', body)).data
      return { provider: ID, keyId: keyIdOf(key, Number(wrapped.split(':')[1]?.slice(1))), wrapped }
    },
    async unwrap({ provider, keyId, wrapped }, context) {
      const version = versionOf(keyId, key)
      if (provider !== ID || version === null || !wrapped.startsWith(`vault:v${version}:`))
        throw new KeyProviderError('unknown_key', `the data key was wrapped under ${keyId}, not under ${key} in Vault`)
      const body = { ciphertext: wrapped, associated_data: encoded(context) }
      return Buffer.from(parse(unwrappedAnswer, await ask('decrypt', body)).data.plaintext, 'base64')
    },
  }
}

function keyIdOf(key: string, version: number): string {
  return `vault:${key}:v${version}`
}

/** The version that an id of this key names, or null. */
function versionOf(keyId: string, key: string): number | null {
  const [kind, name, version, ...more] = keyId.split(':')
  const digits = /^v(\d{1,9})$/.exec(version ?? '')?.[1]
  return kind === 'vault' && name === key && digits && more.length === 0 ? Number(digits) : null
}

type Action = 'encrypt' | 'decrypt' | 'keys'
type Ask = (action: Action, body?: Record<string, string>) => Promise<unknown>

async function readKey(ask: Ask) {
  const { data } = parse(keyAnswer, await ask('keys'))
  if (data.derived || !AUTHENTICATED_TYPES.includes(data.type))
    throw new KeyProviderError(
      'unexpected',
      'the key in Vault must be of type aes256-gcm96 and not derived: others do not bind a value to its place',
    )
  return data
}

function parse<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new KeyProviderError('unexpected', NOT_TRANSIT)
}

const NOT_TRANSIT = 'Vault gave an answer that its transit engine does not give: examine VAULT_ADDR'

type Order = { action: Action; body: Record<string, string> | undefined; timeoutMs: number }

/** One call, tried again at once when an idle connection broke under it: each call may be made twice. */
async function call(settings: VaultSettings, { action, body, timeoutMs }: Order): Promise<unknown> {
  const request = new Request(`${settings.address}/v1/${settings.mount}/${action}/${settings.key}`, {
    method: body ? 'POST' : 'GET',
    headers: await headersOf(settings),
    body: body ? JSON.stringify(body) : null,
    redirect: 'manual',
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
  })
  try {
    const response = await fetch(request.clone()).catch((error: unknown) => {
      if (request.signal.aborted) throw error
      return fetch(request)
    })
    return await read(response, action)
  } catch (error) {
    throw faultOf(error, request.signal, timeoutMs)
  }
}

async function headersOf({ token, tokenFile, namespace }: VaultSettings): Promise<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'x-vault-request': 'true',
    // Read each time: whoever renews the token writes the file anew.
    'x-vault-token': token?.reveal() ?? (await readTokenFile(tokenFile ?? '')),
    ...(namespace && { 'x-vault-namespace': namespace }),
  }
}

async function readTokenFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  if (!/^[\x21-\x7e]+$/.test(text.trim())) throw new KeyProviderError('not_allowed', 'VAULT_TOKEN_FILE holds no token')
  return text.trim()
}

async function read(response: Response, action: Action): Promise<unknown> {
  const text = await readText(response, ANSWER_BYTES_MAX)
  const answer = jsonOf(text)
  if (response.status === 200 && answer !== null) return answer
  const { errors } = errorAnswer.safeParse(answer).data ?? { errors: [] }
  throw new KeyProviderError(...refusalOf(response.status, action, errors.join(' ')))
}

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return null
  }
}

/** What Vault says of itself is judged and not repeated: it may name paths and policies. */
function refusalOf(status: number, action: Action, told: string): [KeyFault, string] {
  const work = action === 'keys' ? 'read the key' : action
  if (status === 403) return ['not_allowed', `Vault does not let this token ${work}: examine its policy and its age`]
  if (status === 404 || /key not found/.test(told))
    return ['unknown_key', 'Vault has no such key: examine VAULT_TRANSIT_KEY and VAULT_TRANSIT_MOUNT']
  if (/too (?:old|new)/.test(told))
    return ['unknown_key', 'Vault no longer opens what lies under this version of the key']
  if (action === 'decrypt' && (status === 400 || /message authentication failed/.test(told)))
    return ['refused', 'Vault refused the wrapped data key: it was changed, or belongs somewhere else']
  if (status === 200) return ['unexpected', NOT_TRANSIT]
  if (status >= 300 && status < 400)
    return ['unexpected', 'Vault sent us elsewhere: give an address in VAULT_ADDR that answers itself']
  if (status === 503) return ['unreachable', 'Vault is sealed or not ready']
  return ['unexpected', `Vault answered ${status} to ${action}`]
}

function faultOf(error: unknown, signal: AbortSignal, timeoutMs: number): KeyProviderError {
  if (error instanceof KeyProviderError) return error
  if (signal.aborted) return new KeyProviderError('timeout', `Vault did not answer within ${timeoutMs / 1000} s`)
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
  return new KeyProviderError('unreachable', `Vault cannot be reached${code ? ` (${code})` : ''}: examine VAULT_ADDR`)
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A Vault on this machine, as far as its transit engine is used here: versions of a key, associated data, a policy for
 * each token, and every way to be of no use. Answers as Vault 1.19 does.
 */
export type FakeVault = {
  address: string
  /** Makes another version of the key, as `vault write -f transit/keys/<key>/rotate` does. */
  rotate(): void
  /** Versions below this one open nothing any more. */
  setMinDecryptionVersion(version: number): void
  /** Null: it works. */
  fault: 'hang' | 'sealed' | 'redirect' | 'html' | 'cut' | null
  /** Everything that was asked, and how it was answered. */
  calls: { token: string; action: string; status: number }[]
  stop(): Promise<void>
}

type Capability = 'encrypt' | 'decrypt' | 'keys'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** `tokens`: what each may do; `namespace`: none but this one is known. */
export async function startFakeVault({
  tokens,
  mount = 'transit',
  key = 'latchkey',
  type = 'aes256-gcm96',
  namespace,
  port = 0,
}: {
  tokens: Record<string, readonly Capability[]>
  mount?: string
  key?: string
  type?: string
  namespace?: string
  port?: number
}): Promise<FakeVault> {
  const versions = [randomBytes(32)]
  let oldest = 1
  const vault: FakeVault = {
    address: '',
    rotate: () => void versions.push(randomBytes(32)),
    setMinDecryptionVersion: (version) => {
      oldest = version
    },
    fault: null,
    calls: [],
    stop: () => stop(server),
  }

  const answers: Record<Capability, (body: Record<string, unknown>) => Answer> = {
    keys: () => [
      200,
      {
        data: {
          name: key,
          type,
          derived: false,
          latest_version: versions.length,
          min_decryption_version: oldest,
          min_encryption_version: 0,
          keys: Object.fromEntries(versions.map((_, index) => [index + 1, 1_790_000_000 + index])),
        },
      },
    ],
    encrypt: ({ plaintext, associated_data: aad }) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', versions.at(-1) ?? '', nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(String(aad ?? ''), 'base64'))
      const text = [cipher.update(Buffer.from(String(plaintext), 'base64')), cipher.final()]
      const bytes = Buffer.concat([nonce, ...text, cipher.getAuthTag()])
      const ciphertext = `vault:v${versions.length}:${bytes.toString('base64')}`
      return [200, { data: { ciphertext, key_version: versions.length } }]
    },
    decrypt: ({ ciphertext, associated_data: aad }) => {
      const [, version, text] = /^vault:v(\d+):([\w+/=]+)$/.exec(String(ciphertext)) ?? []
      if (!version || !text) return refused('invalid ciphertext: no prefix')
      if (Number(version) < oldest) return refused('ciphertext or signature version is disallowed by policy (too old)')
      const versionKey = versions[Number(version) - 1]
      if (!versionKey) return refused('invalid ciphertext: version is too new')
      const bytes = Buffer.from(text, 'base64')
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES)
        const decipher = createDecipheriv('aes-256-gcm', versionKey, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(String(aad ?? ''), 'base64'))
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        const plain = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
        return [200, { data: { plaintext: Buffer.concat(plain).toString('base64') } }]
      } catch {
        return refused('invalid ciphertext: unable to decrypt')
      }
    },
  }

  const server = createServer(async (request, response) => {
    const body = await readBody(request)
    switch (vault.fault) {
      case 'hang':
        return
      case 'cut':
        return void request.socket.destroy()
      case 'sealed':
        return send(response, [503, { errors: ['Vault is sealed'] }])
      case 'redirect':
        return void response.writeHead(307, { location: 'http://127.0.0.1:1/v1/elsewhere' }).end()
      case 'html':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Welcome</title>')
      case null:
        return send(response, noted(request, reply(request, body)))
    }
  })

  function reply({ method, url, headers }: IncomingMessage, body: Record<string, unknown>): Answer {
    const [, version, at, action, name] = (url ?? '').split('/')
    const wanted = action as Capability
    const may = tokens[String(headers['x-vault-token'])]?.includes(wanted) ?? false
    const isHere = version === 'v1' && at === mount && headers['x-vault-namespace'] === namespace
    // Vault looks at the policy first: whoever may not use a key does not learn whether it is there.
    if (!isHere || !may || headers['x-vault-request'] !== 'true') return [403, { errors: ['permission denied'] }]
    if (name !== key) return action === 'keys' ? [404, { errors: [] }] : refused('encryption key not found')
    if (method !== (action === 'keys' ? 'GET' : 'POST')) return [405, { errors: ['unsupported operation'] }]
    return answers[wanted](body)
  }

  function noted({ url, headers }: IncomingMessage, answer: Answer): Answer {
    const [, , , action = ''] = (url ?? '').split('/')
    vault.calls.push({ token: String(headers['x-vault-token']), action, status: answer[0] })
    return answer
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  vault.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return vault
}

type Answer = [status: number, body: Record<string, unknown>]

function refused(error: string): Answer {
  return [400, { errors: [error] }]
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
}

function send(response: ServerResponse, [status, body]: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, seal } from '#lib/crypto/envelope.ts'
import { localKeyProvider } from '#lib/crypto/local-key-provider.ts'
import { Secret } from '#lib/secret.ts'

/** Child of `run.mjs`: values sealed and opened in a second, and the bare cipher over the same bytes. */
const ROUNDS = 7
const ROUND_MS = 400
const token = randomBytes(20).toString('hex')
const context = { teamId: 'tea_bench', connectionId: 'con_bench', field: 'apiToken', host: 'acme.pipedrive.com' }
const aad = Buffer.from(JSON.stringify(Object.values(context)))
const keys = localKeyProvider([{ id: 'bench', key: new Secret(randomBytes(32).toString('base64')) }])

async function sealAndOpen(): Promise<void> {
  const opened = await open(await seal(new Secret(token), context, keys), context, keys)
  if (opened.reveal() !== token) throw new Error('another value came back')
}

function cipherOnly(): void {
  const [key, nonce] = [randomBytes(32), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad)
  const sealed = Buffer.concat([cipher.update(token), cipher.final()])
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(aad).setAuthTag(cipher.getAuthTag())
  if (Buffer.concat([decipher.update(sealed), decipher.final()]).toString() !== token) throw new Error('broken')
}

async function perSecond(work: () => void | Promise<void>): Promise<number> {
  const startedAt = performance.now()
  let count = 0
  for (; performance.now() - startedAt < ROUND_MS; count++) await work()
  return (count / (performance.now() - startedAt)) * 1000
}

const rates: { sealed: number[]; bare: number[] } = { sealed: [], bare: [] }
for (let round = 0; round < ROUNDS; round++) {
  rates.sealed.push(await perSecond(sealAndOpen))
  rates.bare.push(await perSecond(cipherOnly))
}
process.send?.({ sealed: Math.max(...rates.sealed), bare: Math.max(...rates.bare) }, () => process.disconnect())

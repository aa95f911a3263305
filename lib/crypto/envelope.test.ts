import assert from 'node:assert/strict'
import { createDecipheriv, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '#lib/secret.ts'
import type { SealContext, SealedValue } from './envelope.ts'
import { open, seal } from './envelope.ts'
import type { KeyProvider } from './key-provider.ts'
import { localKeyProvider } from './local-key-provider.ts'

const TOKEN = '0123456789abcdef0123456789abcdef01234567'
const context: SealContext = {
  teamId: 'tea_1',
  connectionId: 'con_1',
  field: 'apiToken',
  host: 'acme.pipedrive.com',
}
const aadText = '["latchkey.1","tea_1","con_1","apiToken","acme.pipedrive.com"]'
const masterKey = randomBytes(32)
const keys = localKeyProvider([{ id: 'k1', key: new Secret(masterKey.toString('base64')) }])

function sealed(provider: KeyProvider = keys) {
  return seal(new Secret(TOKEN), context, provider)
}

/** AES-256-GCM by node:crypto alone, from the parts that RFC 7516 names. */
function decrypt(key: Uint8Array, parts: { nonce: Buffer; text: Buffer; tag: Buffer; aad: string }): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, parts.nonce, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(parts.aad))
  decipher.setAuthTag(parts.tag)
  return Buffer.concat([decipher.update(parts.text), decipher.final()])
}

function decryptIndependently({ sealed, wrappedKey }: SealedValue): string {
  const wrapped = Buffer.from(wrappedKey.wrapped, 'base64url')
  const dataKey = decrypt(masterKey, {
    nonce: wrapped.subarray(0, 12),
    text: wrapped.subarray(12, -16),
    tag: wrapped.subarray(-16),
    aad: aadText,
  })
  const part = (name: string) => Buffer.from(sealed[name] ?? '', 'base64url')
  return decrypt(dataKey, {
    nonce: part('iv'),
    text: part('ciphertext'),
    tag: part('tag'),
    aad: `${sealed.protected}.${Buffer.from(aadText).toString('base64url')}`,
  }).toString()
}

test('what was sealed opens again, and says neither the value nor where it belongs', async () => {
  const value = await sealed()
  assert.equal((await open(value, context, keys)).reveal(), TOKEN)
  assert.deepEqual(Object.keys(value.sealed).sort(), ['ciphertext', 'iv', 'protected', 'tag'])
  const header = JSON.parse(Buffer.from(value.sealed.protected ?? '', 'base64url').toString())
  assert.deepEqual(header, { alg: 'dir', enc: 'A256GCM', kid: 'k1' })
  assert.equal(value.keyId, 'k1')
  const stored = JSON.stringify(value)
  for (const form of [TOKEN, Buffer.from(TOKEN).toString('base64url'), context.host, context.teamId])
    assert.ok(!stored.includes(form), form)
})

test('another program opens it with the master key alone', async () => {
  assert.equal(decryptIndependently(await sealed()), TOKEN)
})

/** Made once, written down: whoever changes the format notices that stored values no longer open. */
const knownAnswer = {
  masterKey: 'mS0kvZ3bI2m7oQmLrQm0bYwJ1x8hUu5c2dF4aVt9EoI=',
  value: {
    sealed: {
      ciphertext: 'rxZ2aOhTwT4iFu8WYs7HcrWdNbmMVLg-ORYYa4f3jwmbKTyLMxdOTQ',
      iv: '98JVNYzj0IXWPU7O',
      tag: 'r0c10GqynvowNhkxZSVJgQ',
      protected: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiazEifQ',
    },
    wrappedKey: {
      provider: 'local',
      keyId: 'k1',
      wrapped: 'lHi6mYoemZ95rgasK_tz5N-KLqlF5Y0v0yPQKlEggWUVFihIE2ZXLwVoJWDYCAgV3DaY0JwSj73CMPsl',
    },
  },
}

test('a value that was sealed by the first release still opens', async () => {
  const provider = localKeyProvider([{ id: 'k1', key: new Secret(knownAnswer.masterKey) }])
  assert.equal((await open(knownAnswer.value, context, provider)).reveal(), TOKEN)
})

test('10,000 seals of one value share no nonce, no key and no ciphertext', async () => {
  const SEALS = 10_000
  const seen = { iv: new Set(), ciphertext: new Set(), wrapped: new Set(), wrapNonce: new Set() }
  for (let count = 0; count < SEALS; count++) {
    const { sealed: jwe, wrappedKey } = await sealed()
    assert.equal(Buffer.from(jwe.iv ?? '', 'base64url').length, 12)
    seen.iv.add(jwe.iv)
    seen.ciphertext.add(jwe.ciphertext)
    seen.wrapped.add(wrappedKey.wrapped)
    seen.wrapNonce.add(wrappedKey.wrapped.slice(0, 16))
  }
  for (const [part, values] of Object.entries(seen)) assert.equal(values.size, SEALS, part)
})

const elsewhere: [string, SealContext][] = [
  ['team', { ...context, teamId: 'tea_2' }],
  ['connection', { ...context, connectionId: 'con_2' }],
  ['field', { ...context, field: 'link' }],
  ['host', { ...context, host: 'evil.pipedrive.com' }],
  ['pair that reads the same when glued', { ...context, teamId: 'tea_1","con_1', connectionId: '' }],
]
for (const [what, other] of elsewhere)
  test(`a value that was moved to another ${what} does not open`, async () => {
    const value = await sealed()
    await assert.rejects(open(value, other, keys))
    // The content refuses by itself, even where the data key was wrapped for the new place.
    const dataKey = await keys.unwrap(value.wrappedKey, Buffer.from(aadText))
    const aad = JSON.stringify(['latchkey.1', other.teamId, other.connectionId, other.field, other.host])
    await assert.rejects(open({ ...value, wrappedKey: await keys.wrap(dataKey, Buffer.from(aad)) }, other, keys))
  })

test('the parts of two values do not mix', async () => {
  const [one, two] = [await sealed(), await sealed()]
  await assert.rejects(open({ sealed: one.sealed, wrappedKey: two.wrappedKey }, context, keys))
  for (const part of ['protected', 'iv', 'ciphertext', 'tag']) {
    const mixed = { ...one.sealed, [part]: part === 'protected' ? 'eyJhbGciOiJkaXIifQ' : (two.sealed[part] ?? '') }
    await assert.rejects(open({ sealed: mixed, wrappedKey: one.wrappedKey }, context, keys), part)
  }
})

test('an AAD that comes with the record is not believed', async () => {
  const value = await sealed()
  const other = { ...context, connectionId: 'con_2' }
  const smuggled = { ...value.sealed, aad: Buffer.from(aadText).toString('base64url') }
  await assert.rejects(open({ ...value, sealed: smuggled }, other, keys))
})

for (const length of [0, 4, 8, 12, 15])
  test(`an authentication tag of ${length} bytes is refused`, async () => {
    const value = await sealed()
    const tag = Buffer.from(value.sealed.tag ?? '', 'base64url')
      .subarray(0, length)
      .toString('base64url')
    await assert.rejects(open({ ...value, sealed: { ...value.sealed, tag } }, context, keys))
  })

test('a key provider that throws seals and opens nothing', async () => {
  const value = await sealed()
  const down = async () => Promise.reject(new Error('down'))
  const broken: KeyProvider = { ...keys, wrap: down, unwrap: down }
  await assert.rejects(sealed(broken), /down/)
  await assert.rejects(open(value, context, broken), /down/)
})

test('a key provider that hangs is given up after 3 s', async (t) => {
  const value = await sealed()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const hang = () => new Promise<never>(() => {})
  const hanging: KeyProvider = { ...keys, wrap: hang, unwrap: hang }
  for (const call of [() => sealed(hanging), () => open(value, context, hanging)]) {
    let ended = false
    const work = assert.rejects(call(), /did not answer in time/).finally(() => {
      ended = true
    })
    t.mock.timers.tick(2_999)
    await new Promise(setImmediate)
    assert.equal(ended, false)
    t.mock.timers.tick(1)
    await work
  }
})

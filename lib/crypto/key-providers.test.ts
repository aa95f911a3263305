import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Secret } from '#lib/secret.ts'
import { temporaryFolder } from '#lib/testing/engines.ts'
import type { KeyProvider } from './key-provider.ts'
import { isKeyOutage, KeyProviderError } from './key-provider.ts'
import { localKeyProvider } from './local-key-provider.ts'
import type { FakeVault } from './vault/fake.ts'
import { startFakeVault } from './vault/fake.ts'
import type { VaultSettings } from './vault/provider.ts'
import { vaultKeyProvider } from './vault/provider.ts'

const context = new TextEncoder().encode('["latchkey.1","tea_1","con_1","apiToken","acme.pipedrive.com"]')
const elsewhere = new TextEncoder().encode('["latchkey.1","tea_2","con_1","apiToken","acme.pipedrive.com"]')

let vault: FakeVault
const WORKER = 'hvs.worker'
const WEB = 'hvs.web'
before(async () => {
  vault = await startFakeVault({ tokens: { [WORKER]: ['encrypt', 'decrypt', 'keys'], [WEB]: ['encrypt'] } })
})
after(() => vault.stop())

function inVault(more: Partial<VaultSettings> = {}, timeoutMs?: number): KeyProvider {
  const { address } = vault
  const token = new Secret(WORKER)
  const settings = { address, namespace: null, mount: 'transit', key: 'latchkey', token, tokenFile: null, ...more }
  return vaultKeyProvider(settings, timeoutMs)
}

const localKeys = [newLocalKey('k1')]

function newLocalKey(id: string) {
  return { id, key: new Secret(randomBytes(32).toString('base64')) }
}

/** What everything that wraps data keys has to do. A new provider belongs in this list. */
const providers: [name: string, provider: () => KeyProvider, rotate: () => void][] = [
  ['local', () => localKeyProvider(localKeys), () => void localKeys.unshift(newLocalKey(`k${localKeys.length + 1}`))],
  ['vault-transit', () => inVault(), () => vault.rotate()],
]

for (const [name, provider, rotate] of providers)
  describe(name, () => {
    const dataKey = randomBytes(32)

    test('what was wrapped is unwrapped, in the same context', async () => {
      const wrapped = await provider().wrap(dataKey, context)
      assert.ok(dataKey.equals(await provider().unwrap(wrapped, context)))
      assert.equal(wrapped.provider, name)
      assert.equal(wrapped.provider, provider().id)
      assert.equal(wrapped.keyId, await provider().currentKeyId())
      assert.ok(await provider().hasKey(wrapped.keyId))
      const stored = JSON.stringify(wrapped)
      for (const form of ['base64', 'base64url', 'hex'] as const) assert.ok(!stored.includes(dataKey.toString(form)))
    })

    test('another context, a changed value and a cut one are refused for good', async () => {
      const wrapped = await provider().wrap(dataKey, context)
      await refused(provider().unwrap(wrapped, elsewhere), 'refused')
      await refused(provider().unwrap(wrapped, new Uint8Array()), 'refused')
      await refused(provider().unwrap({ ...wrapped, wrapped: swapped(wrapped.wrapped) }, context), 'refused')
      await refused(provider().unwrap({ ...wrapped, wrapped: wrapped.wrapped.slice(0, 24) }, context), 'refused')
    })

    test('the same data key is wrapped differently each time', async () => {
      const wrapped = await Promise.all(Array.from({ length: 50 }, () => provider().wrap(dataKey, context)))
      assert.equal(new Set(wrapped.map((one) => one.wrapped)).size, 50)
    })

    test('a key that is not there, and a value of another provider, are told apart from a changed value', async () => {
      const wrapped = await provider().wrap(dataKey, context)
      for (const keyId of ['k99', 'vault:latchkey:v99', 'vault:other:v1', 'vault:latchkey:v1:2', '']) {
        assert.equal(await provider().hasKey(keyId), false, keyId)
        await refused(provider().unwrap({ ...wrapped, keyId }, context), 'unknown_key')
      }
      await refused(provider().unwrap({ ...wrapped, provider: 'drawer' }, context), 'unknown_key')
    })

    test('after a rotation the newest key wraps and the older one still unwraps', async () => {
      const before = provider()
      const old = await before.wrap(dataKey, context)
      rotate()
      const newer = await provider().wrap(dataKey, context)
      assert.notEqual(newer.keyId, old.keyId)
      assert.equal(await provider().currentKeyId(), newer.keyId)
      for (const wrapped of [old, newer]) {
        assert.ok(dataKey.equals(await provider().unwrap(wrapped, context)), wrapped.keyId)
        assert.ok(await provider().hasKey(wrapped.keyId), wrapped.keyId)
      }
      // A value does not become another key's by saying so.
      await assert.rejects(provider().unwrap({ ...old, keyId: newer.keyId }, context))
    })
  })

describe('a Vault that is of no use', () => {
  const dataKey = randomBytes(32)

  const faults = [
    ['hang', 'timeout', /did not answer within 0.2 s/],
    ['cut', 'unreachable', /cannot be reached/],
    ['sealed', 'unreachable', /sealed/],
    ['redirect', 'unexpected', /sent us elsewhere/],
    ['html', 'unexpected', /that its transit engine does not give/],
  ] as const
  for (const [fault, kind, message] of faults)
    test(`${fault}: every call says so, and is an outage`, async () => {
      const wrapped = await inVault().wrap(dataKey, context)
      vault.fault = fault
      try {
        const provider = inVault({}, 200)
        for (const call of [
          () => provider.wrap(dataKey, context),
          () => provider.unwrap(wrapped, context),
          () => provider.currentKeyId(),
          () => provider.hasKey(wrapped.keyId),
        ])
          await refused(call(), kind, message)
      } finally {
        vault.fault = null
      }
      assert.ok(dataKey.equals(await inVault().unwrap(wrapped, context)))
    })

  test('nobody at the address', async () => {
    const call = inVault({ address: 'http://127.0.0.1:9' }).wrap(dataKey, context)
    await refused(call, 'unreachable', /cannot be reached.*VAULT_ADDR/)
  })

  test('a token that may only wrap wraps, and is refused everything else', async () => {
    const web = inVault({ token: new Secret(WEB) })
    const wrapped = await web.wrap(dataKey, context)
    await refused(web.unwrap(wrapped, context), 'not_allowed', /does not let this token decrypt/)
    await refused(web.currentKeyId(), 'not_allowed', /does not let this token read the key/)
    assert.ok(dataKey.equals(await inVault().unwrap(wrapped, context)))
  })

  test('a wrong token, mount or namespace is a matter of rights, and a wrong key one of keys', async () => {
    for (const wrong of [{ token: new Secret('hvs.nobody') }, { mount: 'elsewhere' }, { namespace: 'admin' }])
      await refused(inVault(wrong).wrap(dataKey, context), 'not_allowed')
    await refused(inVault({ key: 'other' }).wrap(dataKey, context), 'unknown_key', /VAULT_TRANSIT_KEY/)
    await refused(inVault({ key: 'other' }).currentKeyId(), 'unknown_key', /VAULT_TRANSIT_KEY/)
  })

  test('a version that Vault no longer opens is a missing key', async () => {
    const old = await inVault().wrap(dataKey, context)
    vault.rotate()
    const newest = Number((await inVault().currentKeyId()).split(':v')[1])
    vault.setMinDecryptionVersion(newest)
    assert.equal(await inVault().hasKey(old.keyId), false)
    await refused(inVault().unwrap(old, context), 'unknown_key', /no longer opens/)
    vault.setMinDecryptionVersion(1)
    assert.ok(dataKey.equals(await inVault().unwrap(old, context)))
  })

  test('a key whose type binds nothing to its context is refused', async () => {
    const rsa = await startFakeVault({ tokens: { [WORKER]: ['keys'] }, type: 'rsa-4096' })
    await refused(inVault({ address: rsa.address }).currentKeyId(), 'unexpected', /aes256-gcm96/)
    await rsa.stop()
  })

  test('the token file is read anew for each call', async () => {
    const folder = temporaryFolder()
    const tokenFile = join(folder, 'token')
    const provider = inVault({ token: null, tokenFile })
    await refused(provider.wrap(dataKey, context), 'not_allowed', /VAULT_TOKEN_FILE/)
    writeFileSync(tokenFile, 'hvs.expired\n')
    await refused(provider.wrap(dataKey, context), 'not_allowed', /policy and its age/)
    writeFileSync(tokenFile, `${WORKER}\n`)
    assert.ok((await provider.wrap(dataKey, context)).wrapped)
    rmSync(folder, { recursive: true })
  })
})

async function refused(call: Promise<unknown>, fault: KeyProviderError['fault'], message = /./): Promise<void> {
  const isValue = fault === 'refused' || fault === 'unknown_key'
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof KeyProviderError, String(error))
    assert.equal(error.fault, fault, error.message)
    assert.equal(isKeyOutage(error), !isValue)
    assert.match(error.message, message)
    for (const secret of [WORKER, WEB]) assert.ok(!error.message.includes(secret))
    return true
  })
}

/** Another character in the middle of what is encrypted. */
function swapped(wrapped: string): string {
  const at = wrapped.length - 30
  return wrapped.slice(0, at) + (wrapped[at] === 'A' ? 'B' : 'A') + wrapped.slice(at + 1)
}

import 'server-only'
import type { Env } from '#lib/env.ts'
import { envWithNewestKeys } from '#lib/env.ts'
import { mayOpenSealed } from '#lib/role.ts'
import type { KeyProvider } from './key-provider.ts'
import { KeyProviderError } from './key-provider.ts'
import { localKeyProvider } from './local-key-provider.ts'
import { vaultKeyProvider } from './vault/provider.ts'

let made: { of: Env; provider: KeyProvider } | null = null

/** The keys of this installation as it has them now: those of the chosen provider wrap, all that are set up unwrap. */
export function keyProvider(): KeyProvider {
  const current = envWithNewestKeys()
  if (made?.of !== current) made = { of: current, provider: ringOf(providersOf(current)) }
  return made.provider
}

/** The one that wraps first. The other one, when it is set up too, reads what is not moved yet. */
function providersOf({ keyProvider, masterKeys, vault }: Env): KeyProvider[] {
  const local = masterKeys.length > 0 ? [localKeyProvider(masterKeys)] : []
  const remote = vault ? [vaultKeyProvider(vault)] : []
  switch (keyProvider) {
    case 'local':
      return [...local, ...remote]
    case 'vault-transit':
      return [...remote, ...local]
  }
}

/** Each record says who wrapped it, so that records of both lie side by side. */
function ringOf(providers: readonly KeyProvider[]): KeyProvider {
  const [newest] = providers
  if (!newest) throw new Error('no key provider is set up')
  return {
    id: newest.id,
    currentKeyId: () => newest.currentKeyId(),
    hasKey: async (keyId) => {
      for (const provider of providers) if (await provider.hasKey(keyId)) return true
      return false
    },
    wrap: (dataKey, context) => newest.wrap(dataKey, context),
    unwrap: async (wrapped, context) => {
      // Beside Vault's policy for this process's token, and also while some values lie under keys of a machine.
      if (!mayOpenSealed()) throw new KeyProviderError('not_allowed', 'this process only wraps: a worker opens')
      const provider = providers.find(({ id }) => id === wrapped.provider)
      if (!provider)
        throw new KeyProviderError(
          'unknown_key',
          `the key provider ${wrapped.provider} of ${wrapped.keyId} is not set up`,
        )
      return provider.unwrap(wrapped, context)
    },
  }
}

import 'server-only'
import type { Env } from '#lib/env.ts'
import { envWithNewestKeys } from '#lib/env.ts'
import type { KeyProvider } from './key-provider.ts'
import { localKeyProvider } from './local-key-provider.ts'

let made: { of: Env; provider: KeyProvider } | null = null

/** The key provider of this installation, with the keys it has now. */
export function keyProvider(): KeyProvider {
  const current = envWithNewestKeys()
  if (made?.of !== current) made = { of: current, provider: make(current) }
  return made.provider
}

function make({ keyProvider, masterKeys }: Env): KeyProvider {
  switch (keyProvider) {
    case 'local':
      return localKeyProvider(masterKeys)
  }
}

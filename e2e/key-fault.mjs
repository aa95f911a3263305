import crypto from 'node:crypto'
import { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Loaded before a portal (`--import`): while the file of KEY_FAULT_FILE exists, its key provider fails. The provider
 * of this machine wraps data keys by `createCipheriv`, and nothing else in the portal uses it.
 */
const { createCipheriv } = crypto
crypto.createCipheriv = (...given) => {
  if (existsSync(process.env.KEY_FAULT_FILE ?? '')) throw new Error('the key provider does not answer')
  return createCipheriv(...given)
}
syncBuiltinESMExports()

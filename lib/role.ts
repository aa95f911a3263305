import { env } from './env.ts'

const store = globalThis as typeof globalThis & { latchkeyOpens?: true }

/**
 * Whether this process may open what is sealed. Where the keys lie in a service and several processes share a database,
 * the web only wraps: whoever takes it over reads none of the tokens that are stored. With the keys on this machine, or
 * with the embedded database, one process does everything.
 */
export function mayOpenSealed(): boolean {
  return isOneForAll() || store.latchkeyOpens === true
}

/** Said by the worker and by the operator's command line, at their start. Nothing that answers people's browsers says it. */
export function openSealedHere(): void {
  store.latchkeyOpens = true
}

/** Whether other processes ask this one to open something for them. */
export function servesOthers(): boolean {
  return !isOneForAll() && mayOpenSealed()
}

function isOneForAll(): boolean {
  const { vault, databaseUrl } = env()
  return vault === null || databaseUrl === null
}

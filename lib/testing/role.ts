import { openSealedHere } from '#lib/role.ts'

/** Makes this process a web that only wraps (where the settings say so), or a worker. */
export function beWeb(): void {
  delete (globalThis as { latchkeyOpens?: true }).latchkeyOpens
}

export function beWorker(): void {
  openSealedHere()
}

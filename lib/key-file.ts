import { closeSync, fsyncSync, openSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export const KEY_BYTES = 32

export function newKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('base64')
}

/** Differs whenever the file was written anew; null when it cannot be looked at. */
export function versionOfFile(path: string): string | null {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true })
    return [ino, size, mtimeNs].join(':')
  } catch {
    return null
  }
}

export function ageOfFileMs(path: string): number {
  return Date.now() - statSync(path).mtimeMs
}

/** Puts `text` in the place of a file: whoever reads it gets all of the old one or all of the new one, also after a power cut. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${crypto.randomUUID()}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
    renameSync(draft, path)
  } catch (error) {
    unlinkSync(draft)
    throw error
  } finally {
    closeSync(file)
  }
  syncFolder(dirname(path))
}

export function syncFolder(folder: string): void {
  // Windows opens no folders.
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

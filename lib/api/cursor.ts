import * as z from 'zod'

/** Where a page of a list ended. Opaque on purpose: what is inside may change from one version to the next. */
export function cursorAfter(id: string): string {
  return encode(`1:${id}`)
}

/** The id that the next page begins behind. Throws ZodError for what we never gave out. */
export function readCursor(cursor: string): string {
  return decode(cursor, /^1:([a-z]{3}_[0-9a-z]{26})$/)
}

/** The same for events, which have a place in the order of their team. */
export function cursorAfterPlace(seq: number): string {
  return encode(`2:${seq}`)
}

export function readPlace(cursor: string): number {
  return Number(decode(cursor, /^2:(\d{1,15})$/))
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function decode(cursor: string, pattern: RegExp): string {
  const [, found] = pattern.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (found !== undefined) return found
  throw new z.ZodError([{ code: 'custom', path: ['cursor'], message: 'not a cursor of this list', input: cursor }])
}

import * as z from 'zod'

/** Where a page of a list ended. Opaque on purpose: what is inside may change from one version to the next. */
export function cursorAfter(id: string): string {
  return Buffer.from(`1:${id}`).toString('base64url')
}

/** The id that the next page begins behind. Throws ZodError for what we never gave out. */
export function readCursor(cursor: string): string {
  const [, id] = /^1:([a-z]{3}_[0-9a-z]{26})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (id) return id
  throw new z.ZodError([{ code: 'custom', path: ['cursor'], message: 'not a cursor of this list', input: cursor }])
}

import { isSameOrigin } from './origin.ts'

/** Where staff land when they wanted nothing in particular. */
export const CONSOLE_HOME = '/connections'

/** Carries the path of the page from `proxy.ts`, since a page cannot ask for it. */
export const PATH_HEADER = 'x-latchkey-path'

const PATH_LENGTH_MAX = 500
/** Never a place to go to after signing in: they are for programs, or would ask to sign in again. */
const notPages = ['/api', '/sign-in', '/_next']

/**
 * The page of ours that `given` names, as a path; else the console's home. Whatever leads elsewhere is refused after
 * parsing it the way browsers do: `//host`, `/\host`, other schemes, control characters in between.
 */
export function nextPath(given: unknown, portalOrigin: string): string {
  if (typeof given !== 'string' || given.length > PATH_LENGTH_MAX || !/^\/[\x21-\x7e]*$/.test(given))
    return CONSOLE_HOME
  if (given.includes('\\') || !URL.canParse(given, portalOrigin)) return CONSOLE_HOME
  const url = new URL(given, portalOrigin)
  const isOurs = isSameOrigin({ get: () => url.origin }, portalOrigin) && url.username === ''
  const path = url.pathname + url.search
  if (!isOurs || path.startsWith('//') || notPages.some((prefix) => isBelow(url.pathname, prefix))) return CONSOLE_HOME
  return path
}

function isBelow(pathname: string, prefix: string): boolean {
  return pathname === prefix || pathname.startsWith(`${prefix}/`)
}

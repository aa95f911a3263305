/** Where the portal is reached from, compared the way browsers do. Pure, because `proxy.ts` is its own small bundle. */

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether the portal is only reachable from this machine: then the strict rules of production do not hold. */
export function isLoopbackOrigin(origin: string): boolean {
  return loopbackNames.has(new URL(origin).hostname)
}

/**
 * Whether a request's `Origin` names the portal itself. Absent, `null` and unreadable ones do not.
 * The loopback names with one port are one origin, since people type either.
 */
export function isSameOrigin(headers: Pick<Headers, 'get'>, portalOrigin: string): boolean {
  const header = headers.get('origin')
  if (!header || !URL.canParse(header)) return false
  const [theirs, ours] = [new URL(header), new URL(portalOrigin)]
  if (theirs.origin === ours.origin) return theirs.origin !== 'null'
  return (
    theirs.protocol === ours.protocol &&
    theirs.port === ours.port &&
    loopbackNames.has(theirs.hostname) &&
    loopbackNames.has(ours.hostname)
  )
}

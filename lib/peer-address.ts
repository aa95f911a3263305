import { channel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { isLoopbackOrigin, isSameOrigin } from './origin.ts'

/** Carries the address that our own server saw. Written over whatever a client sends under this name. */
export const PEER_HEADER = 'x-latchkey-peer'

const forwardedHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
]

type Trust = { trustedProxyHops: number; portalOrigin: string }

/**
 * Makes `clientAddress()` trustworthy and keeps Next from believing a client's X-Forwarded-Host, which it compares
 * with Origin. Next hands no socket to pages and a custom server is ruled out, so this listens to Node's own
 * announcement of a request, which comes before any handler sees it.
 */
export function trustOnlyOurProxies(trust: Trust): void {
  channel('http.server.request.start').subscribe((message) => {
    const { request } = message as { request: IncomingMessage }
    rewriteForwardedHeaders(request.headers, request.socket.remoteAddress ?? '', trust)
  })
}

/** The rewriting alone, without the server around it. */
export function rewriteForwardedHeaders(
  headers: Record<string, string | string[] | undefined>,
  socketAddress: string,
  { trustedProxyHops, portalOrigin }: Trust,
): void {
  const forwardedFor = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
  headers[PEER_HEADER] = plain((trustedProxyHops > 0 && forwardedFor.at(-trustedProxyHops)) || socketAddress)

  for (const name of forwardedHeaders) delete headers[name]
  if (isLoopbackOrigin(portalOrigin)) {
    // Next knows nothing of loopback names being one origin: it hears the name that the page itself was opened by.
    const origin = String(headers.origin ?? '')
    if (isSameOrigin({ get: () => origin }, portalOrigin)) headers['x-forwarded-host'] = new URL(origin).host
    return
  }
  const { host, protocol } = new URL(portalOrigin)
  headers['x-forwarded-host'] = host
  headers['x-forwarded-proto'] = protocol.slice(0, -1)
}

/** One form for one address: IPv4 written as IPv6 counts as IPv4, and a port is dropped. */
function plain(address: string): string {
  const bare = address.replace(/^\[(.+)\](?::\d+)?$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '')
  return /^\d+(?:\.\d+){3}:\d+$/.test(bare) ? bare.slice(0, bare.indexOf(':')) : bare
}

/** The address a request came from, or null outside the running server. */
export function clientAddress(headers: Pick<Headers, 'get'>): string | null {
  return headers.get(PEER_HEADER) || null
}

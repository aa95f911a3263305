import 'server-only'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { Problem } from '#lib/problem.ts'
import type { Handler } from './serve.ts'
import { problemAnswer } from './serve.ts'

const REQUEST_TIMEOUT_MS = 15_000
const HEADERS_TIMEOUT_MS = 5_000
const CONNECTIONS_MAX = 500

export type Listening = { port: number; close(): Promise<void> }

/** `path` as OpenAPI writes it. Each answers every method itself. */
export type Route = { path: string; methods: Partial<Record<string, Handler>> }

/**
 * A few routes outside of Next, answered by the same handlers: for the worker, which has no pages. TLS ends in front of
 * it, as it does in front of the portal.
 */
export async function listen(
  { port, host }: { port: number; host: string | null },
  routes: readonly Route[],
): Promise<Listening> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    (message, response) => {
      void answer(message, routes)
        .catch((error: unknown) => problemAnswer(error, { id: 'unknown' }))
        .then((made) => write(made, response))
        .catch((error: unknown) => {
          log.error('api.answer_failed', error)
          response.destroy()
        })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  server.listen(port, host ?? undefined)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      // Answers under way are finished; connections that only wait are not.
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}

async function answer(message: IncomingMessage, routes: readonly Route[]): Promise<Response> {
  const { pathname } = URL.parse(message.url ?? '/', 'http://worker') ?? { pathname: '' }
  for (const { path, methods } of routes) {
    const params = match(path, pathname)
    const handler = params && methods[message.method ?? '']
    if (handler) return handler(requestOf(message), { params: Promise.resolve(params) })
  }
  throw new Problem('not_found')
}

/** What the path holds in the place of `{names}`; null when it is another path. */
function match(path: string, pathname: string): Record<string, string> | null {
  const [wanted, parts] = [path.split('/'), pathname.split('/')]
  if (wanted.length !== parts.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith('{')) params[part.slice(1, -1)] = parts[at] ?? ''
    else if (part !== parts[at]) return null
  }
  return params
}

function requestOf(message: IncomingMessage): Request {
  const { method = 'GET' } = message
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers.set(name, String(value))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(new URL(message.url ?? '/', 'http://worker'), {
    method,
    headers,
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream<Uint8Array>, duplex: 'half' }),
  } as RequestInit)
}

async function write(made: Response, response: ServerResponse): Promise<void> {
  response.statusCode = made.status
  for (const [name, value] of made.headers) response.setHeader(name, value)
  response.setHeader('x-content-type-options', 'nosniff')
  if (env().isProduction) response.setHeader('strict-transport-security', 'max-age=31536000')
  response.end(Buffer.from(await made.arrayBuffer()))
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Received = { id: string; headers: Record<string, string>; body: string }

export type Receiver = {
  url: string
  /** Everything that arrived whole, in order. */
  received: Received[]
  /** How it answers; 204 unless told otherwise. */
  answer(how: (request: IncomingMessage, response: ServerResponse) => void): void
  /** Nobody listens until `up`. */
  down(): Promise<void>
  up(): Promise<void>
}

function takes(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204).end()
}

/** A system of the team on loopback that is told of events. */
export async function startReceiver(): Promise<Receiver> {
  let how = takes
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const headers = request.headers as Record<string, string>
    received.push({ id: headers['webhook-id'] ?? '', headers, body })
    how(request, response)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answer: (next) => {
      how = next
    },
    up: () => listen(port),
    down: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Takes whatever a process sends to its collector, by OTLP over HTTP, and keeps it as text. */
export async function startCollector(): Promise<{
  url: string
  /** Bodies and headers, one text for each request, by what was sent: `traces` or `metrics`. */
  received: { traces: string[]; metrics: string[] }
  close(): Promise<void>
}> {
  const received = { traces: [] as string[], metrics: [] as string[] }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = JSON.stringify(request.headers) + Buffer.concat(parts).toString()
      if (request.url === '/v1/traces') received.traces.push(text)
      if (request.url === '/v1/metrics') received.metrics.push(text)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

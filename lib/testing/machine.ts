import { randomUUID } from 'node:crypto'
import type { Operator } from '#lib/actor.ts'
import { operations } from '#lib/api/operations.ts'
import type { IntegrationInput } from '#lib/connection/integrations.ts'
import { createIntegration } from '#lib/connection/integrations.ts'
import { PEER_HEADER } from '#lib/peer-address.ts'
import type { Scope } from '#lib/scopes.ts'
import { scopes } from '#lib/scopes.ts'

/** A machine of a team, with every scope unless told otherwise. */
export async function makeMachine(
  operator: Operator,
  over: Partial<IntegrationInput> = {},
): Promise<{ id: string; key: string }> {
  const made = await createIntegration(operator, { name: 'Nightly sync', scopes: [...scopes] as Scope[], ...over })
  if (made.kind !== 'created') throw new Error('no key was made')
  return made
}

export type Answer = {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  body: any
}

export type Sent = { key?: string; body?: unknown; text?: string; headers?: Record<string, string>; from?: string }

type Handler = (request: Request, context: { params: Promise<Record<string, string> | undefined> }) => Promise<Response>

/** Calls a route as Next does. Each call comes from an address of its own unless told otherwise. */
export async function callApi(method: string, address: string, sent: Sent = {}): Promise<Answer> {
  const { key, body, text = body === undefined ? undefined : JSON.stringify(body), headers, from } = sent
  const url = new URL(address, 'http://localhost:3000')
  const { file, params } = routeOf(url.pathname)
  const route = (await import(`../../app/api/v1/${file}/route.ts`)) as Record<string, Handler>
  const request = new Request(url, {
    method,
    body: text,
    headers: {
      [PEER_HEADER]: from ?? randomAddress(),
      ...(key && { authorization: `Bearer ${key}` }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  const answer = await route[method]?.(request, { params: Promise.resolve(params) })
  if (!answer) throw new Error(`${file} has no ${method}`)
  const said = await answer.text()
  const isJson = /json$/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, text: said, body: isJson ? JSON.parse(said) : null }
}

function randomAddress(): string {
  const bytes = Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
  return `10.${bytes[0]}.${bytes[1]}.${bytes[2]}`
}

/** The folder below `app/api/v1` that an address leads to. */
function routeOf(pathname: string): { file: string; params: Record<string, string> | undefined } {
  const parts = pathname.split('/')
  for (const { path } of operations) {
    const wanted = path.split('/')
    const fits =
      wanted.length === parts.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at])
    if (!fits) continue
    const params = wanted.flatMap((part, at) => (part.startsWith('{') ? [[part.slice(1, -1), parts[at] ?? '']] : []))
    const file = path.replace('/api/v1/', '').replace(/\{(\w+)\}/g, '[$1]')
    // A route without segments is given none, as by Next.
    return { file, params: params.length > 0 ? Object.fromEntries(params) : undefined }
  }
  return { file: '[...unknown]', params: undefined }
}

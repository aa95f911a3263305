import type { components, paths } from './api.d.ts'

/** The portal's API. Addresses, bodies and answers have the types of its OpenAPI document. */

export type Event = components['schemas']['Event'] | components['schemas']['TestEvent']

type Method = 'get' | 'post'
/** The addresses that take a method. */
type Address<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<M, { responses: unknown }> ? Path : never
}[keyof paths]
type Json<Content> = Content extends { content: { 'application/json': infer Body } } ? Body : never
type Operation<M extends Method, Path extends Address<M>> = paths[Path][M]
type Answer<M extends Method, Path extends Address<M>> =
  Operation<M, Path> extends { responses: infer Statuses } ? Json<Statuses[keyof Statuses & (200 | 202)]> : never
type Sent<M extends Method, Path extends Address<M>> =
  Operation<M, Path> extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never

/** The portal said no. `code` is stable: branch on it. */
export class Refused extends Error {
  readonly code: string
  constructor(status: number, code: string) {
    super(`${status} ${code}`)
    this.code = code
  }
}

const TIMEOUT_MS = 15_000

/** One call, such as `ask('get', '/api/v1/connections/{connectionId}', { connectionId })`. Throws `Refused`. */
export async function ask<M extends Method, Path extends Address<M>>(
  method: M,
  path: Path,
  { connectionId = '', query = '', body }: { connectionId?: string; query?: string; body?: Sent<M, Path> } = {},
): Promise<Answer<M, Path>> {
  const { PORTAL, KEY } = process.env
  const answer = await fetch(`${PORTAL}${path.replace('{connectionId}', connectionId)}${query}`, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const said = await answer.json()
  if (!answer.ok) throw new Refused(answer.status, String(said.code))
  return said
}

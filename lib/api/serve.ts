import 'server-only'
import * as z from 'zod'
import type { Integration } from '#lib/actor.ts'
import { requireIntegration } from '#lib/auth/machine.ts'
import { problemsOf } from '#lib/connection/request-schema.ts'
import { sha256 } from '#lib/crypto/digest.ts'
import { isKeyOutage } from '#lib/crypto/key-provider.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { isUnreachable } from '#lib/data/unreachable.ts'
import { log } from '#lib/log.ts'
import { Problem, problemBody, problems } from '#lib/problem.ts'
import { readText } from '#lib/read-text.ts'
import type { Secret } from '#lib/secret.ts'
import type { Named, Reply, Work } from './once.ts'
import { findReply, once } from './once.ts'
import type { Operation } from './operation.ts'
import { LIMITS } from './operation.ts'

/** The text of an answer that nobody else may ever see. */
export type SecretReply = { text: Secret; type: 'application/json' | 'application/jose' }

export type Call<O extends Operation> = {
  integration: Integration
  params: z.output<O['params']>
  query: z.output<O['query']>
  body: O['body'] extends z.ZodType ? z.output<O['body']> : null
  /** The body as it was sent, for a schema that the domain applies itself. */
  sent: O['body'] extends z.ZodType ? z.input<O['body']> : null
  accept: string
  /** What must happen once however often the call is repeated, in one transaction. */
  once(work: Work): Promise<Reply>
}

export type Handler = (
  request: Request,
  context: { params: Promise<Record<string, string> | undefined> },
) => Promise<Response>

/**
 * Makes a route of an operation: proves the key and its scope, counts the call, reads what was sent, and puts every
 * refusal and failure into one form. What is left for the route is its work.
 */
export function serve<O extends Operation>(
  operation: O,
  work: (call: Call<O>) => Promise<Reply | SecretReply>,
): Handler {
  return async (request, context) => {
    const headers = new Headers({ 'cache-control': 'no-store' })
    try {
      const integration = await requireIntegration(request, operation.scopes)
      await countCall(integration, operation, headers)
      const call = await readCall(operation, integration, request, (await context.params) ?? {})
      const before = call.named && (await findReply(integration, call.named))
      const reply = before ?? (await work(call))
      return 'text' in reply ? secretAnswer(reply, headers) : answer(operation, request, reply, headers)
    } catch (error) {
      return problemAnswer(error, operation, headers)
    }
  }
}

async function countCall({ integrationId }: Integration, { limit }: Operation, headers: Headers): Promise<void> {
  const hitsMax = LIMITS[limit]
  const hit = await hitLimit({ bucket: `api:${limit}:${integrationId}`, windowSeconds: 60, hitsMax })
  headers.set('ratelimit-limit', String(hitsMax))
  headers.set('ratelimit-remaining', String(hit.remaining))
  headers.set('ratelimit-reset', String(hit.retryAfterSeconds))
  if (!hit.allowed) throw new Problem('rate_limited', retryIn(hit.retryAfterSeconds))
}

/** When to come back, for clients that read headers. */
export function retryIn(seconds: number): { headers: Record<string, string> } {
  return { headers: { 'retry-after': String(seconds) } }
}

type ReadCall<O extends Operation> = Call<O> & { named: Named | null }

async function readCall<O extends Operation>(
  operation: O,
  integration: Integration,
  request: Request,
  segments: Record<string, string>,
): Promise<ReadCall<O>> {
  const params = operation.params.safeParse(segments)
  // What is no id names nothing.
  if (!params.success) throw new Problem('not_found')
  const query = parse(operation.query, Object.fromEntries(new URL(request.url).searchParams))
  const text = operation.body ? await readBody(request) : ''
  const sent = operation.body ? readJson(text, operation) : null
  const body = operation.body ? parse(operation.body, sent) : null
  const named = operation.idempotent ? readName(operation, segments, request, text) : null
  return {
    integration,
    params: params.data,
    query,
    body,
    sent,
    accept: request.headers.get('accept') ?? '',
    named,
    once: (work: Work) => once(integration, named, work),
  } as ReadCall<O>
}

const BODY_BYTES_MAX = 32_768
const JSON_DEPTH_MAX = 8

async function readBody(request: Request): Promise<string> {
  const text = await readText(request, BODY_BYTES_MAX)
  if (text === null) throw new Problem('too_large', { detail: `A body has at most ${BODY_BYTES_MAX} bytes.` })
  const type = request.headers.get('content-type') ?? ''
  if (text !== '' && !/^application\/json\s*(?:;|$)/i.test(type))
    throw new Problem('not_json', { detail: 'Send it with Content-Type: application/json.' })
  return text
}

function readJson(text: string, { bodyOptional }: Operation): unknown {
  if (text === '' && bodyOptional) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isTooDeep(value, JSON_DEPTH_MAX)) throw new Error('too deep')
    return value
  } catch {
    throw new Problem('unreadable_json', { detail: `JSON, at most ${JSON_DEPTH_MAX} levels deep.` })
  }
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1))
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw parsed.error
}

/** The Idempotency-Key, and what it stands for: this call with this body, and no other. */
function readName({ id }: Operation, segments: Record<string, string>, request: Request, text: string): Named | null {
  const idempotencyKey = request.headers.get('idempotency-key')
  if (idempotencyKey === null) return null
  if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) throw new Problem('idempotency_key_format')
  return { idempotencyKey, digest: sha256(JSON.stringify([id, segments, text])) }
}

function answer(operation: Operation, request: Request, reply: Reply, headers: Headers): Response {
  for (const [name, value] of Object.entries(reply.headers ?? {})) headers.set(name, value)
  const status = reply.status ?? operation.success.status
  if (status === 204) return new Response(null, { status, headers })
  const text = JSON.stringify({ ...reply.body, ...(reply.link && { link: reply.link }) })
  headers.set('content-type', 'application/json')
  if (!operation.conditional) return new Response(text, { status, headers })
  const tag = `"${sha256(text).toString('base64url')}"`
  // For whoever asks again by itself; no cache on the way keeps the answer (S54).
  headers.set('etag', tag)
  return isKnown(request, tag)
    ? new Response(null, { status: 304, headers: bare(headers) })
    : new Response(text, { status, headers })
}

function isKnown(request: Request, tag: string): boolean {
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  return known.includes(tag)
}

function bare(headers: Headers): Headers {
  headers.delete('content-type')
  return headers
}

function secretAnswer({ text, type }: SecretReply, headers: Headers): Response {
  headers.set('content-type', type)
  return new Response(text.reveal(), { status: 200, headers })
}

/** Every refusal and every failure in one form. What went wrong inside stays in the log, under a reference. */
export function problemAnswer(error: unknown, operation: Pick<Operation, 'id'>, headers = new Headers()): Response {
  const problem = problemOf(error, operation)
  for (const [name, value] of Object.entries(problem.details.headers ?? {})) headers.set(name, value)
  headers.set('content-type', 'application/problem+json')
  headers.set('cache-control', 'no-store')
  return new Response(JSON.stringify(problemBody(problem)), { status: problems[problem.code].status, headers })
}

const RETRY_SECONDS = 5

function problemOf(error: unknown, { id }: Pick<Operation, 'id'>): Problem {
  if (error instanceof Problem) return error
  if (error instanceof z.ZodError) return new Problem('invalid_request', { more: { errors: faultsOf(error) } })
  const reference = log.error('api.failed', error, { route: id })
  const isOutage = isUnreachable(error) || isKeyOutage(error)
  return isOutage
    ? new Problem('unavailable', { ...retryIn(RETRY_SECONDS), more: { reference } })
    : new Problem('internal', { more: { reference } })
}

/** One for each value, the first. */
function faultsOf(error: z.ZodError): { field: string; problem: string; detail: string }[] {
  const names = problemsOf(error)
  const told = new Map<string, { field: string; problem: string; detail: string }>()
  for (const issue of error.issues) {
    const { path, message } = issue
    const field = [...path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join('.')
    if (!told.has(field)) told.set(field, { field, problem: names.get(field) ?? 'unknown', detail: message })
  }
  return [...told.values()]
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The exports of a route: what it takes, and for every other method a refusal in the same form as all others. */
export function routes(
  taken: Partial<Record<(typeof methods)[number], Handler>>,
): Record<(typeof methods)[number], Handler> {
  const allow = Object.keys(taken).join(', ')
  const refuse: Handler = async () =>
    problemAnswer(new Problem('method_not_allowed', { headers: { allow } }), { id: 'unknown' })
  return Object.fromEntries(methods.map((method) => [method, taken[method] ?? refuse])) as ReturnType<typeof routes>
}

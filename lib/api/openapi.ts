import 'server-only'
import * as z from 'zod'
import { env } from '#lib/env.ts'
import type { ProblemCode } from '#lib/problem.ts'
import { problems } from '#lib/problem.ts'
import { scopes } from '#lib/scopes.ts'
import type { Operation } from './operation.ts'
import { LIMITS } from './operation.ts'
import { operations } from './operations.ts'
import { answeredSchemas, scopeTexts, sentSchemas } from './schemas.ts'

type Json = Record<string, unknown>

const KEY_PROBLEMS = ['key_missing', 'key_unknown', 'key_revoked', 'key_expired'] as const satisfies ProblemCode[]
const COMMON = [
  ...KEY_PROBLEMS,
  'address_not_allowed',
  'scope_missing',
  'invalid_request',
  'rate_limited',
  'internal',
  'unavailable',
] as const satisfies ProblemCode[]
const BODY_PROBLEMS = ['unreadable_json', 'too_large', 'not_json'] as const satisfies ProblemCode[]
const IDEMPOTENCY_PROBLEMS = [
  'idempotency_key_format',
  'idempotency_in_progress',
  'idempotency_key_reused',
] as const satisfies ProblemCode[]

/** The API as OpenAPI 3.1, made of the schemas that the routes apply. */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version: '1.0.0',
      summary: 'Ask customers for API credentials, and hand them to your integrations.',
      description: INTRODUCTION,
      license: { name: 'All rights reserved', identifier: 'LicenseRef-UNLICENSED' },
    },
    servers: [{ url: env().portalOrigin }],
    tags: TAGS,
    security: [{ apiKey: [] }],
    paths: pathsOf(operations),
    webhooks: { event: { post: WEBHOOK } },
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'lk_…',
          description: `Made by an admin under Settings. Scopes: ${scopes.map((scope) => `\`${scope}\` ${scopeTexts[scope]}`).join(' ')}`,
        },
      },
      headers: HEADERS,
      schemas: { ...named(sentSchemas, 'input'), ...named(answeredSchemas, 'output') },
    },
  }
}

const INTRODUCTION =
  'JSON over HTTPS. Errors are `application/problem+json` (RFC 9457) with a stable `code`. Lists go on at `nextCursor`. New members may be added to answers at any time; ignore what you do not know.'

const TAGS = [
  { name: 'Requests', description: 'Asking customers for credentials.' },
  { name: 'Connections', description: 'Where each credential stands.' },
  { name: 'Credentials', description: 'Reading the token of a connection.' },
  { name: 'Events', description: 'What happened, in order.' },
  { name: 'Profiles', description: 'What can be asked for.' },
]

const inHeader = (name: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
})

const WEBHOOK = {
  operationId: 'receiveEvent',
  tags: ['Events'],
  summary: 'Be told of an event',
  description:
    'What we send to each webhook that an admin made. Check the signature as [Standard Webhooks](https://www.standardwebhooks.com) has it, answer within 15 seconds, and do the work afterwards. A message may come twice, with the same id, and in any order.',
  security: [],
  parameters: [
    inHeader('webhook-id', 'The id of the event, the same at every try.'),
    inHeader(
      'webhook-timestamp',
      'When this try was made, in seconds since 1970. Refuse what is older than 5 minutes.',
    ),
    inHeader(
      'webhook-signature',
      '`v1,` and HMAC-SHA-256 over `id.timestamp.body` in base64; two of them, with a space between, while the secret is replaced.',
    ),
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { anyOf: [{ $ref: '#/components/schemas/Event' }, { $ref: '#/components/schemas/TestEvent' }] },
      },
    },
  },
  responses: {
    '2XX': { description: 'Taken. It is not sent again.' },
    '410': { description: 'Nobody will listen here any more: the webhook is switched off.' },
    '429': { description: 'Not now: with `Retry-After` it is sent again no sooner. 503 does the same.' },
    default: { description: 'Not taken: it is sent again, for a bit more than a day.' },
  },
}

const HEADERS = {
  RateLimitLimit: { description: 'Calls of this key in a minute.', schema: { type: 'integer' } },
  RateLimitRemaining: { description: 'How many of them are left.', schema: { type: 'integer' } },
  RateLimitReset: { description: 'Seconds until the minute is over.', schema: { type: 'integer' } },
  RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } },
  ETag: { description: 'Send it as `If-None-Match` when you ask again.', schema: { type: 'string' } },
  Location: { description: 'Where to read it.', schema: { type: 'string' } },
  IdempotentReplayed: {
    description: '`true` where this answer was given before, under the same Idempotency-Key.',
    schema: { type: 'string', const: 'true' },
  },
}

const header = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })

function pathsOf(all: readonly Operation[]): Record<string, Json> {
  const paths: Record<string, Json> = {}
  for (const operation of all) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: operationOf(operation) }
  }
  return paths
}

function operationOf(operation: Operation): Json {
  const { id, summary, description, scopes: needed, body, bodyOptional } = operation
  const parameters = parametersOf(operation)
  return {
    operationId: id,
    tags: [tagOf(operation)],
    summary,
    description: `${description} Scope: ${needed.map((scope) => `\`${scope}\``).join(' or ')}. ${LIMITS[operation.limit]} calls a minute.`,
    ...(parameters.length > 0 && { parameters }),
    ...(operation.limit === 'credentials' && serversOfCredentials()),
    ...(body && {
      requestBody: { required: !bodyOptional, content: { 'application/json': { schema: reference(body) } } },
    }),
    responses: responsesOf(operation),
  }
}

/** Where the portal only wraps, this one call goes to the worker. */
function serversOfCredentials(): Json {
  const { credentialApiOrigin: url } = env()
  return url ? { servers: [{ url, description: 'Credentials are given out here.' }] } : {}
}

function tagOf({ path, limit }: Operation): string {
  if (limit === 'credentials') return 'Credentials'
  const [, , , first = ''] = path.split('/')
  return first.charAt(0).toUpperCase() + first.slice(1)
}

function parametersOf({ params, query, idempotent, conditional }: Operation): Json[] {
  const from = (schema: z.ZodObject, place: 'path' | 'query') => {
    const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input') as {
      properties?: Record<string, Json>
      required?: string[]
    }
    return Object.entries(properties).map(([name, { description, ...rest }]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    }))
  }
  return [
    ...from(params, 'path'),
    ...from(query, 'query'),
    ...(idempotent ? [IDEMPOTENCY_KEY] : []),
    ...(conditional ? [IF_NONE_MATCH] : []),
  ]
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Any text of your own, such as a UUID. For a day a repeated call is answered like the first and does nothing.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
}

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag you know: 304 when nothing has changed.',
  schema: { type: 'string' },
}

function responsesOf(operation: Operation): Json {
  const { success, conditional, problems: own } = operation
  const answers: Record<string, Json> = { [success.status]: successOf(operation) }
  if (conditional) answers['304'] = { description: 'Nothing has changed.' }
  for (const [status, codes] of byStatus([...codesOf(operation, own)])) {
    answers[status] = {
      description: codes.map((code) => `\`${code}\` ${problems[code].title}.`).join(' '),
      ...(['429', '503'].includes(status) && { headers: { 'Retry-After': header('RetryAfter') } }),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  return answers
}

/** What a call can be refused with, in the order of the list of problems. */
export function codesOf({ body, idempotent }: Operation, own: readonly ProblemCode[]): ProblemCode[] {
  const all = new Set<ProblemCode>([
    ...COMMON,
    ...own,
    ...(body ? BODY_PROBLEMS : []),
    ...(idempotent ? IDEMPOTENCY_PROBLEMS : []),
  ])
  return (Object.keys(problems) as ProblemCode[]).filter((code) => all.has(code))
}

function byStatus(codes: readonly ProblemCode[]): Map<string, ProblemCode[]> {
  const found = new Map<string, ProblemCode[]>()
  for (const code of codes) {
    const status = String(problems[code].status)
    found.set(status, [...(found.get(status) ?? []), code])
  }
  return found
}

function successOf({ success, conditional, idempotent, limit }: Operation): Json {
  const isCreated = success.status === 201 && success.schema === answeredSchemas.CreatedRequest
  return {
    description: success.description,
    headers: {
      'RateLimit-Limit': header('RateLimitLimit'),
      'RateLimit-Remaining': header('RateLimitRemaining'),
      'RateLimit-Reset': header('RateLimitReset'),
      ...(conditional && { ETag: header('ETag') }),
      ...(isCreated && { Location: header('Location') }),
      ...(idempotent && { 'Idempotent-Replayed': header('IdempotentReplayed') }),
    },
    ...(success.schema && {
      content: {
        'application/json': { schema: reference(success.schema) },
        ...(limit === 'credentials' && {
          'application/jose': {
            schema: { type: 'string', description: 'A compact JWE (ECDH-ES, A256GCM) of the same JSON.' },
          },
        }),
      },
    }),
  }
}

function reference(schema: z.ZodType): Json {
  const all: [string, z.ZodType][] = Object.entries({ ...sentSchemas, ...answeredSchemas })
  const [name] = all.find(([, known]) => known === schema) ?? []
  if (!name) throw new Error('a schema of the API has no name')
  return { $ref: `#/components/schemas/${name}` }
}

/** Schemas that name each other, which is what a reader and a generated client want. */
function named(schemas: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const made = z.toJSONSchema(registry, {
    io,
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => loosen(jsonSchema, io),
  })
  return Object.fromEntries(Object.entries(made.schemas).map(([name, schema]) => [name, withoutDialect(schema)]))
}

function withoutDialect({ $schema: _dialect, $id: _id, ...rest }: Json): Json {
  return rest
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, override: (made) => loosen(made.jsonSchema, io) })
  return rest as Json
}

/** Answers may grow: a client that refuses members it does not know would break with the next version. */
function loosen(schema: Json, io: 'input' | 'output'): void {
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
}

import type * as z from 'zod'
import type { ProblemCode } from '#lib/problem.ts'
import type { Scope } from '#lib/scopes.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** One call of the API, said once: the routes obey it, and the OpenAPI document is made of it. */
export type Operation<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType | null = z.ZodType | null,
> = {
  /** Unique; what generated clients call it. */
  id: string
  method: Method
  /** As OpenAPI writes it: `/api/v1/requests/{requestId}`. The folders below `app` say the same. */
  path: string
  summary: string
  description: string
  /** One of these is needed. */
  scopes: readonly Scope[]
  params: Params
  query: Query
  body: Body
  /** A call without any body means an empty one. */
  bodyOptional?: boolean
  success: { status: 200 | 201 | 202 | 204; description: string; schema: z.ZodType | null; example?: unknown }
  /** Beside those that every call has. */
  problems: readonly ProblemCode[]
  /** Takes an Idempotency-Key. */
  idempotent?: boolean
  /** Answers carry an ETag, and a poller that knows it gets 304. */
  conditional?: boolean
  /** Reads of credentials have a limit of their own. */
  limit: 'calls' | 'credentials'
}

export function operation<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType | null>(
  of: Operation<Params, Query, Body>,
): Operation<Params, Query, Body> {
  return of
}

/** Calls of one key in a minute. */
export const LIMITS = { calls: 600, credentials: 60 } as const satisfies Record<Operation['limit'], number>

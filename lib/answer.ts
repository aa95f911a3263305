import type { ServerResponse } from 'node:http'

/**
 * Pages cannot choose their status, and a page that must answer 410 or 429 has to. `instrumentation.ts` hands every
 * response of this process in here; `answerWith` changes what is sent when the headers go out. See docs/decisions.
 */
type Override = {
  status?: number
  headers?: Record<string, string | string[]>
  /** HTML that is sent in place of what Next has drawn. */
  body?: string
}

const ANSWER_HEADER = 'x-latchkey-answer'

const store = globalThis as typeof globalThis & { latchkeyAnswers?: Map<string, Override> }
const answers = () => (store.latchkeyAnswers ??= new Map())

/** Called once for each request, before Next sees it. Overwrites whatever the client sent under the same header. */
export function registerAnswer(headers: Record<string, string | string[] | undefined>, response: ServerResponse): void {
  const id = crypto.randomUUID()
  headers[ANSWER_HEADER] = id
  let sent: Override | undefined
  overrideHead(response, () => (sent = answers().get(id)))
  // Compression sends the head before the first byte of the body; what comes later changes nothing any more.
  overrideBody(response, () => (response.headersSent ? sent : answers().get(id))?.body)
  response.once('close', () => answers().delete(id))
}

function overrideHead(response: ServerResponse, find: () => Override | undefined): void {
  const writeHead = response.writeHead.bind(response) as (...parts: unknown[]) => ServerResponse
  const overriding = (status: number, ...rest: unknown[]): ServerResponse => {
    const override = find()
    for (const [name, value] of Object.entries<string | string[]>(override?.headers ?? {}))
      response.setHeader(name, value)
    if (override?.body !== undefined) describeBody(response)
    const chosen = override?.status ?? (isFormOfOlderBuild(status, response) ? backToItsPage(response) : status)
    response.statusCode = chosen
    return writeHead(chosen, ...rest)
  }
  response.writeHead = overriding as typeof response.writeHead
}

function describeBody(response: ServerResponse): void {
  for (const name of ['content-encoding', 'content-length', 'link', 'etag']) response.removeHeader(name)
  response.setHeader('content-type', 'text/html; charset=utf-8')
}

/** Once there is a body of ours, what Next writes is dropped and ours goes out at the end. */
function overrideBody(response: ServerResponse, find: () => string | undefined): void {
  const write = response.write.bind(response) as (...parts: unknown[]) => boolean
  const end = response.end.bind(response) as (...parts: unknown[]) => ServerResponse
  const overridingWrite = (...parts: unknown[]): boolean => {
    if (find() === undefined) return write(...parts)
    const written = parts.findLast((part) => typeof part === 'function')
    if (written) queueMicrotask(written as () => void)
    return true
  }
  const overridingEnd = (...parts: unknown[]): ServerResponse => {
    const body = find()
    return body === undefined ? end(...parts) : end(body, ...parts.filter((part) => typeof part === 'function'))
  }
  response.write = overridingWrite as typeof response.write
  response.end = overridingEnd as typeof response.end
}

/** Sets the status and headers of the answer to the current request. Call it before the page has rendered. */
export function answerWith(headers: { get(name: string): string | null }, override: Override): void {
  const id = headers.get(ANSWER_HEADER)
  if (id) answers().set(id, { ...answers().get(id), ...override })
}

/** A form that another build drew, sent by a browser without scripts: Next answers one line of plain text to it. */
function isFormOfOlderBuild(status: number, response: ServerResponse): boolean {
  return status === 409 && response.hasHeader('x-nextjs-action-not-found') && !response.req.headers['next-action']
}

function backToItsPage(response: ServerResponse): number {
  response.setHeader('location', `${pathOf(response)}?updated=yes`)
  return 303
}

/** One slash in front: two would name another host. */
function pathOf({ req }: ServerResponse): string {
  return `/${(req.url ?? '').split('?')[0]?.replace(/^[/\\]+/, '')}`
}

import type { ServerResponse } from 'node:http'

/**
 * Pages cannot choose their status, and a page that must answer 410 or 429 has to. `instrumentation.ts` hands every
 * response of this process in here; `answerWith` changes what is sent when the headers go out. See docs/decisions.
 */
type Override = { status?: number; headers?: Record<string, string | string[]> }

const ANSWER_HEADER = 'x-latchkey-answer'

const store = globalThis as typeof globalThis & { latchkeyAnswers?: Map<string, Override> }
const answers = () => (store.latchkeyAnswers ??= new Map())

/** Called once for each request, before Next sees it. Overwrites whatever the client sent under the same header. */
export function registerAnswer(headers: Record<string, string | string[] | undefined>, response: ServerResponse): void {
  const id = crypto.randomUUID()
  headers[ANSWER_HEADER] = id
  const writeHead = response.writeHead.bind(response) as (...parts: unknown[]) => ServerResponse
  const overriding = (status: number, ...rest: unknown[]): ServerResponse => {
    const override = answers().get(id)
    for (const [name, value] of Object.entries<string | string[]>(override?.headers ?? {}))
      response.setHeader(name, value)
    const chosen = override?.status ?? (isFormOfOlderBuild(status, response) ? backToItsPage(response) : status)
    response.statusCode = chosen
    return writeHead(chosen, ...rest)
  }
  response.writeHead = overriding as typeof response.writeHead
  response.once('close', () => answers().delete(id))
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

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { listDeals } from './pipedrive.ts'
import type { Event } from './portal.ts'
import { ask, Refused } from './portal.ts'

/**
 * Keeps a copy of every customer's deals. It is told by webhook when a connection has changed, reads the token each time
 * it needs it and keeps it nowhere, and lets go of everything when the connection ends.
 */

const { PORT = '4000', WEBHOOK_SECRET = '', SYNC_EVERY_SECONDS = '900' } = process.env

/** What we hold of one connection. `refusedVersion`: the token that Pipedrive refused; there is no use in trying it again. */
type Held = { name: string; deals: number; refusedVersion: number | null }
const held = new Map<string, Held>()

/** A message may come twice. */
const seen = new Set<string>()
const SEEN_MAX = 10_000

createServer((request, response) => {
  receive(request, response).catch((error: unknown) => {
    console.error('could not receive:', error)
    response.writeHead(500).end()
  })
}).listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on ${PORT}`)
  // What happened while we were away; and whatever message never arrives, the next round finds out.
  inTurn('all', syncAll)
  setInterval(() => inTurn('all', syncAll), Number(SYNC_EVERY_SECONDS) * 1_000)
})

/** Believes what is signed, answers at once, and works afterwards. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  let event: Event
  try {
    event = new Webhook(WEBHOOK_SECRET).verify(body, request.headers as Record<string, string>) as Event
  } catch {
    response.writeHead(400).end()
    return
  }
  response.writeHead(204).end()
  if (seen.has(event.id)) return
  seen.add(event.id)
  if (seen.size > SEEN_MAX) seen.delete([...seen][0] ?? '')
  if (event.type === 'test') return console.log('a test message arrived')
  const { connection } = event
  console.log(`told: ${event.type} of ${connection.externalId ?? connection.id}`)
  inTurn(connection.id, () => look(connection.id))
}

/** One thing after the other for each connection. What fails is tried again by the next message or the next round. */
const turns = new Map<string, Promise<void>>()
function inTurn(key: string, work: () => Promise<void>): void {
  const before = turns.get(key) ?? Promise.resolve()
  const turn = before.then(work).catch((error: unknown) => console.error(`${key}:`, String(error)))
  turns.set(key, turn)
  turn.then(() => turns.get(key) === turn && turns.delete(key))
}

async function syncAll(): Promise<void> {
  for (const status of ['connected', 'connected_limited']) {
    let cursor: string | null = null
    do {
      const page: { data: { id: string }[]; nextCursor: string | null } = await ask('get', '/api/v1/connections', {
        query: `?status=${status}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
      })
      for (const { id } of page.data) inTurn(id, () => look(id))
      cursor = page.nextCursor
    } while (cursor)
  }
}

/** Messages come in any order, so that none is taken at its word: what counts is how the connection stands now. */
async function look(connectionId: string): Promise<void> {
  const connection = await find(connectionId)
  if (!connection) return
  const { status, version, externalId } = connection
  const name = externalId ?? connectionId
  switch (status) {
    case 'connected':
    case 'connected_limited':
      if (held.get(connectionId)?.refusedVersion !== version) await sync(connectionId, name)
      return
    case 'off_boarding':
    case 'closed':
    case 'closed_unproven':
      return leave(connectionId, name, status)
    default:
      if (held.has(connectionId)) console.log(`${name}: waiting, it is ${status}`)
  }
}

/** Null for one that our key may not see: webhooks tell of the whole team. */
async function find(connectionId: string) {
  try {
    return await ask('get', '/api/v1/connections/{connectionId}', { connectionId })
  } catch (error) {
    if (error instanceof Refused && error.code === 'not_found') return null
    throw error
  }
}

async function sync(connectionId: string, name: string): Promise<void> {
  const credential = await ask('post', '/api/v1/connections/{connectionId}/credential', {
    connectionId,
    body: { purpose: 'Sync of deals' },
  })
  const { version } = credential
  const deals = await listDeals(credential)
  if (deals !== 'refused') {
    held.set(connectionId, { name, deals: deals.length, refusedVersion: null })
    console.log(`${name}: ${deals.length} deals, read with version ${version} of the token`)
    return
  }
  held.set(connectionId, { name, deals: held.get(connectionId)?.deals ?? 0, refusedVersion: version })
  // The portal looks for itself, and has the customer mend it when the token is dead indeed.
  await ask('post', '/api/v1/connections/{connectionId}/report', { connectionId, body: { observed: 401 } })
  console.log(`${name}: Pipedrive refused version ${version} of the token; reported, and waiting`)
}

/** Removes what we hold, and at Pipedrive what we had set up there: nothing, since we only read. Then says so, once. */
async function leave(connectionId: string, name: string, status: string): Promise<void> {
  const hadSome = held.delete(connectionId)
  if (status !== 'off_boarding') return console.log(`${name}: it is over`)
  try {
    const { confirmedAt } = await ask('post', '/api/v1/connections/{connectionId}/off-board/confirm', { connectionId })
    console.log(
      `${name}: its end has begun; ${hadSome ? 'its deals are removed' : 'nothing was held'}, confirmed ${confirmedAt}`,
    )
  } catch (error) {
    if (!(error instanceof Refused && error.code === 'not_off_boarding')) throw error
  }
}

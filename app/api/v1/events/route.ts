import { cursorAfterPlace, readPlace } from '#lib/api/cursor.ts'
import { listEvents } from '#lib/api/operations.ts'
import { eventOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { db } from '#lib/data/database.ts'
import { EVENTS_KEPT_DAYS, listEvents as listEventsAfter } from '#lib/data/events.ts'
import { Problem } from '#lib/problem.ts'

const tooOld = `Events are kept for ${EVENTS_KEPT_DAYS} days, and some after this cursor are gone. Read the connections as they stand, then begin anew without a cursor.`

const get = serve(listEvents, async ({ integration, query: { cursor, limit } }) => {
  const after = cursor ? readPlace(cursor) : null
  const page = await listEventsAfter(db(), integration, { after, limit })
  if (!page) throw new Problem('cursor_expired', { detail: tooOld })
  const { events, seenTo } = page
  return { body: { data: events.map(eventOf), nextCursor: cursorAfterPlace(seenTo) } }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'

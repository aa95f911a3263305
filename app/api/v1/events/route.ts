import { cursorAfterPlace, readPlace } from '#lib/api/cursor.ts'
import { listEvents } from '#lib/api/operations.ts'
import { eventOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { db } from '#lib/data/database.ts'
import { listEvents as listEventsAfter } from '#lib/data/events.ts'

const get = serve(listEvents, async ({ integration, query: { cursor, limit } }) => {
  const after = cursor ? readPlace(cursor) : 0
  const { events, seenTo } = await listEventsAfter(db(), integration, { after, limit })
  return { body: { data: events.map(eventOf), nextCursor: cursorAfterPlace(seenTo) } }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'

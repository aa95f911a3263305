import { cursorAfter, readCursor } from '#lib/api/cursor.ts'
import { listConnections } from '#lib/api/operations.ts'
import { connectionOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { db } from '#lib/data/database.ts'
import { listConnectionRecords } from '#lib/data/machine-reads.ts'

const get = serve(listConnections, async ({ integration, query: { status, externalId, cursor, limit } }) => {
  const found = await listConnectionRecords(db(), integration, {
    status: status ?? null,
    externalId: externalId ?? null,
    before: cursor ? readCursor(cursor) : null,
    limit: limit + 1,
  })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    body: { data: page.map(connectionOf), nextCursor: found.length > limit && last ? cursorAfter(last.id) : null },
  }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'

import { requireFreshStaff, requireStaff } from '#lib/auth/session.ts'
import { exportAudit } from '#lib/connection/audit.ts'
import { csvLine } from '#lib/csv-write.ts'
import type { AuditRow } from '#lib/data/audit-log.ts'
import { section } from '../../sections.ts'
import { readFilter } from '../audit-filter.ts'

const header = ['id', 'at', 'actor kind', 'actor id', 'actor', 'action', 'object', 'outcome', 'reason', 'address']
const columns = [...header, 'request id', 'details']

/** The audit log as a file, written while it is read. Only for an admin who proved just now who they are. */
export async function POST(request: Request): Promise<Response> {
  const staff = await requireFreshStaff(...section.audit.roles)
  const filter = readFilter(Object.fromEntries(new URL(request.url).searchParams))
  const rows = exportAudit(staff, filter)
  // The first rows are read before the answer begins: what fails then is an error page, not a file that is cut.
  const first = await rows.next()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start: (file) => file.enqueue(encoder.encode(csvLine(columns) + (first.done ? '' : linesOf(first.value)))),
    pull: async (file) => {
      const next = await rows.next()
      if (next.done) file.close()
      else file.enqueue(encoder.encode(linesOf(next.value)))
    },
    cancel: async () => void (await rows.return(undefined)),
  })
  const day = new Date().toISOString().slice(0, 10)
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="audit-${day}.csv"`,
      'cache-control': 'no-store',
    },
  })
}

/** Whoever had to confirm who they are comes back by a link: on to the page with the button. */
export async function GET(): Promise<Response> {
  await requireStaff(...section.audit.roles)
  return new Response(null, { headers: { refresh: '0; url=/audit', 'cache-control': 'no-store' } })
}

function linesOf(rows: AuditRow[]): string {
  return rows
    .map((row) => {
      const { id, at, actorKind, actorId, actorName, action, objectId, outcome, reason, address, requestId } = row
      const cells = [id, at, actorKind, actorId, actorName, action, objectId, outcome, reason, address, requestId]
      return csvLine([...cells, JSON.stringify(row.details)])
    })
    .join('')
}

import { findStaff } from '#lib/auth/session.ts'
import { listColumns } from '#lib/connection/read-list.ts'
import { requesters } from '../../../../sections.ts'

const rows = [
  ['Acme', 'Jane Miller', 'jane@acme.example', 'read-only-sync', 'en', 'acme', '2024-05-01', 'A-1001', ''],
  ['Käte GmbH', '', 'jana.kaete@kaete.example', 'two-way-crm', 'de', '', '', 'A-1002', '"Guten Tag, wie besprochen."'],
]

/** A list to fill in. The mark at its start tells spreadsheets that it is UTF-8. */
export async function GET(): Promise<Response> {
  const staff = await findStaff()
  if (!staff) return new Response(null, { status: 401 })
  if (!(requesters as readonly string[]).includes(staff.role)) return new Response(null, { status: 403 })
  const lines = [listColumns, ...rows].map((cells) => cells.join(','))
  return new Response(`\ufeff${lines.join('\r\n')}\r\n`, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="requests.csv"',
      'cache-control': 'no-store',
    },
  })
}

import { findStaff } from '#lib/auth/session.ts'
import { readBoardView } from '#lib/board-view.ts'
import { loadBoard } from '../../(team)/connections/load-board.ts'
import { pageLanguage } from '../../page-words.ts'

/** The board as its page shows it, for the page that asks again by itself: that is no activity of the member. */
export async function GET(request: Request): Promise<Response> {
  const staff = await findStaff({ isPolling: true })
  if (!staff) return Response.json({ title: 'Sign in first' }, { status: 401, headers })
  const view = readBoardView(Object.fromEntries(new URL(request.url).searchParams))
  return Response.json(await loadBoard(staff, view, await pageLanguage()), { headers })
}

const headers = { 'cache-control': 'no-store' }

export const dynamic = 'force-dynamic'

import { headers } from 'next/headers'
import type { ReactElement } from 'react'
import { answerWith } from '#lib/answer.ts'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { db } from '#lib/data/database.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import { EndedPage } from './ended-page.tsx'
import { HandedOverPage } from './handed-over-page.tsx'

/** The request whose link this browser holds, or the page that says why it does not. */
export async function findHeldRequest(
  requestId: string,
): Promise<{ kind: 'held'; request: RequestParties } | { kind: 'ended'; page: ReactElement }> {
  const access = await findLinkAccess({ requestId })
  if (access.kind === 'holder') {
    const request = await findRequest(db(), { teamId: access.link.teamId, request: requestId })
    if (request) return { kind: 'held', request }
  }
  const link = access.kind === 'none' ? null : access.link
  if (link?.state === 'handed_over') return { kind: 'ended', page: <HandedOverPage link={link} /> }
  answerWith(await headers(), { status: link ? 410 : 403 })
  return { kind: 'ended', page: <EndedPage kind={link ? link.state : 'no_cookie'} link={link} /> }
}

import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { answerWith } from '#lib/answer.ts'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { findLearnt } from '#lib/connection/customer-view.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { EndedPage } from '../../../ended-page.tsx'
import { Receipt } from './receipt.tsx'

/** C3: the receipt. Also what a used link shows when it is opened again. Never the token, not even its last characters. */
export default async function DonePage({ params }: { params: Promise<{ connectionId: string }> }) {
  const { connectionId } = await params
  const access = await findLinkAccess({ connectionId })
  if (access.kind !== 'holder') {
    answerWith(await headers(), { status: access.kind === 'ended' ? 410 : 403 })
    return (
      <EndedPage
        kind={access.kind === 'ended' ? access.link.state : 'no_cookie'}
        link={access.kind === 'ended' ? access.link : null}
      />
    )
  }
  const connection = await getConnection(db(), access.holder)
  if (connection.status !== 'connected' && connection.status !== 'connected_limited')
    redirect(`/connect/${connectionId}` as Route)

  return <Receipt connection={connection} learnt={await findLearnt(connection)} />
}

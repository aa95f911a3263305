import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { answerWith } from '#lib/answer.ts'
import { findHandedOverAccess, findLinkAccess } from '#lib/auth/secure-link.ts'
import { findLearnt } from '#lib/connection/customer-view.ts'
import { asItsCustomerSees, isReplacing } from '#lib/connection/rotate.ts'
import { isEnding } from '#lib/connection/status.ts'
import { getConnection } from '#lib/data/connections.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { EndedPage } from '../../ended-page.tsx'
import { HandedOverPage } from '../../handed-over-page.tsx'
import { CustomerView } from './views.tsx'

type Params = {
  params: Promise<{ connectionId: string }>
  searchParams: Promise<{ another?: string; updated?: string }>
}

/** The customer's page of one connection: guide and form, or the question, the wait or the receipt that came of it. */
export default async function ConnectPage({ params, searchParams }: Params) {
  const { connectionId } = await params
  const access = await findLinkAccess({ connectionId })
  if (access.kind === 'none') {
    const earlier = await findHandedOverAccess(connectionId)
    if (earlier) return <HandedOverPage link={earlier} />
    answerWith(await headers(), { status: 403 })
    return <EndedPage kind="no_cookie" link={null} />
  }
  if (access.kind === 'ended') {
    answerWith(await headers(), { status: 410 })
    return <EndedPage kind={access.link.state} link={access.link} />
  }
  const { another, updated } = await searchParams
  const connection = await getConnection(db(), access.holder)
  const learnt = await findLearnt(connection)
  if (!isReplacing(connection) && (connection.status === 'connected' || connection.status === 'connected_limited'))
    redirect(`/connect/${connectionId}/done` as Route)
  if (isEnding(connection.status)) redirect(`/disconnect/${connectionId}` as Route)
  const pending = another ? null : await findCredential(db(), { ...access.holder, state: 'pending' })
  return (
    <CustomerView
      connection={asItsCustomerSees(connection, pending, learnt.seen)}
      learnt={learnt}
      endsAt={access.link.expiresAt}
      hasPending={pending !== null}
      updated={updated === 'yes'}
    />
  )
}

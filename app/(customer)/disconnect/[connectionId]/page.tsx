import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { answerWith } from '#lib/answer.ts'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { findLearnt } from '#lib/connection/customer-view.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findOffBoarding } from '#lib/data/off-boardings.ts'
import { findLastRead } from '#lib/data/timeline.ts'
import { EndProofSheet } from '../../end-proof-sheet.tsx'
import { EndedPage } from '../../ended-page.tsx'
import { Closing } from './closing.tsx'
import { Held } from './held.tsx'

type Params = { params: Promise<{ connectionId: string }>; searchParams: Promise<{ said?: string }> }

/** C10: what is held and how to withdraw it, the way there, or the proof that the token is dead. */
export default async function DisconnectPage({ params, searchParams }: Params) {
  const { connectionId } = await params
  const access = await findLinkAccess({ connectionId })
  if (access.kind !== 'holder') {
    const link = access.kind === 'ended' ? access.link : null
    answerWith(await headers(), { status: link ? 410 : 403 })
    return <EndedPage kind={link?.state ?? 'no_cookie'} link={link} />
  }
  const connection = await getConnection(db(), access.holder)
  const { fate } = await findLearnt(connection)
  const ending = await findOffBoarding(db(), access.holder)
  switch (connection.status) {
    case 'connected':
    case 'connected_limited': {
      const read = await findLastRead(db(), { ...access.holder, actorKind: 'integration' })
      return <Held connection={connection} lastRead={read} fate={fate} />
    }
    case 'off_boarding':
      if (ending)
        return (
          <Closing
            connection={connection}
            ending={ending}
            fate={fate}
            isThrottled={(await searchParams).said === 'throttled'}
          />
        )
      break
    case 'closed':
    case 'closed_unproven':
      if (ending) return <EndProofSheet connection={connection} ending={ending} />
  }
  return redirect(`/connect/${connectionId}` as Route)
}

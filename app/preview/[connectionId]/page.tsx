import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { openCase } from '#lib/connection/case.ts'
import { findLearnt } from '#lib/connection/customer-view.ts'
import { asItsCustomerSees, isReplacing } from '#lib/connection/rotate.ts'
import { findCredential } from '#lib/data/credentials.ts'
import { db } from '#lib/data/database.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { Receipt } from '../../(customer)/connect/[connectionId]/done/receipt.tsx'
import { CustomerView } from '../../(customer)/connect/[connectionId]/views.tsx'
import { EndedPage } from '../../(customer)/ended-page.tsx'
import { section } from '../../(team)/sections.ts'
import { pageWords } from '../../page-words.ts'

/**
 * What the customer sees, for support: the customer's own page outside the console's frame. Every control of it is
 * switched off by the fieldset around it, and its actions would refuse somebody without the customer's cookie.
 */
export default async function PreviewPage({ params }: { params: Promise<{ connectionId: string }> }) {
  const staff = await requireStaff(...section.support.roles)
  const connection = await openCase(staff, (await params).connectionId)
  if (!connection) notFound()
  const scope = { teamId: staff.teamId, connectionId: connection.id, requestId: connection.requestId }
  const [learnt, pending, link, t] = await Promise.all([
    findLearnt(connection),
    findCredential(db(), { ...scope, state: 'pending' }),
    findNewestLink(db(), scope),
    pageWords(),
  ])
  return (
    <>
      <aside className="notice notice-info m-4 flex flex-wrap items-center justify-between gap-3">
        <p>{t('case.support.preview')}</p>
        <a className="button-secondary" href={`/support/${connection.id}`}>
          {t('case.support.previewBack')}
        </a>
      </aside>
      {/* Without a name: it would stand outside the landmarks of the page inside. The note above says what this is. */}
      <fieldset disabled className="min-w-0">
        <Shown />
      </fieldset>
    </>
  )

  /** As the customer's own addresses choose: an ended link, the receipt, or what is to be done. */
  function Shown() {
    if (!connection) return null
    if (!link || (link.state !== 'live' && link.state !== 'grace'))
      return <EndedPage kind={link?.state ?? 'unknown'} link={link} />
    if (!isReplacing(connection) && (connection.status === 'connected' || connection.status === 'connected_limited'))
      return <Receipt connection={connection} learnt={learnt} />
    return (
      <CustomerView
        connection={asItsCustomerSees(connection, pending, learnt.seen)}
        learnt={learnt}
        endsAt={link.expiresAt}
        hasPending={pending !== null}
        isPreview
      />
    )
  }
}

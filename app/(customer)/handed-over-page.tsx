import { StatusBadge } from '#components/ui/status-badge.tsx'
import { db } from '#lib/data/database.ts'
import { findHandedOver } from '#lib/data/hand-overs.ts'
import { findRequest } from '#lib/data/requests.ts'
import { formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { EndedPage } from './ended-page.tsx'
import { RequestFrame } from './request-frame.tsx'

/** What somebody who passed a request on may still see: to whom, when, and where it stands. Nothing here can be pressed. */
export async function HandedOverPage({ link }: { link: { teamId: string; requestId: string } }) {
  const [request, handedOver] = await Promise.all([
    findRequest(db(), { teamId: link.teamId, request: link.requestId }),
    findHandedOver(db(), link),
  ])
  if (!request || !handedOver) return <EndedPage kind="unknown" link={null} />
  const t = words(request.language)
  const title = t('contact.handedOver.title')
  return (
    <RequestFrame request={request} title={title} narrow>
      <div className="space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        <p className="text-lg">
          {t('contact.handedOver.lead', {
            colleague: handedOver.colleagueName,
            date: formatDateTime(handedOver.handedOverAt, request.language),
          })}
        </p>
        <section aria-labelledby="status" className="space-y-3">
          <h2 id="status" className="font-semibold text-lg">
            {t('contact.handedOver.status')}
          </h2>
          <ul className="space-y-3">
            {handedOver.connections.map(({ id, name, status }) => (
              <li key={id} className="card flex flex-wrap items-center justify-between gap-3">
                <bdi className="font-semibold">{name}</bdi>
                <StatusBadge status={status} verdict={null}>
                  {t(`pages.status.${status === 'needs_customer' ? 'with_colleague' : status}`, {
                    team: request.teamName,
                  })}
                </StatusBadge>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </RequestFrame>
  )
}

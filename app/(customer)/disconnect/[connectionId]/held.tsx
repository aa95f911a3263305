import { OwnerCard } from '#components/connect/owner-card.tsx'
import { Button } from '#components/ui/button.tsx'
import { Moment } from '#components/ui/moment.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { OwnFate } from '#lib/connection/shared-fate.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { words } from '#lib/words.ts'
import { FateNotice } from '../../fate-notice.tsx'
import { Frame } from '../../frame.tsx'
import { withdrawAction } from './actions.ts'

/** What the team holds of a customer, and the button that ends it. */
export function Held({
  connection,
  lastRead,
  fate,
}: {
  connection: CustomerConnection
  lastRead: Date | null
  fate: OwnFate
}) {
  const t = words(connection.language)
  const names = {
    team: connection.teamName,
    customer: connection.customerName,
    user: connection.providerUserName ?? '',
  }
  const time = (at: Date | null) =>
    at ? <Moment at={at.toISOString()} language={connection.language} /> : t('end.held.never')
  return (
    <Frame connection={connection} title={t('end.held.title', names)} narrow>
      <div className="space-y-6">
        <StatusBadge status={connection.status} verdict={connection.verdictCode}>
          {t(`pages.status.${connection.status}`)}
        </StatusBadge>
        <h1 className="font-bold text-2xl sm:text-3xl">{t('end.held.title', names)}</h1>
        <p className="max-w-prose text-lg">{t('end.held.lead', names)}</p>
        <OwnerCard
          facts={[
            { label: t('pages.done.name'), value: connection.name },
            { label: t('pages.done.company'), value: connection.providerCompanyName ?? '–' },
            { label: t('pages.done.belongsTo'), value: connection.providerUserName ?? '–' },
            { label: t('end.held.lastCheck'), value: time(connection.checkedAt) },
            { label: t('end.held.lastRead', names), value: time(lastRead) },
          ]}
        />
        <section aria-labelledby="withdraw" className="space-y-3">
          <h2 id="withdraw" className="font-bold text-xl">
            {t('end.held.withdrawTitle')}
          </h2>
          <ul className="list-disc space-y-1 ps-5">
            <li>{t('end.held.effect1', names)}</li>
            <li>{t('end.held.effect2')}</li>
            <li>{t('end.held.effect3', names)}</li>
          </ul>
          <FateNotice fate={fate} connection={connection} moment="closing" />
          <form action={withdrawAction.bind(null, connection.id)}>
            <Button type="submit">{t('end.held.button')}</Button>
          </form>
          <p>
            <a className="link" href={`/connect/${connection.id}/done`}>
              {t('end.held.keep')}
            </a>
          </p>
        </section>
      </div>
    </Frame>
  )
}

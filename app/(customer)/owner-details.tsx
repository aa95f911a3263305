import { OwnerCard } from '#components/connect/owner-card.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { Verification } from '#lib/data/verifications.ts'
import { words } from '#lib/words.ts'

/** "This token belongs to": person, mail, company, address, admin. `strong` marks the one thing that differs. */
export function OwnerDetails({
  connection,
  seen,
  strong,
}: {
  connection: CustomerConnection
  seen: Verification | null
  strong: 'person' | 'company' | null
}) {
  const t = words(connection.language)
  const owner = seen?.owner
  if (!owner) return null
  return (
    <OwnerCard
      title={t('pages.confirm.owner')}
      facts={[
        { label: t('pages.confirm.person'), value: owner.userName ?? owner.userId, strong: strong === 'person' },
        { label: t('pages.confirm.email'), value: owner.userEmail ?? '–' },
        {
          label: t('pages.confirm.company'),
          value: owner.companyName ?? owner.companyId,
          strong: strong === 'company',
        },
        {
          label: t('pages.confirm.address'),
          value: owner.companyDomain ? `${owner.companyDomain}.pipedrive.com` : '–',
          strong: strong === 'company',
        },
        { label: t('pages.confirm.admin'), value: t(owner.accountAdmin ? 'pages.confirm.yes' : 'pages.confirm.no') },
      ]}
    />
  )
}

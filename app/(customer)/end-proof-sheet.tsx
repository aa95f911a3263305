import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { words } from '#lib/words.ts'
import { EndProofCard } from './end-proof-card.tsx'
import { Frame } from './frame.tsx'

/** The certificate: the token is dead, or erased without proof; what was asked, and when. Prints on one page. */
export function EndProofSheet({ connection, ending }: { connection: CustomerConnection; ending: OffBoarding }) {
  const t = words(connection.language)
  const isProved = ending.outcome === 'proved'
  const names = { team: connection.teamName, customer: connection.customerName, project: connection.project }
  const title = t(isProved ? 'end.proof.title' : 'end.proof.titleUnproven')
  return (
    <Frame connection={connection} title={title} narrow>
      <div className="space-y-6">
        <StatusBadge status={connection.status} verdict={connection.verdictCode}>
          {t(`pages.status.${connection.status}`)}
        </StatusBadge>
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        <p className="max-w-prose text-lg">{t(isProved ? 'end.proof.lead' : 'end.proof.leadUnproven', names)}</p>
        <EndProofCard connection={connection} ending={ending} language={connection.language} />
      </div>
    </Frame>
  )
}

import { OwnerCard } from '#components/connect/owner-card.tsx'
import { PrintButton } from '#components/ui/print-button.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import type { OffBoarding } from '#lib/data/off-boardings.ts'
import { formatDateTime } from '#lib/format.ts'
import { addressOf } from '#lib/providers/fields.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** What is known about the end of a token, without anything secret; for the customer and for the team. */
export function EndProofCard({
  connection,
  ending,
  language,
}: {
  connection: CustomerConnection
  ending: OffBoarding
  language: Language
}) {
  const t = words(language)
  const { proof, endedAt } = ending
  if (!proof || !endedAt) return null
  const time = (at: string | null) => (at ? formatDateTime(new Date(at), language) : t('end.proof.notRefused'))
  const facts = [
    { label: t('pages.done.name'), value: connection.name },
    { label: t('end.proof.reference'), value: connection.reference },
    { label: t('pages.done.company'), value: proof.companyName ?? '–' },
    {
      label: t('pages.done.address'),
      value: proof.companyDomain ? addressOf(connection.provider, proof.companyDomain) : '–',
    },
    { label: t('pages.done.belongsTo'), value: proof.userName ?? '–' },
    { label: t('end.proof.first'), value: time(proof.firstRefusedAt) },
    { label: t('end.proof.second'), value: time(proof.refusedAt) },
    ...(proof.refusedAt
      ? [{ label: t('end.proof.answer'), value: `${proof.call ?? ''} – HTTP ${proof.httpStatus ?? ''}` }]
      : []),
    ...(proof.requestId ? [{ label: t('end.proof.requestId'), value: proof.requestId }] : []),
    { label: t('end.proof.erased'), value: formatDateTime(endedAt, language) },
    { label: t('end.proof.number'), value: ending.id },
  ]
  return (
    <div className="space-y-4">
      <OwnerCard facts={facts} />
      <p className="max-w-prose text-muted text-sm">{t('end.proof.meaning')}</p>
      <p className="print:hidden">
        <PrintButton label={t('end.proof.print')} />
      </p>
    </div>
  )
}

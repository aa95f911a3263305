import type { OwnFate } from '#lib/connection/shared-fate.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { words } from '#lib/words.ts'

/**
 * What stops together with this connection, before anybody makes a new token or closes something. Only the contact's own
 * connections have names here.
 */
export function FateNotice({
  fate: { own, others, hasMore },
  connection,
  moment,
}: {
  fate: OwnFate
  connection: Pick<CustomerConnection, 'language' | 'teamName'>
  moment: 'connected' | 'repair' | 'confirm' | 'closing'
}) {
  if (own.length + others === 0) return null
  const t = words(connection.language)
  const team = connection.teamName
  return (
    <section
      className={`notice ${moment === 'repair' || moment === 'closing' ? 'notice-warn' : 'notice-info'} space-y-2`}
      aria-labelledby="fate"
    >
      <h2 id="fate" className="notice-title">
        {t('pages.fate.title')}
      </h2>
      {moment !== 'repair' && <p>{t('pages.fate.user')}</p>}
      <ul className="list-disc ps-5">
        {own.map(({ connectionId, name }) => (
          <li key={connectionId} className="wrap-anywhere">
            <bdi>{name}</bdi>
          </li>
        ))}
        {others > 0 && (
          <li>
            {hasMore ? t('pages.fate.more', { count: others, team }) : t('pages.fate.others', { count: others, team })}
          </li>
        )}
      </ul>
      <p>{t(`pages.fate.${moment}`)}</p>
    </section>
  )
}

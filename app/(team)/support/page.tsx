import { LookUpBox } from '#components/connection/look-up-box.tsx'
import { Notices } from '#components/team/notices.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { takesLink } from '#lib/connection/case-action.ts'
import { db } from '#lib/data/database.ts'
import type { QueueRow } from '#lib/data/support.ts'
import { listQueue } from '#lib/data/support.ts'
import { formatDateTime, formatRelative } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import type { FreezeSearch } from '../freezes/freeze-section.tsx'
import { FreezeSection } from '../freezes/freeze-section.tsx'
import { loadNotices } from '../notices.ts'
import { section } from '../sections.ts'
import { lookUpAction } from './actions.ts'

/** S1 and S2: what waits for support, and the box that finds anything else. */
export default async function SupportPage({ searchParams }: { searchParams: Promise<FreezeSearch> }) {
  const staff = await requireStaff(...section.support.roles)
  const [rows, language] = await Promise.all([listQueue(db(), staff), pageLanguage()])
  const t = words(language)
  const notices = await loadNotices(staff, language)
  return (
    <div className="space-y-10">
      <title>{`${t('case.support.title')} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{t('case.support.title')}</h1>
      <Notices notices={notices} />
      <LookUpBox
        action={lookUpAction}
        words={{
          title: t('case.support.lookUp'),
          hint: t('case.support.lookUpHint'),
          find: t('case.support.find'),
          open: t('case.support.open'),
          sendAgain: t('case.support.sendAgain'),
        }}
      />
      <section aria-labelledby="queue" className="space-y-4">
        <h2 id="queue" className="font-semibold text-lg">
          {t('case.support.queue')}
        </h2>
        {rows.length === 0 ? (
          <p className="card">{t('case.support.empty')}</p>
        ) : (
          <Queue rows={rows} language={language} />
        )}
      </section>
      <FreezeSection staff={staff} base="support" search={await searchParams} language={language} />
    </div>
  )
}

function Queue({ rows, language }: { rows: QueueRow[]; language: Language }) {
  const t = words(language)
  const column = (name: string) => t(`case.support.${name}`)
  const now = new Date()
  return (
    <table className="rows">
      <caption>{column('lead')}</caption>
      <thead>
        <tr>
          {['customer', 'why', 'status', 'age'].map((name) => (
            <th key={name} scope="col">
              {column(name)}
            </th>
          ))}
          <td />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">
              <a className="link" href={`/support/${row.id}`}>
                <bdi>{row.customerName}</bdi>
              </a>
              <span className="block font-normal text-muted">
                <bdi>{`${row.name} · ${row.reference}`}</bdi>
              </span>
            </th>
            <td data-label={column('why')}>{t(`case.support.reasons.${row.why}`)}</td>
            <td data-label={column('status')}>
              <StatusBadge status={row.status} verdict={row.verdictCode}>
                {t(`board.status.${row.status}`)}
              </StatusBadge>
            </td>
            <td data-label={column('age')}>
              <time dateTime={row.since.toISOString()}>
                {`${formatRelative(row.since, language, now)}, ${formatDateTime(row.since, language)}`}
              </time>
            </td>
            <td>
              {takesLink(row.status) && (
                <a className="button-secondary" href={`/support/${row.id}?do=resend&why=${row.why}`}>
                  {column('sendAgain')} <span className="sr-only">{row.customerName}</span>
                </a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

import { StatusBadge } from '#components/ui/status-badge.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { listBoardRows, listStatusCounts } from '#lib/data/board.ts'
import { formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import { section } from '../sections.ts'
import { countersOf } from './counters.ts'

/** Where the team's connections stand: the sums, and the ones that changed last. */
export default async function ConnectionsPage() {
  const staff = await requireStaff(...section.connections.roles)
  const [counts, rows, language] = await Promise.all([listStatusCounts(staff), listBoardRows(staff), pageLanguage()])
  const t = words(language)
  const column = (name: string) => t(`team.connections.${name}`)
  return (
    <>
      <title>{`${t('team.connections.title')} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{t('team.connections.title')}</h1>
      <dl className="counters">
        {countersOf(counts).map(({ name, n }) => (
          <div key={name} className="counter">
            <dt>{column(name)}</dt>
            <dd>{n}</dd>
          </div>
        ))}
      </dl>
      {rows.length === 0 ? (
        <p className="card">{t('team.connections.empty')}</p>
      ) : (
        <table className="rows">
          <caption>{t('team.connections.newest', { count: rows.length })}</caption>
          <thead>
            <tr>
              {['customer', 'name', 'status', 'checked', 'owner'].map((name) => (
                <th key={name} scope="col">
                  {column(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">
                  <bdi>{row.customerName}</bdi>
                </th>
                <td data-label={column('name')}>
                  <bdi>{row.name}</bdi>
                </td>
                <td data-label={column('status')}>
                  <StatusBadge status={row.status} verdict={row.verdictCode}>
                    {t(`pages.status.${row.status}`)}
                  </StatusBadge>
                </td>
                <td data-label={column('checked')}>
                  {row.checkedAt ? (
                    <time dateTime={row.checkedAt.toISOString()}>{formatDateTime(row.checkedAt, language)}</time>
                  ) : (
                    column('never')
                  )}
                </td>
                <td data-label={column('owner')}>
                  <bdi>{row.ownerName ?? column('nobody')}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

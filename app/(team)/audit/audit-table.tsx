import type { AuditRow } from '#lib/data/audit-log.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { actorOf } from '../connections/[connectionId]/timeline.tsx'
import { detailWords, reasonWords } from '../stored-words.ts'

const columns = ['what', 'when', 'who', 'object', 'outcome', 'why'] as const

/** One page of rows, in words. An object that is a connection leads to it. */
export function AuditTable({ rows, language }: { rows: AuditRow[]; language: Language }) {
  const t = words(language)
  const column = (name: (typeof columns)[number]) => t(`audit.${name}`)
  return (
    <table className="rows audit-rows">
      <caption>{t('audit.caption')}</caption>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {column(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">{t(`audit.actions.${row.action}`)}</th>
            <td data-label={column('when')}>
              <time dateTime={row.at.toISOString()}>{formatDateTime(row.at, language)}</time>
            </td>
            <td data-label={column('who')}>
              <bdi>{actorOf(row, t)}</bdi>
            </td>
            <td data-label={column('object')}>
              {row.objectId.startsWith('con_') && row.outcome === 'done' ? (
                <a className="link" href={`/connections/${row.objectId}`}>
                  {row.objectId}
                </a>
              ) : (
                row.objectId
              )}
            </td>
            <td data-label={column('outcome')}>{t(`audit.${row.outcome === 'refused' ? 'refused' : 'done'}`)}</td>
            <td data-label={column('why')}>
              <bdi>{whyOf(row).join(' · ') || '–'}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

  function whyOf({ reason, ...row }: AuditRow): string[] {
    return [...(reason ? [reasonWords({ ...row, reason }, t)] : []), ...detailWords(row, { t, language })]
  }
}

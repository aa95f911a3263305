import type { IconName } from '#lib/providers/guide-kit/icons.tsx'
import { Icon } from '#lib/providers/guide-kit/icons.tsx'
import type { CapabilityResult } from '#lib/providers/provider.ts'

export type ReportLine = {
  id: string
  need: string
  result: CapabilityResult
  resultWord: string
  how: string
  missing: string
  who: string
}

const icons = { yes: 'check', no: 'alert', unknown: 'unknown' } as const satisfies Record<CapabilityResult, IconName>

export type Report = {
  /** What somebody would notice, and why it is so. */
  symptoms: { id: string; title: string; why: string }[]
  groups: { id: string; title: string; lines: ReportLine[] }[]
  words: { caption: string; need: string; result: string; how: string; missing: string }
}

/** What the token may do, line by line; made without writing anything. A table that turns into cards on a phone. */
export function PermissionReport({ symptoms, groups, words }: Report) {
  if (groups.length === 0) return null
  return (
    <div className="space-y-4">
      {symptoms.length > 0 && (
        <ul className="space-y-3">
          {symptoms.map(({ id, title, why }) => (
            <li key={id} className="symptom">
              <p className="font-semibold">{title}</p>
              <p>{why}</p>
            </li>
          ))}
        </ul>
      )}
      <table className="report">
        <caption className="sr-only">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.need}</th>
            <th scope="col">{words.result}</th>
            <th scope="col">{words.how}</th>
          </tr>
        </thead>
        {groups.map(({ id, title, lines }) => (
          <tbody key={id}>
            {groups.length > 1 && (
              <tr className="report-group">
                <th scope="rowgroup" colSpan={3}>
                  {title}
                </th>
              </tr>
            )}
            {lines.map((line) => (
              <Line key={line.id} line={line} words={words} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

function Line({ line, words }: { line: ReportLine; words: Report['words'] }) {
  return (
    <tr>
      <th scope="row">{line.need}</th>
      <td data-label={words.result}>
        <span className={`result result-${line.result}`}>
          <Icon name={icons[line.result]} />
          {line.resultWord}
        </span>
      </td>
      <td data-label={words.how}>
        {line.how}
        {line.result !== 'yes' && (
          <span className="block text-muted">
            {line.result === 'unknown' && `${words.missing} `}
            {line.missing} {line.who}
          </span>
        )}
      </td>
    </tr>
  )
}

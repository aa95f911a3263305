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

/** What the token may do, line by line; made without writing anything. A table that turns into cards on a phone. */
export function PermissionReport({
  lines,
  words,
}: {
  lines: ReportLine[]
  words: { caption: string; need: string; result: string; how: string }
}) {
  if (lines.length === 0) return null
  return (
    <table className="report">
      <caption className="sr-only">{words.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.need}</th>
          <th scope="col">{words.result}</th>
          <th scope="col">{words.how}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.id}>
            <th scope="row">{line.need}</th>
            <td data-label={words.result}>
              <span className={`result result-${line.result}`}>
                <Icon name={icons[line.result]} />
                {line.resultWord}
              </span>
            </td>
            <td data-label={words.how}>
              {line.how}
              {line.result === 'no' && (
                <span className="block text-muted">
                  {line.missing} {line.who}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

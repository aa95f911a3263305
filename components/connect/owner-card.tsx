import type { ReactNode } from 'react'

/** Facts as label and value, each value isolated so that hostile or right-to-left text stays in its place. */
export function OwnerCard({
  title,
  facts,
}: {
  title?: string
  facts: { label: string; value: ReactNode; strong?: boolean }[]
}) {
  return (
    <div className="card">
      {title && <h2 className="mb-3 font-semibold">{title}</h2>}
      <dl className="facts">
        {facts.map(({ label, value, strong }) => (
          <div key={label} className="facts-row">
            <dt className="text-muted">{label}</dt>
            <dd className={strong ? 'font-bold' : undefined}>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

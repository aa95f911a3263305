import type { ReactNode } from 'react'

/** Facts as label and value, each value isolated so that hostile or right-to-left text stays in its place. */
export function OwnerCard({
  title,
  level = 2,
  facts,
}: {
  title?: string
  level?: 2 | 3
  facts: { label: string; value: ReactNode; strong?: boolean }[]
}) {
  const Title = `h${level}` as const
  return (
    <div className="card">
      {title && <Title className="mb-3 font-semibold">{title}</Title>}
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

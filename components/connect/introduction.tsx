import type { Introduced } from '#lib/connection/introduce.ts'

/** Who asks for what, what is needed, and what becomes of the token: the first thing the customer reads. */
export function Introduction({ words, level = 1 }: { words: Introduced; level?: 1 | 4 }) {
  const Title = `h${level}` as const
  const CardTitle = level === 1 ? 'h2' : 'h5'
  return (
    <>
      <Title className={level === 1 ? 'font-bold text-2xl sm:text-3xl' : 'font-bold text-xl'}>{words.title}</Title>
      <p className={level === 1 ? 'max-w-prose text-lg' : undefined}>{words.lead}</p>
      {words.note && (
        <figure className="card">
          <figcaption className="font-semibold">{words.note.by}</figcaption>
          <blockquote className="mt-1 whitespace-pre-line">
            <bdi>{words.note.text}</bdi>
          </blockquote>
        </figure>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <section className="card" aria-labelledby="you-need">
          <CardTitle id="you-need" className="font-semibold">
            {words.needTitle}
          </CardTitle>
          <Lines of={words.needs} />
        </section>
        <section className="card" aria-labelledby="what-happens">
          <CardTitle id="what-happens" className="font-semibold">
            {words.promiseTitle}
          </CardTitle>
          <Lines of={words.promises} />
        </section>
      </div>
    </>
  )
}

function Lines({ of: lines }: { of: string[] }) {
  return (
    <ul className="mt-1 list-disc space-y-1 ps-5">
      {lines.map((line) => (
        <li key={line} className="wrap-anywhere">
          {line}
        </li>
      ))}
    </ul>
  )
}

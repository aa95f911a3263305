import type { ReadByCustomer } from '../../app/(team)/profiles/reads.ts'

/** What the customer's page says because of this profile, in each language. */
export function CustomerReads({ reads, title }: { reads: ReadByCustomer[]; title: string }) {
  return (
    <section aria-labelledby="customer-reads" className="preview">
      <h2 id="customer-reads" className="font-semibold text-lg">
        {title}
      </h2>
      {reads.map(({ language, languageName, name, needTitle, needs, promiseTitle, promises }) => (
        <section key={language} lang={language} aria-label={languageName} className="card">
          <p className="text-muted text-sm">{languageName}</p>
          <h3 className="wrap-anywhere font-semibold">{name}</h3>
          <Lines title={needTitle} lines={needs} />
          <Lines title={promiseTitle} lines={promises} />
        </section>
      ))}
    </section>
  )
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  return (
    <div>
      <p className="font-semibold text-sm">{title}</p>
      <ul className="list-disc ps-5">
        {lines.map((line) => (
          <li key={line} className="wrap-anywhere">
            {line}
          </li>
        ))}
      </ul>
    </div>
  )
}

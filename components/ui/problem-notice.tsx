/** What is wrong with a form, each with a way to its field. Nothing while nothing is. */
export function ProblemNotice({ title, problems }: { title: string; problems: Record<string, string> }) {
  const found = Object.entries(problems)
  if (found.length === 0) return null
  return (
    <div role="alert" className="notice notice-error">
      <p className="notice-title">{title}</p>
      <ul>
        {found.map(([name, text]) => (
          <li key={name}>
            <a className="link" href={`#field-${name}`}>
              {text}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

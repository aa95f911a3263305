import { Fragment } from 'react'
import type { Field } from '#lib/api/document.ts'

/** A sentence of the document, with what stands in backticks as code. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never move.
    at % 2 === 1 ? <code key={at}>{part}</code> : <Fragment key={at}>{part}</Fragment>,
  )
}

/** What is sent or answered, member by member. Long lists can be folded away. */
export function FieldTable({
  title,
  fields,
  words,
  folded = false,
}: {
  title: string
  fields: Field[]
  words: { name: string; type: string; text: string; required: string }
  folded?: boolean
}) {
  const table = (
    <table className="api-table">
      <caption className={folded ? 'sr-only' : undefined}>{title}</caption>
      <thead>
        <tr>
          {[words.name, words.type, words.text].map((word) => (
            <th key={word} scope="col">
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {fields.map(({ name, type, required, text }) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
              {required && words.required && <span className="api-required">{words.required}</span>}
            </th>
            <td>
              <code>{type}</code>
            </td>
            <td lang="en">
              <Prose text={text} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
  if (!folded) return table
  return (
    <details className="disclosure">
      <summary>{title}</summary>
      <div className="disclosure-body">{table}</div>
    </details>
  )
}

import type { Metadata } from 'next'
import { Fragment } from 'react'
import { fieldsOf, typeOf } from '#lib/api/document.ts'
import { codesOf, openApiDocument } from '#lib/api/openapi.ts'
import type { Operation } from '#lib/api/operation.ts'
import { LIMITS } from '#lib/api/operation.ts'
import { operations } from '#lib/api/operations.ts'
import { env } from '#lib/env.ts'
import type { ProblemCode } from '#lib/problem.ts'
import { problems } from '#lib/problem.ts'
import { pageWords } from '../../page-words.ts'
import { FieldTable, Prose } from './parts.tsx'
import './api.css'

export async function generateMetadata(): Promise<Metadata> {
  const t = await pageWords()
  return { title: `${t('keys.reference.title')} · ${t('fault.product')}` }
}

type Described = {
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: unknown }[]
  requestBody?: { content: Record<string, { schema: unknown }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}

/** The reference for people, made of the document that programs read. */
export default async function ApiReferencePage() {
  const t = await pageWords()
  const say = (name: string) => t(`keys.reference.${name}`)
  const document = openApiDocument()
  const paths = document.paths as Record<string, Record<string, Described>>
  const words = { name: say('name'), type: say('type'), text: say('text'), required: say('required') }
  const [before = '', after = ''] = t('keys.reference.lead', { link: '|' }).split('|')
  return (
    <div className="api-page">
      <header className="api-head">
        <p className="font-semibold text-lg">{t('fault.product')}</p>
        <a className="link" href="/settings/keys">
          {t('keys.title')}
        </a>
      </header>
      <main id="main" className="api-columns">
        <div className="min-w-0 space-y-3">
          <h1 className="font-semibold text-3xl">{say('title')}</h1>
          <p className="max-w-prose text-lg">
            {before}
            <a className="link" href="/api/openapi.json">
              OpenAPI 3.1
            </a>
            {after}
          </p>
          <p>{say('quick')}</p>
          <pre className="code-block">{`curl -H "Authorization: Bearer $KEY" ${env().portalOrigin}/api/v1/connections`}</pre>
        </div>
        <nav aria-labelledby="contents" className="api-contents">
          <p id="contents" className="font-semibold">
            {say('contents')}
          </p>
          <ul>
            {operations.map(({ id, summary }) => (
              <li key={id}>
                <a className="link" href={`#${id}`} lang="en">
                  {summary}
                </a>
              </li>
            ))}
            <li>
              <a className="link" href="#problems">
                {say('problems')}
              </a>
            </li>
          </ul>
        </nav>
        <div className="min-w-0 space-y-10">
          {operations.map((operation) => (
            <Call key={operation.id} operation={operation} />
          ))}
          <section aria-labelledby="problems" className="space-y-3">
            <h2 id="problems" className="font-semibold text-xl">
              {say('problems')}
            </h2>
            <p className="max-w-prose text-muted">{say('problemsLead')}</p>
            <table className="api-table">
              <caption className="sr-only">{say('problems')}</caption>
              <thead>
                <tr>
                  <th scope="col">{say('code')}</th>
                  <th scope="col">{say('status')}</th>
                  <th scope="col">{say('meaning')}</th>
                </tr>
              </thead>
              <tbody lang="en">
                {Object.entries(problems).map(([code, { status, title }]) => (
                  <tr key={code} id={code}>
                    <th scope="row">
                      <code>{code}</code>
                    </th>
                    <td data-label={say('status')}>{status}</td>
                    <td>{title}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      </main>
    </div>
  )

  function Call({ operation }: { operation: Operation }) {
    const { id, method, path, summary, description, scopes, limit } = operation
    const described = paths[path]?.[method.toLowerCase()]
    const parameters = described?.parameters ?? []
    const body = described?.requestBody?.content['application/json']?.schema
    return (
      <section aria-labelledby={id} className="api-call">
        <h2 id={id} className="font-semibold text-xl" lang="en">
          {summary}
        </h2>
        <p className="api-address">
          <span className="badge badge-edit">{method}</span> <code>{path}</code>
        </p>
        <p className="max-w-prose" lang="en">
          <Prose text={description} />
        </p>
        <p className="text-muted text-sm">
          {say('scope')}:{' '}
          {scopes.map((scope, at) => (
            <Fragment key={scope}>
              {at > 0 && ` ${say('or')} `}
              <code>{scope}</code>
            </Fragment>
          ))}{' '}
          · {t('keys.reference.limit', { count: LIMITS[limit] })}
        </p>
        {parameters.length > 0 && (
          <FieldTable
            title={say('parameters')}
            words={words}
            fields={parameters.map(({ name, in: place, required = false, description = '', schema }) => ({
              name,
              type: `${typeOf(document, schema)}, ${t(`keys.reference.place.${place}`)}`,
              required,
              text: description,
            }))}
          />
        )}
        {body !== undefined && <FieldTable title={say('body')} words={words} fields={fieldsOf(document, body)} />}
        <Success operation={operation} described={described} />
        <Refusals codes={codesOf(operation, operation.problems)} />
      </section>
    )
  }

  function Success({ operation: { success }, described }: { operation: Operation; described: Described | undefined }) {
    const schema = described?.responses[success.status]?.content?.['application/json']?.schema
    const title = `${say('answer')}: ${success.status}`
    if (schema === undefined)
      return (
        <p>
          <span className="font-semibold">{title}</span> · {say('noBody')}
        </p>
      )
    return <FieldTable title={title} words={{ ...words, required: '' }} fields={fieldsOf(document, schema)} folded />
  }

  function Refusals({ codes }: { codes: ProblemCode[] }) {
    return (
      <details className="disclosure">
        <summary>{say('refusals')}</summary>
        <ul className="disclosure-body api-codes">
          {codes.map((code) => (
            <li key={code}>
              <a className="link" href={`#${code}`}>
                {problems[code].status} <code>{code}</code>
              </a>
            </li>
          ))}
        </ul>
      </details>
    )
  }
}

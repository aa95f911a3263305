import { Introduction } from '#components/connect/introduction.tsx'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import type { ShownPreview } from '../../app/(team)/connections/new/shown-preview.ts'

import { MailLetter } from './mail-letter.tsx'

/** The mail and the page as the customer gets them, to read and not to press. */
export function RequestPreview({ preview, words }: { preview: ShownPreview | null; words: Record<string, string> }) {
  return (
    <section aria-labelledby="preview" className="preview">
      <h2 id="preview" className="font-semibold text-lg">
        {words.previewTitle}
      </h2>
      {preview ? <Shown preview={preview} words={words} /> : <p className="text-muted">{words.previewEmpty}</p>}
    </section>
  )
}

function Shown({ preview, words }: { preview: ShownPreview; words: Record<string, string> }) {
  const { language, mail, page, steps } = preview
  return (
    <>
      <section aria-labelledby="preview-mail" className="card">
        <h3 id="preview-mail" className="font-semibold">
          {words.previewMail}
        </h3>
        <dl className="preview-head">
          <dt>{words.previewTo}</dt>
          <dd>
            <bdi>{preview.to || words.previewNobody}</bdi>
          </dd>
          <dt>{words.previewSubject}</dt>
          <dd lang={language}>{mail.subject}</dd>
        </dl>
        <MailLetter mail={mail} language={language} />
        <Disclosure title={words.previewPlain}>
          <pre lang={language} className="preview-text">
            {mail.text}
          </pre>
        </Disclosure>
        <p className="text-muted text-sm">{words.previewPlaceholder}</p>
      </section>
      <section aria-labelledby="preview-page" className="card">
        <h3 id="preview-page" className="font-semibold">
          {words.previewPage}
        </h3>
        <div lang={language} className="preview-page">
          <Introduction words={page} level={4} />
        </div>
        <p className="font-semibold">{words.previewSteps}</p>
        <ol lang={language} className="list-decimal ps-6">
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        {preview.startDate !== 'hidden' && <p>{words.previewAsksStart}</p>}
      </section>
    </>
  )
}

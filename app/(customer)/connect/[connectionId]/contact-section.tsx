import { FieldsForm } from '#components/ui/fields-form.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { words } from '#lib/words.ts'
import { askQuestionAction } from './actions.ts'

/** The ways out for whoever is not the right person, or does not know how to go on. */
export function ContactSection({ connection }: { connection: CustomerConnection }) {
  const t = words(connection.language)
  const contact = connection.ownerName ?? connection.teamName
  return (
    <section aria-labelledby="not-you" className="mt-10 space-y-4 border-line border-t pt-6 print:hidden">
      <h2 id="not-you" className="font-semibold text-lg">
        {t('contact.section.title')}
      </h2>
      <ul className="flex flex-wrap gap-x-6 gap-y-2">
        <li>
          <a className="link" href={`/hand-over/${connection.requestId}`}>
            {t('contact.section.handOver')}
          </a>
        </li>
        <li>
          <a className="link" href={`/decline/${connection.requestId}`}>
            {t('contact.section.decline')}
          </a>
        </li>
      </ul>
      {connection.ownerEmail && (
        <details className="disclosure">
          <summary>{t('contact.question.open', { contact })}</summary>
          <div className="disclosure-body">
            <FieldsForm
              action={askQuestionAction.bind(null, connection.id)}
              problem={t('contact.form.problem')}
              submit={t('contact.question.send')}
              fields={[
                {
                  name: 'question',
                  label: t('contact.question.label', { contact }),
                  hint: t('contact.question.hint', { contact, email: connection.contactEmail }),
                  kind: 'textarea',
                  maxLength: 1_000,
                },
              ]}
            />
          </div>
        </details>
      )}
    </section>
  )
}

import { FieldsForm } from '#components/ui/fields-form.tsx'
import { declineReasons } from '#lib/connection/decline.ts'
import { words } from '#lib/words.ts'
import { findHeldRequest } from '../../held-request.tsx'
import { RequestFrame } from '../../request-frame.tsx'
import { declineAction } from './actions.ts'

/** "I am not the right person": why, and one button. Opening it closes nothing. */
export default async function DeclinePage({ params }: { params: Promise<{ requestId: string }> }) {
  const held = await findHeldRequest((await params).requestId)
  if (held.kind === 'ended') return held.page
  const { request } = held
  const t = words(request.language)
  const values = { team: request.teamName, contact: request.ownerName ?? request.teamName }
  const title = t('contact.decline.title')
  return (
    <RequestFrame request={request} title={title} narrow>
      <div className="max-w-prose space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        <p className="text-lg">{t('contact.decline.lead', values)}</p>
        <p>
          {t('contact.decline.handOver')}{' '}
          <a className="link" href={`/hand-over/${request.id}`}>
            {t('contact.section.handOver')}
          </a>
        </p>
        <FieldsForm
          action={declineAction.bind(null, request.id)}
          problem={t('contact.form.problem')}
          submit={t('contact.decline.submit')}
          fields={[
            {
              name: 'reason',
              label: t('contact.decline.reason'),
              kind: 'radio',
              choices: declineReasons.map((value) => ({ value, label: t(`contact.decline.reasons.${value}`) })),
            },
            {
              name: 'text',
              label: t('contact.decline.text', values),
              hint: t('contact.decline.textHint'),
              kind: 'textarea',
              optional: true,
              maxLength: 500,
            },
          ]}
        />
      </div>
    </RequestFrame>
  )
}

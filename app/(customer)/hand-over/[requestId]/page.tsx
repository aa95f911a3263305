import { FieldsForm } from '#components/ui/fields-form.tsx'
import { isPublicDomain } from '#lib/connection/hand-over.ts'
import { db } from '#lib/data/database.ts'
import { findWaitingHandOver } from '#lib/data/hand-overs.ts'
import { words } from '#lib/words.ts'
import { findHeldRequest } from '../../held-request.tsx'
import { RequestFrame } from '../../request-frame.tsx'
import { handOverAction } from './actions.ts'

/** C9: "Somebody else manages Pipedrive". */
export default async function HandOverPage({ params }: { params: Promise<{ requestId: string }> }) {
  const held = await findHeldRequest((await params).requestId)
  if (held.kind === 'ended') return held.page
  const { request } = held
  const t = words(request.language)
  const domain = request.contactEmail.slice(request.contactEmail.lastIndexOf('@') + 1)
  const values = { team: request.teamName, contact: request.ownerName ?? request.teamName, domain }
  const waiting = await findWaitingHandOver(db(), { teamId: request.teamId, requestId: request.id })
  const title = waiting ? t('contact.handOver.waitingTitle', values) : t('contact.handOver.title')
  return (
    <RequestFrame request={request} title={title} narrow>
      <div className="max-w-prose space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        {waiting ? (
          <p className="notice notice-info">
            <span>{t('contact.handOver.waiting', { ...values, colleague: waiting.colleagueName })}</span>
          </p>
        ) : (
          <>
            <p className="text-lg">{t('contact.handOver.lead')}</p>
            <FieldsForm
              action={handOverAction.bind(null, request.id)}
              problem={t('contact.form.problem')}
              submit={t('contact.handOver.submit')}
              fields={[
                { name: 'colleagueName', label: t('contact.handOver.name'), maxLength: 100 },
                {
                  name: 'colleagueEmail',
                  label: t('contact.handOver.email'),
                  hint: t(`contact.handOver.${isPublicDomain(domain) ? 'emailHintPublic' : 'emailHint'}`, values),
                  kind: 'email',
                  maxLength: 254,
                },
                { name: 'note', label: t('contact.handOver.note'), kind: 'textarea', optional: true, maxLength: 500 },
              ]}
            />
          </>
        )}
        <p>
          <a className="link" href={`/checklist/${request.id}`}>
            {t('contact.handOver.back')}
          </a>
        </p>
      </div>
    </RequestFrame>
  )
}

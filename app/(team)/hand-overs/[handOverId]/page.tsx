import { notFound } from 'next/navigation'
import { Button } from '#components/ui/button.tsx'
import { FieldsForm } from '#components/ui/fields-form.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { db } from '#lib/data/database.ts'
import { findHandOver, listHandOverConnections } from '#lib/data/hand-overs.ts'
import { findRequest } from '#lib/data/requests.ts'
import { formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { approveAction, refuseAction } from './actions.ts'
import { decides } from './roles.ts'

/** May somebody at another mail domain take over? Who they are, what to check first, yes or no. */
export default async function HandOverDecisionPage({ params }: { params: Promise<{ handOverId: string }> }) {
  const staff = await requireStaff(...decides)
  const { handOverId } = await params
  const handOver = await findHandOver(db(), { teamId: staff.teamId, handOverId })
  const request = handOver && (await findRequest(db(), { teamId: staff.teamId, request: handOver.requestId }))
  if (!handOver || !request) notFound()
  const language = await pageLanguage()
  const t = words(language)
  const [connection] = await listHandOverConnections(db(), handOverId)
  const values = {
    colleague: handOver.colleagueName,
    contact: request.contactName,
    customer: request.customerName,
    domain: request.contactEmail.slice(request.contactEmail.lastIndexOf('@') + 1),
    date: formatDateTime(handOver.decidedAt ?? handOver.createdAt, language),
  }
  const facts = [
    ['from', `${request.contactName} (${request.contactEmail})`],
    ['to', `${handOver.colleagueName} (${handOver.colleagueEmail})`],
    ['project', request.project],
    ['asked', formatDateTime(handOver.createdAt, language)],
  ] as const
  const title = t('look.handOver.title', values)
  return (
    <>
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{title}</h1>
      <div className="max-w-prose space-y-6">
        {handOver.state !== 'waiting' && (
          <p role="status" className="notice notice-info">
            <span>{t(`look.handOver.state.${handOver.state}`, values)}</span>
          </p>
        )}
        <p>{t('look.handOver.lead', values)}</p>
        <dl className="card facts">
          {facts.map(([name, value]) => (
            <div key={name} className="facts-row">
              <dt className="text-muted">{t(`look.handOver.${name}`)}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
        {handOver.note && (
          <figure className="card">
            <figcaption className="font-semibold">{t('look.handOver.note', values)}</figcaption>
            <blockquote className="mt-1 whitespace-pre-line">
              <bdi>{handOver.note}</bdi>
            </blockquote>
          </figure>
        )}
        {handOver.state === 'waiting' && <Decision />}
        {connection && (
          <p>
            <a className="link" href={`/connections/${connection.connectionId}`}>
              {t('look.handOver.connection')}
            </a>
          </p>
        )}
      </div>
    </>
  )

  function Decision() {
    return (
      <>
        <p className="notice notice-warn">
          <span>{t('look.handOver.check', values)}</span>
        </p>
        <form action={approveAction.bind(null, handOverId)}>
          <Button type="submit">{t('look.handOver.yes', values)}</Button>
        </form>
        <details className="disclosure">
          <summary>{t('look.handOver.no')}</summary>
          <div className="disclosure-body">
            <FieldsForm
              action={refuseAction.bind(null, handOverId)}
              problem={t('contact.form.problem')}
              submit={t('look.handOver.refuse', values)}
              fields={[
                {
                  name: 'reason',
                  label: t('look.handOver.reason'),
                  hint: t('look.handOver.reasonHint', values),
                  maxLength: 300,
                },
              ]}
            />
          </div>
        </details>
      </>
    )
  }
}

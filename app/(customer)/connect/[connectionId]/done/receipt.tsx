import { AnsweredButton } from '#components/connect/answered-button.tsx'
import { OwnerCard } from '#components/connect/owner-card.tsx'
import { SightNote } from '#components/connect/sight-note.tsx'
import { Moment } from '#components/ui/moment.tsx'
import { PrintButton } from '#components/ui/print-button.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { Learnt } from '#lib/connection/customer-view.ts'
import { describeSight } from '#lib/connection/sight.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatStartDate, maskEmail } from '#lib/format.ts'
import { addressOf } from '#lib/providers/fields.ts'
import { words } from '#lib/words.ts'
import { FateNotice } from '../../../fate-notice.tsx'
import { Frame } from '../../../frame.tsx'
import { ReportTable } from '../../../report-table.tsx'
import { TooMuchRight } from '../../../too-much-right.tsx'
import { mailReceiptAction } from '../actions.ts'

/** C3: what is connected, what it may do, and how to keep it working or stop it. */
export function Receipt({ connection, learnt }: { connection: CustomerConnection; learnt: Learnt }) {
  const t = words(connection.language)
  const limited = connection.status === 'connected_limited'
  const names = { customer: connection.customerName, team: connection.teamName }
  const email = maskEmail(connection.contactEmail)
  const owner = [connection.providerUserName, connection.providerUserEmail].filter(Boolean).join(', ')
  return (
    <Frame connection={connection} title={t(`pages.status.${connection.status}`)} narrow>
      <div className="space-y-8">
        <div className="space-y-3">
          <StatusBadge status={connection.status} verdict={connection.verdictCode}>
            {t(`pages.status.${connection.status}`)}
          </StatusBadge>
          <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.done.title')}</h1>
          <p className="max-w-prose text-lg">{t(limited ? 'pages.done.leadLimited' : 'pages.done.lead', names)}</p>
        </div>
        <OwnerCard
          facts={[
            { label: t('pages.done.name'), value: connection.name },
            { label: t('pages.done.company'), value: connection.providerCompanyName ?? '–' },
            {
              label: t('pages.done.address'),
              value: addressOf(connection.provider, connection.providerCompanyDomain ?? ''),
            },
            { label: t('pages.done.belongsTo'), value: owner || '–' },
            {
              label: t('pages.done.checkedAt'),
              value: connection.checkedAt ? (
                <Moment at={connection.checkedAt.toISOString()} language={connection.language} />
              ) : (
                '–'
              ),
            },
            ...(connection.startDate
              ? [
                  {
                    label: t('pages.done.startDate'),
                    value: formatStartDate(connection.startDate, connection.language),
                  },
                ]
              : []),
          ]}
        />
        <section aria-labelledby="may-do" className="space-y-3">
          <h2 id="may-do" className="font-bold text-xl">
            {t('pages.done.whatItMayDo')}
          </h2>
          <SightNote sight={describeSight(learnt.seen, connection.language)} />
          <ReportTable language={connection.language} rows={learnt.rights?.report ?? []} />
          <p className="max-w-prose text-muted text-sm">{t('report.notTested')}</p>
          <TooMuchRight
            rights={learnt.rights}
            language={connection.language}
            team={connection.teamName}
            contact={connection.ownerName ?? connection.teamName}
          />
        </section>
        <FateNotice fate={learnt.fate} connection={connection} moment="connected" />
        <div className="grid gap-4 sm:grid-cols-3">
          <List
            title={t('pages.done.nextTitle')}
            lines={[t('pages.done.next1', names), t('pages.done.next2'), t('pages.done.next3', { email })]}
          />
          <List
            title={t('pages.done.keepTitle')}
            lines={[t('pages.done.keep1'), t('pages.done.keep2'), t('pages.done.keep3', names)]}
          />
          <section className="card">
            <h2 className="mb-2 font-semibold">{t('pages.done.stopTitle')}</h2>
            <p>{t('pages.done.stop', names)}</p>
            <p className="mt-2 print:hidden">
              <a className="link" href={`/disconnect/${connection.id}`}>
                {t('end.held.title', names)}
              </a>
            </p>
          </section>
        </div>
        <div className="flex flex-wrap items-center gap-4 print:hidden">
          <PrintButton label={t('pages.done.printButton')} />
          <AnsweredButton
            action={mailReceiptAction.bind(null, connection.id)}
            label={t('pages.done.mailAgain')}
            words={{ unanswered: t('pages.form.unanswered'), updated: t('pages.form.updated') }}
          >
            <span className="text-muted">{t('pages.done.mailed', { email })}</span>
          </AnsweredButton>
        </div>
      </div>
    </Frame>
  )
}

function List({ title, lines }: { title: string; lines: string[] }) {
  return (
    <section className="card">
      <h2 className="mb-2 font-semibold">{title}</h2>
      <ul className={lines.length > 1 ? 'list-disc space-y-1 ps-5' : ''}>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  )
}

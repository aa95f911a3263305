import { AdminText } from '#components/connect/admin-text.tsx'
import { AnsweredButton } from '#components/connect/answered-button.tsx'
import { ApiPageLink } from '#components/connect/api-page-link.tsx'
import { CredentialForm } from '#components/connect/credential-form.tsx'
import { Introduction } from '#components/connect/introduction.tsx'
import { RefreshWhileWaiting } from '#components/connect/refresh-while-waiting.tsx'
import { SightNote } from '#components/connect/sight-note.tsx'
import { YesForm } from '#components/connect/yes-form.tsx'
import { NextTry } from '#components/ui/next-try.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { Learnt } from '#lib/connection/customer-view.ts'
import { explain } from '#lib/connection/explain.ts'
import { introduce } from '#lib/connection/introduce.ts'
import { mayUseOtherCompany } from '#lib/connection/other-company.ts'
import { describeProfile } from '#lib/connection/profile-words.ts'
import { isReplacing, whyNotReplaced } from '#lib/connection/rotate.ts'
import { describeSight } from '#lib/connection/sight.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { getProfile } from '#lib/data/profiles.ts'
import { formatDateTime, maskEmail } from '#lib/format.ts'
import type { ProviderId } from '#lib/providers/fields.ts'
import { words } from '#lib/words.ts'
import { guideOf } from '../../../provider-guide.ts'
import { FateNotice } from '../../fate-notice.tsx'
import { formWords, yesWords } from '../../form-words.ts'
import { foundIn } from '../../found.ts'
import { Frame } from '../../frame.tsx'
import { OwnerDetails } from '../../owner-details.tsx'
import { PassedOn } from '../../passed-on.tsx'
import { ReportTable } from '../../report-table.tsx'
import type { ConnectState } from './actions.ts'
import { confirmAction, connectAction, mailAgainAction, showCodeAction } from './actions.ts'
import { ContactSection } from './contact-section.tsx'

/** What the customer sees of a connection that is not done: the question, the wait, or guide and form. */
export function CustomerView({
  connection,
  learnt,
  endsAt,
  hasPending,
  updated = false,
  isPreview = false,
}: {
  connection: CustomerConnection
  learnt: Learnt
  endsAt: Date
  /** A token waits for somebody's yes. */
  hasPending: boolean
  /** A form of an older build brought the browser here; it had no scripts to say so itself. */
  updated?: boolean
  /** The team looks at it: no sign of a person is reported. */
  isPreview?: boolean
}) {
  switch (connection.status) {
    case 'waiting_provider':
      return <Waiting connection={connection} />
    case 'needs_confirmation':
    case 'needs_manager':
      if (hasPending) return <Confirm connection={connection} learnt={learnt} />
  }
  return (
    <GuideAndForm connection={connection} learnt={learnt} endsAt={endsAt} updated={updated} isPreview={isPreview} />
  )
}

/** C1 and C8: the guide beside the form. */
async function GuideAndForm({
  connection,
  learnt,
  endsAt,
  updated,
  isPreview,
}: {
  connection: CustomerConnection
  learnt: Learnt
  endsAt: Date
  updated: boolean
  isPreview: boolean
}) {
  const t = words(connection.language)
  const profile = await getProfile(db(), connection)
  const { guide, t: guideWords } = await guideOf(connection.provider, connection.language)
  const isRepair = connection.connectedAt !== null
  const introduction = introduce(connection, profile)
  const rotate = isReplacing(connection) || (profile.mode === 'rotate' && !isRepair)
  const { seen } = learnt
  const code = isReplacing(connection) ? whyNotReplaced(connection, seen) : connection.verdictCode
  const otherDomain = seen?.owner?.companyDomain ?? null
  const mismatch =
    connection.verdictCode === 'COMPANY_MISMATCH' && mayUseOtherCompany(connection, otherDomain) ? otherDomain : null

  const initial: ConnectState = {
    typed: {
      connectionName: connection.name,
      domain: connection.typedDomain ?? connection.expectedDomain ?? '',
      startDate: connection.startDate?.slice(0, 10) ?? '',
    },
    submissionKey: crypto.randomUUID(),
    status: connection.status,
    code,
    fieldErrors: {},
    explanation: code && explain(code, connection, seen),
    otherDomain: mismatch,
    found: foundIn(connection, seen),
    tokenHint: null,
    removed: null,
    reference: null,
  }
  const apiOff = explain('API_OFF_FOR_USER', connection)
  const buttonWords = { unanswered: t('pages.form.unanswered'), updated: t('pages.form.updated') }
  return (
    <Frame connection={connection}>
      <CredentialForm
        action={connectAction.bind(null, connection.id)}
        initial={initial}
        words={{
          ...formWords(connection),
          title: `${introduction.title} · ${connection.teamName}`,
          titleError: t('pages.connect.titleError', { title: introduction.title }),
        }}
        provider={connection.provider as ProviderId}
        startDateMode={connection.startDate ? 'hidden' : profile.startDate}
        locked={isRepair}
        connectionId={connection.id}
        isPreview={isPreview}
        internal={explain('INTERNAL', connection)}
        useOther={confirmAction.bind(null, connection.id)}
        header={
          <div className="mb-6 space-y-6">
            {updated && (
              <p role="status" className="notice notice-info">
                {t('pages.form.updatedBefore')}
              </p>
            )}
            <Introduction words={introduction} />
            <PassedOn connection={connection} learnt={learnt} />
            {isRepair && <FateNotice fate={learnt.fate} connection={connection} moment="repair" />}
          </div>
        }
        rows={guide.steps.map((step, index) => ({
          id: step,
          heading: guideWords(guide.headingOf(step, { rotate })),
          stepOf: t('pages.connect.stepOf', { number: index + 1, total: guide.steps.length }),
          body: (
            <guide.Step
              step={step}
              t={guideWords}
              team={connection.teamName}
              needsAdmin={profile.accountAdmin}
              rotate={rotate}
              adminReason={describeProfile(profile, connection.language, connection.teamName).adminReason}
              apiPageLink={
                <ApiPageLink
                  provider={connection.provider as ProviderId}
                  label={t('pages.form.openApiPage')}
                  labelOf={t('pages.form.openApiPageOf', { domain: '{domain}' })}
                />
              }
              copyForAdmin={
                <AdminText text={apiOff.copyForAdmin} mail={apiOff.mailForAdmin} words={adminWords(connection)} />
              }
            />
          ),
        }))}
      />
      <section className="mt-10 space-y-2 text-sm print:hidden">
        <p className="text-muted">{t('pages.connect.endsOn', { date: formatDateTime(endsAt, connection.language) })}</p>
        <AnsweredButton
          action={mailAgainAction.bind(null, connection.id)}
          label={t('pages.connect.mailAgain')}
          words={buttonWords}
        >
          <span className="text-muted">
            {t('pages.connect.mailAgainHint', { email: maskEmail(connection.contactEmail) })}
          </span>
        </AnsweredButton>
        <AnsweredButton
          action={showCodeAction.bind(null, connection.id)}
          label={t('pages.connect.showCode')}
          words={{ ...buttonWords, codeLabel: t('pages.connect.codeLabel') }}
        >
          <span className="text-muted">{t('pages.connect.showCodeHint')}</span>
        </AnsweredButton>
      </section>
      <ContactSection connection={connection} />
    </Frame>
  )
}

/** C2: the token works, and one thing differs from what was expected. */
function Confirm({ connection, learnt }: { connection: CustomerConnection; learnt: Learnt }) {
  const t = words(connection.language)
  const code = connection.verdictCode ?? 'LIMITED_ACCESS'
  const { seen } = learnt
  const explanation = explain(code, connection, seen)
  const mayAccept = code === 'LIMITED_ACCESS' || code === 'USER_MISMATCH'
  const contact = connection.ownerName ?? connection.teamName
  return (
    <Frame connection={connection} title={t('pages.confirm.title')} narrow>
      <div className="space-y-6">
        <StatusBadge status={connection.status} verdict={code}>
          {t(`pages.status.${connection.status}`, { team: connection.teamName })}
        </StatusBadge>
        <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.confirm.title')}</h1>
        <div className="notice notice-warn">
          <p className="notice-title">{explanation.title}</p>
          <p>{explanation.cause}</p>
          <ol className="mt-2 list-decimal ps-5">
            {explanation.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
        <OwnerDetails connection={connection} seen={seen} />
        <SightNote sight={describeSight(seen, connection.language)} />
        <FateNotice fate={learnt.fate} connection={connection} moment="confirm" />
        {code === 'LIMITED_ACCESS' && <ReportTable language={connection.language} rows={seen?.report ?? []} />}
        {explanation.copyForAdmin && (
          <AdminText text={explanation.copyForAdmin} mail={explanation.mailForAdmin} words={adminWords(connection)} />
        )}
        <p className="text-muted">{t('pages.confirm.kept')}</p>
        {mayAccept ? (
          <YesForm
            action={confirmAction.bind(null, connection.id)}
            label={t(`pages.confirm.accept_${code}`, { userName: seen?.owner?.userName ?? '' })}
            words={yesWords(connection)}
          />
        ) : (
          <p>{t('pages.confirm.waitManager', { contact })}</p>
        )}
        <p>
          <a className="link" href={`/connect/${connection.id}?another=yes`}>
            {t('pages.confirm.another')}
          </a>
        </p>
      </div>
    </Frame>
  )
}

/** C4: the customer is done; we go on trying. */
function Waiting({ connection }: { connection: CustomerConnection }) {
  const t = words(connection.language)
  const explanation = explain(connection.verdictCode ?? 'PIPEDRIVE_DOWN', connection)
  return (
    <Frame connection={connection} title={t('pages.waiting.title')} narrow>
      <RefreshWhileWaiting />
      <noscript>
        <meta httpEquiv="refresh" content="30" />
      </noscript>
      <div className="space-y-6">
        <StatusBadge status="waiting_provider" verdict={connection.verdictCode}>
          {t('pages.status.waiting_provider')}
        </StatusBadge>
        <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.waiting.title')}</h1>
        <div className="notice notice-info">
          <p className="notice-title">{t('pages.waiting.done')}</p>
          <p>
            {explanation.title}. {explanation.cause}
          </p>
          {connection.verdictCode === 'DAILY_LIMIT' && <p className="mt-2">{t('pages.waiting.daily')}</p>}
          {connection.nextCheckAt && (
            <p className="mt-2">
              <NextTry
                at={connection.nextCheckAt}
                label={t('pages.waiting.nextTry')}
                tryingNow={t('pages.waiting.tryingNow')}
                language={connection.language}
              />
            </p>
          )}
        </div>
        <p>{t('pages.waiting.kept')}</p>
        <p>{t('pages.waiting.mail', { email: maskEmail(connection.contactEmail) })}</p>
      </div>
    </Frame>
  )
}

function adminWords({ language }: CustomerConnection): { copy: string; copied: string; mail: string } {
  const t = words(language)
  return { copy: t('pages.form.copyForAdmin'), copied: t('pages.form.copied'), mail: t('pages.form.mailForAdmin') }
}

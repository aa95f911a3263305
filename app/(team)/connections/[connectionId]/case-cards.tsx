import type { ReactNode } from 'react'
import { AdminText } from '#components/connect/admin-text.tsx'
import { OwnerCard } from '#components/connect/owner-card.tsx'
import { SightNote } from '#components/connect/sight-note.tsx'
import { Moment } from '#components/ui/moment.tsx'
import { NextTry } from '#components/ui/next-try.tsx'
import { takesLink } from '#lib/connection/case-action.ts'
import { explain, mailOf } from '#lib/connection/explain.ts'
import type { SharedFate } from '#lib/connection/shared-fate.ts'
import { describeSight } from '#lib/connection/sight.ts'
import { isOpen } from '#lib/connection/status.ts'
import type { Case } from '#lib/data/case.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { FATE_SHARERS_MAX } from '#lib/data/shared-fate.ts'
import { formatDateTime, formatStartDate } from '#lib/format.ts'
import { addressOf } from '#lib/providers/fields.ts'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { EndProofCard } from '../../../(customer)/end-proof-card.tsx'
import { ReportTable } from '../../../(customer)/report-table.tsx'
import { TooMuchRight } from '../../../(customer)/too-much-right.tsx'
import type { CaseBase } from './actions.ts'
import type { Doing } from './case-dialog.tsx'
import type { CheckWords } from './timeline.tsx'

type Shown = { subject: Case; language: Language }

/** The title of a verdict about this connection, in the language of whoever reads it. */
function verdictTitle({ connection, seen }: Case, language: Language, code: VerdictCode): string {
  return explain(code, { ...connection, language }, seen?.verdictCode === code ? seen : {}).title
}

/** What a check led the customer to read: in the customer's words, with the title in the reader's as well. */
export function checkWords(connection: CustomerConnection, language: Language): CheckWords {
  return (check) => {
    const { owner, report, askedDomain: domain } = check
    const known = { owner, report, domain }
    return {
      title: explain(check.verdictCode, { ...connection, language }, known).title,
      shown: explain(check.verdictCode, connection, known),
      shownLanguage: connection.language,
    }
  }
}

/** Why the last check ended as it did, in words for the team. */
export function VerdictCard({ subject, language }: Shown) {
  const t = words(language)
  const { verdictCode: code, status, nextCheckAt } = subject.connection
  if (!code) return null
  return (
    <Card id="verdict" title={t('case.verdict.title')}>
      <p className="font-semibold">{verdictTitle(subject, language, code)}</p>
      <p>{t(`replies.${code}.why`)}</p>
      {status === 'waiting_provider' && nextCheckAt && (
        <p>
          <NextTry
            at={nextCheckAt}
            label={t('case.verdict.nextTry')}
            tryingNow={t('case.verdict.tryingNow')}
            language={language}
          />
        </p>
      )}
      {code === 'DAILY_LIMIT' && <p>{t('case.verdict.daily')}</p>}
      <p className="text-muted text-sm">
        {t('case.verdict.who')}: {t(`case.turn.${verdicts[code].turn}`)} · {t('case.verdict.code')}: {code}
      </p>
      <WordsForAdmin subject={subject} language={language} code={code} />
    </Card>
  )
}

/** What the customer's Pipedrive admin has to do, as the customer can copy it; the team can mail it to the contact. */
function WordsForAdmin({ subject, language, code }: Shown & { code: VerdictCode }) {
  const { connection, contacts, seen } = subject
  const isOfThisCheck = seen?.verdictCode === code
  const { copyForAdmin } = explain(code, connection, isOfThisCheck ? seen : {})
  if (!copyForAdmin || !isOpen(connection.status)) return null
  const t = words(language)
  const contact = contacts.contact.name
  const team = connection.teamName
  const subjectLine = words(connection.language)('pages.verdict.adminSubject', { team })
  return (
    <Disclosure title={t('case.admin.title')}>
      <p className="text-muted text-sm">{t('case.admin.lead', { contact })}</p>
      <AdminText
        text={copyForAdmin}
        textLanguage={connection.language}
        mail={mailOf(subjectLine, copyForAdmin, contacts.contact.email)}
        words={{
          copy: t('case.admin.copy'),
          copied: t('case.admin.copied'),
          mail: t('case.admin.mail', { contact }),
        }}
      />
    </Disclosure>
  )
}

/** Every connection of the team that ends when this one's token does. */
export function FateCard({ subject, fate, language }: Shown & { fate: SharedFate }) {
  const t = words(language)
  if (!subject.connection.connectedAt && fate.sharers.length === 0) return null
  return (
    <Card id="fate" title={t('case.fate.title')}>
      {fate.sharers.length === 0 ? (
        <p className="text-muted">{t('case.fate.none')}</p>
      ) : (
        <>
          <p className="text-muted text-sm">{t('case.fate.lead')}</p>
          <ul className="space-y-2">
            {fate.sharers.map(({ connectionId, customerName, name, status, isSameToken }) => (
              <li key={connectionId}>
                <a className="link wrap-anywhere" href={`/connections/${connectionId}`}>
                  <bdi>{t('case.title', { customer: customerName, name })}</bdi>
                </a>
                <span className="block text-muted text-sm">
                  {t(`board.status.${status}`)} · {t(isSameToken ? 'case.fate.same' : 'case.fate.older')}
                </span>
              </li>
            ))}
          </ul>
          {fate.hasMore && <p>{t('case.fate.more', { count: FATE_SHARERS_MAX })}</p>}
        </>
      )}
    </Card>
  )
}

/** Another address that support asks for: whoever answers for the customer says yes or no. */
export function ProposalCard({ subject, language, base, cannotName }: Shown & { base: CaseBase; cannotName: boolean }) {
  const t = words(language)
  const { connection, proposal } = subject
  if (!proposal || !takesLink(connection.status)) return null
  const values = {
    who: proposal.proposedBy ?? t('case.actors.staff'),
    name: proposal.name,
    email: proposal.email,
    contact: `${connection.contactName} (${connection.contactEmail})`,
    owner: connection.ownerName ?? connection.teamName,
  }
  return (
    <section aria-labelledby="proposal" className="card case-proposal space-y-3">
      <h2 id="proposal" className="font-semibold text-lg">
        <bdi>{t('case.proposal.title', values)}</bdi>
      </h2>
      <blockquote className="whitespace-pre-line">
        <bdi>{proposal.reason}</bdi>
      </blockquote>
      <p className="text-muted text-sm">
        {t('case.proposal.lead', values)} <Moment at={proposal.createdAt.toISOString()} language={language} />
      </p>
      {cannotName ? (
        <p>{t('case.proposal.waits', values)}</p>
      ) : (
        <>
          <p>{t('case.proposal.check', { customer: connection.customerName })}</p>
          <p className="case-proposal-steps">
            <StepLink
              base={base}
              connectionId={connection.id}
              doing="use_address"
              label={t('case.proposal.yes')}
              main
            />
            <StepLink base={base} connectionId={connection.id} doing="keep_address" label={t('case.proposal.no')} />
          </p>
        </>
      )}
    </section>
  )
}

/** Whether the token in force is one that the team imported; a newer one came from the customer alone. */
export function isSharedBefore({ adoptedAt, version }: CustomerConnection): boolean {
  return adoptedAt !== null && version <= 1
}

/** A token that others held before is not as good as a new one. */
export function SharedBeforeCard({ subject, language }: Shown) {
  if (!isSharedBefore(subject.connection)) return null
  const t = words(language)
  return (
    <Card id="shared-before" title={t('case.adopted.title')}>
      <p>{t('case.adopted.text')}</p>
      <p>
        <StepLink
          base="connections"
          connectionId={subject.connection.id}
          doing="rotate"
          label={t('case.action.rotate')}
        />
      </p>
    </Card>
  )
}

/** Customer, contacts, company, person, times. */
export function IdentityCard({ subject, language }: Shown) {
  const t = words(language)
  const { connection, contacts } = subject
  const none = t('case.identity.none')
  const time = (at: Date | null, otherwise: string): ReactNode =>
    at ? <Moment at={at.toISOString()} language={language} /> : otherwise
  const domain = connection.providerCompanyDomain ?? connection.typedDomain
  const person = [connection.providerUserName, connection.providerUserEmail].filter(Boolean).join(', ')
  const facts = [
    { label: t('case.identity.reference'), value: connection.reference },
    { label: t('case.identity.contact'), value: `${contacts.contact.name}, ${contacts.contact.email}` },
    {
      label: t('case.identity.backup'),
      value: contacts.backup ? `${contacts.backup.name}, ${contacts.backup.email}` : t('case.identity.noBackup'),
    },
    { label: t('case.identity.owner'), value: connection.ownerName ?? t('case.identity.nobody') },
    { label: t('case.identity.project'), value: connection.project },
    { label: t('case.identity.company'), value: connection.providerCompanyName ?? none },
    { label: t('case.identity.domain'), value: address() },
    ...(connection.expectedDomain
      ? [{ label: t('case.identity.expected'), value: addressOf(connection.provider, connection.expectedDomain) }]
      : []),
    { label: t('case.identity.person'), value: person || none },
    { label: t('case.identity.since'), value: time(connection.connectedAt, t('case.identity.never')) },
    { label: t('case.identity.checked'), value: time(connection.checkedAt, t('case.identity.never')) },
    ...(connection.nextCheckAt
      ? [{ label: t('case.identity.nextCheck'), value: time(connection.nextCheckAt, none) }]
      : []),
    ...(connection.exposedAt
      ? [{ label: t('case.identity.exposed'), value: time(connection.exposedAt, none), strong: true }]
      : []),
    ...(connection.startDate
      ? [{ label: t('case.identity.startDate'), value: formatStartDate(connection.startDate, language) }]
      : []),
  ]
  return <OwnerCard title={t('case.identity.title')} facts={facts} />

  function address(): ReactNode {
    if (!domain) return none
    const { renamed } = subject
    if (renamed?.to !== domain) return addressOf(connection.provider, domain)
    const date = formatDateTime(renamed.at, language)
    return (
      <>
        {addressOf(connection.provider, domain)}
        <span className="block text-muted text-sm">
          {t('case.identity.renamed', { from: renamed.from, to: renamed.to, date })}
        </span>
      </>
    )
  }
}

/** The permission report with its evidence, as the customer read it, in the reader's language. */
export function ReportCard({ subject, language }: Shown) {
  const t = words(language)
  const { rights, connection } = subject
  return (
    <section aria-labelledby="report" className="space-y-3">
      <h2 id="report" className="font-semibold text-lg">
        {t('case.report.title')}
      </h2>
      <SightNote sight={describeSight(subject.seen, language)} />
      {rights ? (
        <>
          <p className="text-muted text-sm">
            {t('case.report.seenAt', { date: formatDateTime(rights.createdAt, language) })}
          </p>
          <ReportTable language={language} rows={rights.report} />
        </>
      ) : (
        <p>{t('case.report.none')}</p>
      )}
      <TooMuchRight
        rights={rights}
        language={language}
        team={connection.teamName}
        contact={connection.ownerName ?? connection.teamName}
      />
    </section>
  )
}

const RED: readonly Doing[] = ['revoke', 'close', 'freeze', 'freeze_customer']

/** A link that opens the dialog of a step; the dialog's way back leads to it again. */
export function StepLink({
  base,
  connectionId,
  doing,
  label,
  main = false,
}: {
  base: CaseBase
  connectionId: string
  doing: Doing
  label: string
  main?: boolean
}) {
  const look = main ? 'button-primary' : `button-secondary${RED.includes(doing) ? ' button-danger' : ''}`
  return (
    <a id={main ? undefined : `do-${doing}`} className={look} href={`/${base}/${connectionId}?do=${doing}`}>
      {label}
    </a>
  )
}

export function Card({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="card space-y-3">
      <h2 id={id} className="font-semibold text-lg">
        {title}
      </h2>
      {children}
    </section>
  )
}

/** The end of the connection, from the wish to the proof. */
export function EndCard({ subject, language }: Shown) {
  const t = words(language)
  const { ending, connection } = subject
  if (!ending) return null
  if (ending.endedAt)
    return (
      <section aria-labelledby="end" className="space-y-3">
        <h2 id="end" className="font-semibold text-lg">
          {t('end.team.proofTitle')}
        </h2>
        <EndProofCard connection={connection} ending={ending} language={language} />
      </section>
    )
  const time = (at: Date) => <Moment at={at.toISOString()} language={language} />
  const probe = ending.firstRefusedAt
    ? t('end.team.refusedOnce')
    : ending.probeCode && verdictTitle(subject, language, ending.probeCode)
  const facts = [
    {
      label: t('end.team.asked'),
      value: (
        <>
          {time(ending.startedAt)} {t(`end.team.askedBy.${ending.askedBy}`)}
        </>
      ),
    },
    { label: t('end.team.deadline'), value: time(ending.deadline) },
    { label: t('end.team.said'), value: t(`end.team.way.${ending.pressedAt && ending.way ? ending.way : 'none'}`) },
    {
      label: t('end.team.probe'),
      value: ending.probedAt ? (
        <>
          {time(ending.probedAt)}: {probe}
        </>
      ) : (
        t('end.team.notAsked')
      ),
    },
    {
      label: t('end.team.confirmed'),
      value: ending.confirmedAt ? time(ending.confirmedAt) : t('end.team.notConfirmed'),
    },
  ]
  return <OwnerCard title={t('end.team.title')} facts={facts} />
}

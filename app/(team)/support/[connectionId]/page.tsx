import { notFound } from 'next/navigation'
import { Notices } from '#components/team/notices.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { openCase } from '#lib/connection/case.ts'
import { listSharedFate } from '#lib/connection/shared-fate.ts'
import type { Case } from '#lib/data/case.ts'
import { readCase } from '#lib/data/case.ts'
import { db } from '#lib/data/database.ts'
import { listLinkFetches } from '#lib/data/link-fetches.ts'
import { listLetters, listTimeline } from '#lib/data/timeline.ts'
import { formatDateTime } from '#lib/format.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import {
  Card,
  checkWords,
  FateCard,
  IdentityCard,
  ProposalCard,
  VerdictCard,
} from '../../connections/[connectionId]/case-cards.tsx'
import { CaseDialog } from '../../connections/[connectionId]/case-dialog.tsx'
import { CaseHeader } from '../../connections/[connectionId]/case-header.tsx'
import { OlderLinks, Said } from '../../connections/[connectionId]/case-lists.tsx'
import type { CaseSearch } from '../../connections/[connectionId]/case-search.ts'
import { readSearch } from '../../connections/[connectionId]/case-search.ts'
import { LinkCard, StepsCard } from '../../connections/[connectionId]/step-cards.tsx'
import { StopCard } from '../../connections/[connectionId]/stop-card.tsx'
import { Timeline } from '../../connections/[connectionId]/timeline.tsx'
import { freezeNotice } from '../../notices.ts'
import { section } from '../../sections.ts'

type Params = { params: Promise<{ connectionId: string }>; searchParams: Promise<CaseSearch> }

/** S3: one case of support. What the customer sees is a press away; everything that happened, down to single calls. */
export default async function SupportCasePage({ params, searchParams }: Params) {
  const staff = await requireStaff(...section.support.roles)
  const connection = await openCase(staff, (await params).connectionId)
  if (!connection) notFound()
  const { doing, said, why, before } = readSearch(await searchParams)
  const scope = { teamId: staff.teamId, connectionId: connection.id, requestId: connection.requestId }
  const [subject, timeline, letters, fetches, language] = await Promise.all([
    readCase(db(), connection),
    listTimeline(db(), { ...scope, before }),
    listLetters(db(), { ...scope, before: null }),
    listLinkFetches(db(), scope),
    pageLanguage(),
  ])
  const fate = await listSharedFate(connection, subject.seen)
  const t = words(language)
  const title = t('case.support.caseTitle', { customer: connection.customerName })
  const shown = { subject, language }
  return (
    <>
      <title>{`${title} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <a className="link" href="/support">
          {t('case.backSupport')}
        </a>
        <a className="link" href={`/connections/${connection.id}`}>
          {t('case.action.openCase')}
        </a>
        <a className="link" href={`/preview/${connection.id}`}>
          {t('case.action.customerView')}
        </a>
      </p>
      <Notices notices={subject.freezes.map((freeze) => freezeNotice(freeze, staff, language))} />
      <Said said={said} connection={connection} language={language} />
      <CaseHeader subject={subject} staff={staff} base="support" language={language} title={title} />
      {doing && (
        <CaseDialog
          doing={doing}
          subject={subject}
          staff={staff}
          base="support"
          language={language}
          reason={reasonOf(why)}
        />
      )}
      <div className="case-columns">
        <div className="space-y-6">
          <ProposalCard {...shown} base="support" cannotName={staff.role === 'support'} />
          <VerdictCard {...shown} />
          <StopCard {...shown} />
          <ReadyReply {...shown} />
          <section aria-labelledby="timeline" className="space-y-3">
            <h2 id="timeline" className="font-semibold text-lg">
              {t('case.timeline.title')}
            </h2>
            <Timeline entries={timeline.entries} language={language} wordsOf={checkWords(connection, language)} />
            <OlderLinks base={`/support/${connection.id}`} before={before} next={timeline.next} language={language} />
          </section>
        </div>
        <div className="space-y-6">
          <LinkCard {...shown} base="support" staff={staff} />
          <StepsCard {...shown} base="support" staff={staff} />
          <Delivery />
          <IdentityCard {...shown} />
          <FateCard {...shown} fate={fate} />
        </div>
      </div>
    </>
  )

  function reasonOf(known: typeof why): string {
    if (!known) return ''
    if (known === 'asked') return t('case.support.reasonAsked')
    return t('case.form.prefill', { why: t(`case.support.reasons.${known}`) })
  }

  function Delivery() {
    return (
      <Card id="delivery" title={t('case.delivery.title')}>
        <p className="text-muted text-sm">{t('case.delivery.lead')}</p>
        {letters.length + fetches.length === 0 && <p>{t('case.delivery.none')}</p>}
        <Timeline entries={letters} language={language} wordsOf={checkWords(subject.connection, language)} />
        {fetches.length > 0 && (
          <ul className="list-disc space-y-1 ps-5">
            {fetches.map(({ linkId, fetches: count, firstAt, lastAt }) => (
              <li key={linkId + firstAt.toISOString()}>
                {t('case.delivery.fetched', {
                  count,
                  first: formatDateTime(firstAt, language),
                  last: formatDateTime(lastAt, language),
                })}
              </li>
            ))}
          </ul>
        )}
      </Card>
    )
  }
}

/** S4: an answer to the customer, in the customer's language. Where no check speaks, the link does. */
function ReadyReply({ subject, language }: { subject: Case; language: Language }) {
  const t = words(language)
  const { connection, link } = subject
  const code = connection.verdictCode ?? linkCode(link?.state)
  if (!code) return null
  const say = words(connection.language)
  const { contactName: name, reference } = connection
  return (
    <Card id="reply" title={t('case.reply.title')}>
      <p className="text-muted text-sm">{t('case.reply.lead')}</p>
      <CopyButton
        text={say(`replies.${code}.text`, { name, reference })}
        textLanguage={connection.language}
        label={t('case.reply.copy')}
        copied={t('case.reply.copied')}
      />
    </Card>
  )
}

function linkCode(state: string | undefined): VerdictCode | null {
  switch (state) {
    case 'expired':
    case 'grace':
      return 'LINK_EXPIRED'
    case 'revoked':
      return 'LINK_REVOKED'
    case 'replaced':
      return 'LINK_REPLACED'
    case 'live':
      return 'LINK_UNKNOWN'
    default:
      return null
  }
}

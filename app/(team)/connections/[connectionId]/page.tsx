import { notFound } from 'next/navigation'
import { Notices } from '#components/team/notices.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { openCase } from '#lib/connection/case.ts'
import { listSharedFate } from '#lib/connection/shared-fate.ts'
import { readCase } from '#lib/data/case.ts'
import { db } from '#lib/data/database.ts'
import { listCredentialReads, listTimeline } from '#lib/data/timeline.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { freezeNotice } from '../../notices.ts'
import { section } from '../../sections.ts'
import { SentNotice } from '../sent-notice.tsx'
import {
  checkWords,
  EndCard,
  FateCard,
  IdentityCard,
  ProposalCard,
  ReportCard,
  SharedBeforeCard,
  VerdictCard,
} from './case-cards.tsx'
import { CaseDialog } from './case-dialog.tsx'
import { CaseHeader } from './case-header.tsx'
import { AccessLog, OlderLinks, Said } from './case-lists.tsx'
import type { CaseSearch } from './case-search.ts'
import { readSearch } from './case-search.ts'
import { LinkCard, StepsCard } from './step-cards.tsx'
import { StopCard } from './stop-card.tsx'
import { Timeline } from './timeline.tsx'

type Params = { params: Promise<{ connectionId: string }>; searchParams: Promise<CaseSearch> }

/** M4: one connection, and everything the team does about it. */
export default async function ConnectionPage({ params, searchParams }: Params) {
  const staff = await requireStaff(...section.connections.roles)
  const connection = await openCase(staff, (await params).connectionId)
  if (!connection) notFound()
  const { doing, said, before, sent } = readSearch(await searchParams)
  const scope = { teamId: staff.teamId, connectionId: connection.id, requestId: connection.requestId }
  const [subject, timeline, reads, language] = await Promise.all([
    readCase(db(), connection),
    listTimeline(db(), { ...scope, before }),
    listCredentialReads(db(), scope),
    pageLanguage(),
  ])
  const fate = await listSharedFate(connection, subject.seen)
  const t = words(language)
  const title = t('case.title', { customer: connection.customerName, name: connection.name })
  const shown = { subject, language }
  return (
    <>
      <title>{`${title} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <a className="link" href="/connections">
          {t('case.back')}
        </a>
      </p>
      <SentNotice staff={staff} reference={sent} />
      <Notices notices={subject.freezes.map((freeze) => freezeNotice(freeze, staff, language))} />
      <Said said={said} connection={connection} language={language} />
      <CaseHeader subject={subject} staff={staff} base="connections" language={language} title={title} />
      {doing && (
        <CaseDialog doing={doing} subject={subject} staff={staff} base="connections" language={language} reason="" />
      )}
      <div className="case-columns">
        <div className="space-y-6">
          <EndCard {...shown} />
          <ProposalCard {...shown} base="connections" cannotName={staff.role === 'support'} />
          <VerdictCard {...shown} />
          <StopCard {...shown} />
          <SharedBeforeCard {...shown} />
          <ReportCard {...shown} />
          <section aria-labelledby="timeline" className="space-y-3">
            <h2 id="timeline" className="font-semibold text-lg">
              {t('case.timeline.title')}
            </h2>
            <Timeline entries={timeline.entries} language={language} wordsOf={checkWords(connection, language)} />
            <OlderLinks
              base={`/connections/${connection.id}`}
              before={before}
              next={timeline.next}
              language={language}
            />
          </section>
        </div>
        <div className="space-y-6">
          <LinkCard {...shown} base="connections" staff={staff} />
          <StepsCard {...shown} base="connections" staff={staff} />
          <IdentityCard {...shown} />
          <FateCard {...shown} fate={fate} />
          <AccessLog reads={reads} language={language} />
        </div>
      </div>
    </>
  )
}

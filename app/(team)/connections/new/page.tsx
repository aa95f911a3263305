import type { Route } from 'next'
import Link from 'next/link'
import { notFound, redirect } from 'next/navigation'
import { RequestForm } from '#components/request/request-form.tsx'
import type { Staff } from '#lib/actor.ts'
import { requireStaff } from '#lib/auth/session.ts'
import { openDraft } from '#lib/connection/draft.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { openTyped } from '#lib/connection/unfinished.ts'
import { db } from '#lib/data/database.ts'
import type { Draft } from '#lib/data/drafts.ts'
import { listDrafts } from '#lib/data/drafts.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { findRequest, listCustomerNames } from '#lib/data/requests.ts'
import { listMembers } from '#lib/data/staff.ts'
import { listUnfinished } from '#lib/data/unfinished-requests.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { requesters } from '../../sections.ts'
import { previewAction, requestAction } from './actions.ts'
import { DraftList } from './draft-list.tsx'
import { KeptNotice } from './kept-notice.tsx'
import { requestWords } from './request-words.ts'
import { showPreview } from './shown-preview.ts'
import { emptyTyped, typedOfDraft, typedOfKept } from './typed.ts'

const said = ['saved', 'kept', 'deleted', 'sent_before', 'gone'] as const
const good: readonly string[] = ['saved', 'kept', 'deleted']

type Props = { searchParams: Promise<{ draft?: string; unfinished?: string; said?: string }> }

/** M3: asks a customer for a connection. */
export default async function NewRequestPage({ searchParams }: Props) {
  const staff = await requireStaff(...requesters)
  const asked = await searchParams
  const draft = asked.draft ? await openDraft(staff, asked.draft) : null
  if (asked.draft && !draft) {
    if (await findRequest(db(), { teamId: staff.teamId, request: asked.draft }))
      redirect('/connections/new?said=sent_before' as Route)
    notFound()
  }
  const kept = await openKept(staff, draft, asked.unfinished)
  if (asked.unfinished && !kept) redirect('/connections/new?said=gone' as Route)
  const language = await pageLanguage()
  const t = words(language)
  const [profiles, customers, members, drafts, unfinished] = await Promise.all([
    listProfiles(db(), staff),
    listCustomerNames(db(), staff),
    listMembers(db(), staff),
    listDrafts(db(), staff),
    listUnfinished(db(), staff),
  ])
  const me = members.find(({ id }) => id === staff.staffId)
  const projectOf = (key: string) => {
    const profile = profiles.find((known) => known.key === key)
    return profile ? nameOf(profile, draft?.language ?? language) : ''
  }
  const saved = draft ? typedOfDraft(draft, projectOf) : emptyTyped(me?.email ?? '', language)
  const typed = kept ? typedOfKept(kept.typed) : saved
  const title = draft ? t('requests.titleDraft', { reference: draft.reference }) : t('requests.title')
  const told = said.find((known) => known === asked.said)
  return (
    <>
      <div className="console-head">
        <div>
          <h1 className="console-title">{title}</h1>
          <p className="text-muted">{t('requests.lead')}</p>
        </div>
        <Link className="button-secondary" prefetch={false} href={'/connections/new/import' as Route}>
          {t('requests.import')}
        </Link>
      </div>
      {told && (
        <p
          role={good.includes(told) ? 'status' : 'alert'}
          className={`notice mb-6 ${good.includes(told) ? 'notice-ok' : 'notice-warn'}`}
        >
          {t(`requests.said.${told}`)}
        </p>
      )}
      <KeptNotice t={t} language={language} kept={kept} draft={draft} newest={told ? null : (unfinished[0] ?? null)} />
      <RequestForm
        key={kept?.formKey ?? draft?.id ?? 'new'}
        action={requestAction.bind(null, draft?.id ?? null)}
        follow={previewAction.bind(null, draft?.id ?? null)}
        initial={{
          typed,
          problems: {},
          duplicates: [],
          preview: draft || kept ? await showPreview(staff, typed) : null,
          formKey: kept?.formKey ?? crypto.randomUUID(),
          attempt: 'first',
        }}
        words={requestWords(t, title)}
        customers={customers}
        profiles={[
          { value: '', label: t('requests.form.choose') },
          ...profiles
            .filter(({ key, disabledAt }) => !disabledAt || typed.connections.some(({ profile }) => profile === key))
            .map((profile) => ({ value: profile.key, label: nameOf(profile, language) })),
        ]}
        owners={members
          .filter(({ disabledAt, role }) => !disabledAt && role !== 'support')
          .map(({ email, name }) => ({ value: email, label: name }))}
        languages={[
          { value: 'en', label: 'English' },
          { value: 'de', label: 'Deutsch' },
        ]}
        isDraft={draft !== null}
      />
      <DraftList
        t={t}
        language={language}
        drafts={drafts}
        unfinished={unfinished.filter(({ formKey }) => formKey !== kept?.formKey)}
        current={draft}
      />
    </>
  )
}

/** What the member typed and did not finish: of the draft that is open, or of the form that is named. */
async function openKept(staff: Staff, draft: Draft | null, formKey: string | undefined) {
  if (draft) return openTyped(staff, { requestId: draft.id })
  return formKey ? openTyped(staff, { formKey }) : null
}

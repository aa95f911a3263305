import type { Route } from 'next'
import Link from 'next/link'
import { notFound, redirect } from 'next/navigation'
import { RequestForm } from '#components/request/request-form.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { openDraft } from '#lib/connection/draft.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { db } from '#lib/data/database.ts'
import { listDrafts } from '#lib/data/drafts.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { findRequest, listCustomerNames } from '#lib/data/requests.ts'
import { listMembers } from '#lib/data/staff.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { requesters } from '../../sections.ts'
import { previewAction, requestAction } from './actions.ts'
import { DraftList } from './draft-list.tsx'
import { requestWords } from './request-words.ts'
import { showPreview } from './shown-preview.ts'
import { emptyTyped, typedOfDraft } from './typed.ts'

const said = ['saved', 'deleted', 'sent_before', 'gone'] as const

type Props = { searchParams: Promise<{ draft?: string; said?: string }> }

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
  const language = await pageLanguage()
  const t = words(language)
  const [profiles, customers, members, drafts] = await Promise.all([
    listProfiles(db(), staff),
    listCustomerNames(db(), staff),
    listMembers(db(), staff),
    listDrafts(db(), staff),
  ])
  const me = members.find(({ id }) => id === staff.staffId)
  const projectOf = (key: string) => {
    const profile = profiles.find((known) => known.key === key)
    return profile ? nameOf(profile, draft?.language ?? language) : ''
  }
  const typed = draft ? typedOfDraft(draft, projectOf) : emptyTyped(me?.email ?? '', language)
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
          role={told === 'saved' || told === 'deleted' ? 'status' : 'alert'}
          className={`notice mb-6 ${told === 'saved' || told === 'deleted' ? 'notice-ok' : 'notice-warn'}`}
        >
          {t(`requests.said.${told}`)}
        </p>
      )}
      <RequestForm
        key={draft?.id ?? 'new'}
        action={requestAction.bind(null, draft?.id ?? null)}
        follow={previewAction}
        initial={{
          typed,
          problems: {},
          duplicates: [],
          preview: draft ? await showPreview(staff, typed) : null,
          formKey: crypto.randomUUID(),
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
      <DraftList t={t} drafts={drafts} current={draft} />
    </>
  )
}

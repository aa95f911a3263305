import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { openDraft } from '#lib/connection/draft.ts'
import { pageWords } from '../../../../page-words.ts'
import { requesters } from '../../../sections.ts'
import { deleteDraftAction } from '../actions.ts'

/** Asks once more before a draft is deleted. */
export default async function DeleteDraftPage({ searchParams }: { searchParams: Promise<{ draft?: string }> }) {
  const staff = await requireStaff(...requesters)
  const draft = await openDraft(staff, (await searchParams).draft ?? '')
  if (!draft) notFound()
  const t = await pageWords()
  const title = t('requests.remove.title', { customer: draft.customerName })
  return (
    <div className="max-w-prose space-y-4">
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{title}</h1>
      <p>{t('requests.remove.text', { reference: draft.reference })}</p>
      <form action={deleteDraftAction.bind(null, draft.id)} className="actions">
        <Link className="button-secondary" prefetch={false} href={`/connections/new?draft=${draft.id}` as Route}>
          {t('requests.remove.cancel')}
        </Link>
        <button type="submit" className="button-secondary button-danger">
          {t('requests.remove.confirm', { reference: draft.reference })}
        </button>
      </form>
    </div>
  )
}

import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { openDraft } from '#lib/connection/draft.ts'
import { openTyped } from '#lib/connection/unfinished.ts'
import type { Words } from '#lib/words.ts'
import { pageWords } from '../../../../page-words.ts'
import { requesters } from '../../../sections.ts'
import { deleteDraftAction, forgetTypedAction } from '../actions.ts'
import { nameOfTyped } from '../kept-notice.tsx'

type Props = { searchParams: Promise<{ draft?: string; unfinished?: string }> }

/** Asks once more before a draft, or what was only begun, is deleted. */
export default async function DeleteDraftPage({ searchParams }: Props) {
  const staff = await requireStaff(...requesters)
  const asked = await searchParams
  const t = await pageWords()
  if (asked.unfinished) {
    const kept = await openTyped(staff, { formKey: asked.unfinished })
    if (!kept) notFound()
    return (
      <Question
        title={t('requests.kept.deleteTitle', { name: nameOfTyped(kept, t) })}
        text={t('requests.kept.deleteText')}
        action={forgetTypedAction.bind(null, kept.formKey)}
        confirm={t('requests.kept.confirm')}
        back={
          kept.requestId ? `/connections/new?draft=${kept.requestId}` : `/connections/new?unfinished=${kept.formKey}`
        }
        t={t}
      />
    )
  }
  const draft = await openDraft(staff, asked.draft ?? '')
  if (!draft) notFound()
  const { id, reference, customerName: customer } = draft
  return (
    <Question
      title={t('requests.remove.title', { customer })}
      text={t('requests.remove.text', { reference })}
      action={deleteDraftAction.bind(null, id)}
      confirm={t('requests.remove.confirm', { reference })}
      back={`/connections/new?draft=${id}`}
      t={t}
    />
  )
}

function Question({
  title,
  text,
  action,
  confirm,
  back,
  t,
}: {
  title: string
  text: string
  action: () => Promise<void>
  confirm: string
  back: string
  t: Words
}) {
  return (
    <div className="max-w-prose space-y-4">
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{title}</h1>
      <p>{text}</p>
      <form action={action} className="actions">
        <Link className="button-secondary" prefetch={false} href={back as Route}>
          {t('requests.remove.cancel')}
        </Link>
        <button type="submit" className="button-secondary button-danger">
          {confirm}
        </button>
      </form>
    </div>
  )
}

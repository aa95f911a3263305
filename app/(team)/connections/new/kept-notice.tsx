import type { Route } from 'next'
import Link from 'next/link'
import type { Draft } from '#lib/data/drafts.ts'
import type { Unfinished } from '#lib/data/unfinished-requests.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language, Words } from '#lib/words.ts'
import { typedOfKept } from './typed.ts'

/** What was typed before and not finished: it stands in the form, or the way to it. */
export function KeptNotice({
  t,
  language,
  kept,
  draft,
  newest,
}: {
  t: Words
  language: Language
  /** What stands in the form. */
  kept: Unfinished | null
  draft: Draft | null
  newest: Unfinished | null
}) {
  const shown = kept ?? (draft ? null : newest)
  if (!shown) return null
  const at = formatDateTime(shown.updatedAt, language)
  return (
    <p className="notice notice-info sent-notice mb-6">
      <bdi>
        {kept
          ? t(draft ? 'requests.kept.draft' : 'requests.kept.open', { at })
          : t('requests.kept.newest', { name: nameOfTyped(shown, t), at })}
      </bdi>
      {!kept && (
        <Link className="link" prefetch={false} href={`/connections/new?unfinished=${shown.formKey}` as Route}>
          {t('requests.kept.continue')}
        </Link>
      )}
      <Link className="link" prefetch={false} href={`/connections/new/delete?unfinished=${shown.formKey}` as Route}>
        {t('requests.kept.delete')}
      </Link>
    </p>
  )
}

/** For whom it was meant, as far as that was typed. */
export function nameOfTyped({ typed }: Pick<Unfinished, 'typed'>, t: Words): string {
  const { customer, contactEmail } = typedOfKept(typed)
  return [customer, contactEmail].filter((text) => text.trim()).join(', ') || t('requests.kept.nameless')
}

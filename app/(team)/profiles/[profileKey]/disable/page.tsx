import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { openProfile } from '#lib/connection/edit-profile.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { isBuiltIn } from '#lib/connection/profiles.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../page-words.ts'
import { profileEditors } from '../../../sections.ts'
import { disableProfileAction } from '../../actions.ts'

/** Asks once more before a profile is taken off the list. */
export default async function DisableProfilePage({ params }: { params: Promise<{ profileKey: string }> }) {
  const staff = await requireStaff(...profileEditors)
  const profile = await openProfile(staff, (await params).profileKey)
  if (!profile || isBuiltIn(profile.key)) notFound()
  const language = await pageLanguage()
  const t = words(language)
  const name = nameOf(profile, language)
  const title = t('profiles.turn.disableTitle', { name })
  return (
    <div className="max-w-prose space-y-4">
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{title}</h1>
      <p>{t('profiles.turn.disableText')}</p>
      <form action={disableProfileAction.bind(null, profile.key)} className="actions">
        <Link className="button-secondary" prefetch={false} href={'/profiles' as Route}>
          {t('profiles.turn.cancel')}
        </Link>
        <button type="submit" className="button-secondary button-danger">
          {t('profiles.turn.disableConfirm', { name })}
        </button>
      </form>
    </div>
  )
}

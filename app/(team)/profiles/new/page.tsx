import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import type { Profile } from '#lib/connection/profiles.ts'
import { db } from '#lib/data/database.ts'
import { findProfile } from '#lib/data/profiles.ts'
import { findAsker } from '#lib/data/requests.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { profileEditors } from '../../sections.ts'
import { ProfileEditor } from '../profile-editor.tsx'
import { readsOfTyped } from '../reads.ts'
import { emptyProfile, type TypedProfile, typedOf } from '../typed.ts'

/** A new profile, empty or as a copy of another one. */
export default async function NewProfilePage({ searchParams }: { searchParams: Promise<{ copy?: string }> }) {
  const staff = await requireStaff(...profileEditors)
  const { copy } = await searchParams
  const original = copy ? await findProfile(db(), { teamId: staff.teamId, profile: copy }) : null
  if (copy && !original) notFound()
  const language = await pageLanguage()
  const t = words(language)
  const { teamName } = await findAsker(db(), staff, '')
  const typed = original ? copyOf(original) : emptyProfile
  const title = original ? t('profiles.titleCopy', { name: nameOf(original, language) }) : t('profiles.titleNew')
  return (
    <>
      <p>
        <Link className="link" prefetch={false} href={'/profiles' as Route}>
          {t('profiles.back')}
        </Link>
      </p>
      <h1 className="console-title">{title}</h1>
      <ProfileEditor t={t} title={title} typed={typed} reads={await readsOfTyped(typed, teamName)} mode="create" />
    </>
  )
}

/** Everything but its key; a built-in profile has no words of its own, so the copy starts with its names. */
function copyOf(original: Profile): TypedProfile {
  const typed = { ...typedOf(original), key: '' }
  if (original.words) return typed
  const named = (language: 'en' | 'de') => ({ ...typed.words[language], name: nameOf(original, language) })
  return { ...typed, words: { en: named('en'), de: named('de') } }
}

import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { openProfile } from '#lib/connection/edit-profile.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { isBuiltIn } from '#lib/connection/profiles.ts'
import { db } from '#lib/data/database.ts'
import { countUses } from '#lib/data/profiles.ts'
import { findAsker } from '#lib/data/requests.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { section } from '../../sections.ts'
import { ProfileEditor } from '../profile-editor.tsx'
import { readsOf } from '../reads.ts'
import { typedOf } from '../typed.ts'

/** One profile: what it needs, and what customers read of it. An admin changes what is the team's own. */
export default async function ProfilePage({ params }: { params: Promise<{ profileKey: string }> }) {
  const staff = await requireStaff(...section.profiles.roles)
  const profile = await openProfile(staff, (await params).profileKey)
  if (!profile) notFound()
  const language = await pageLanguage()
  const t = words(language)
  const [{ teamName }, uses] = await Promise.all([findAsker(db(), staff, ''), countUses(db(), staff, [profile.key])])
  const count = uses.get(profile.key) ?? 0
  const isAdmin = staff.role === 'admin'
  const mayChange = isAdmin && !isBuiltIn(profile.key)
  const title = t('profiles.titleEdit', { name: nameOf(profile, language) })
  const notes = [
    isBuiltIn(profile.key) && t('profiles.builtInNote'),
    !isAdmin && t('profiles.readOnly'),
    profile.disabledAt && t('profiles.disabledNote'),
    mayChange && count > 0 && t('profiles.inUse', { count }),
  ].filter((note): note is string => Boolean(note))
  return (
    <>
      <p>
        <Link className="link" prefetch={false} href={'/profiles' as Route}>
          {t('profiles.back')}
        </Link>
      </p>
      <h1 className="console-title">{title}</h1>
      {notes.map((note) => (
        <p key={note} className="notice notice-info mb-6">
          {note}
        </p>
      ))}
      <ProfileEditor
        t={t}
        title={title}
        typed={typedOf(profile)}
        reads={await readsOf(profile, teamName)}
        mode={mayChange ? 'change' : 'show'}
      />
    </>
  )
}

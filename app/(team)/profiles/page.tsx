import type { Route } from 'next'
import Link from 'next/link'
import { requireStaff } from '#lib/auth/session.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { isBuiltIn, type Profile } from '#lib/connection/profiles.ts'
import { db } from '#lib/data/database.ts'
import { countUses, listProfiles, USES_MAX } from '#lib/data/profiles.ts'
import type { Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import { section } from '../sections.ts'
import { enableProfileAction } from './actions.ts'

const said = ['created', 'changed', 'disabled', 'enabled', 'unknown'] as const

/** M6: what the team's integrations need. Admins change it, everybody may look. */
export default async function ProfilesPage({ searchParams }: { searchParams: Promise<{ said?: string }> }) {
  const staff = await requireStaff(...section.profiles.roles)
  const language = await pageLanguage()
  const t = words(language)
  const profiles = await listProfiles(db(), staff)
  const uses = await countUses(
    db(),
    staff,
    profiles.map(({ key }) => key),
  )
  const asked = await searchParams
  const told = said.find((known) => known === asked.said)
  const isAdmin = staff.role === 'admin'
  return (
    <>
      <title>{`${t('profiles.title')} · ${t('fault.product')}`}</title>
      <div className="console-head">
        <div>
          <h1 className="console-title">{t('profiles.title')}</h1>
          <p className="text-muted">{t('profiles.lead')}</p>
        </div>
        {isAdmin && (
          <Link className="button-primary" prefetch={false} href={'/profiles/new' as Route}>
            {t('profiles.create')}
          </Link>
        )}
      </div>
      {told && (
        <p
          role={told === 'unknown' ? 'alert' : 'status'}
          className={`notice mb-6 ${told === 'unknown' ? 'notice-error' : 'notice-ok'}`}
        >
          {t(`profiles.said.${told}`)}
        </p>
      )}
      <table className="rows">
        <caption>{t('profiles.listCaption', { count: profiles.length })}</caption>
        <thead>
          <tr>
            {['name', 'key', 'start', 'uses', 'state'].map((column) => (
              <th key={column} scope="col">
                {t(`profiles.${column}`)}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {profiles.map((profile) => {
            const used = uses.get(profile.key) ?? 0
            return (
              <tr key={profile.key}>
                <th scope="row">
                  <Link className="link" prefetch={false} href={`/profiles/${profile.key}` as Route}>
                    <bdi>{nameOf(profile, language)}</bdi>
                  </Link>
                </th>
                <td data-label={t('profiles.key')}>
                  <code>{profile.key}</code>
                </td>
                <td data-label={t('profiles.start')}>{t(`profiles.form.startDates.${profile.startDate}`)}</td>
                <td data-label={t('profiles.uses')}>{used >= USES_MAX ? t('profiles.usesMany') : used}</td>
                <td data-label={t('profiles.state')}>{t(`profiles.${stateOf(profile)}`)}</td>
                <td>{isAdmin && <Work t={t} profile={profile} name={nameOf(profile, language)} />}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </>
  )
}

function stateOf(profile: Profile): 'builtIn' | 'own' | 'disabledState' {
  if (isBuiltIn(profile.key)) return 'builtIn'
  return profile.disabledAt ? 'disabledState' : 'own'
}

/** What an admin may do with one profile. Each link says to which one. */
function Work({ t, profile, name }: { t: Words; profile: Profile; name: string }) {
  const { key, disabledAt } = profile
  return (
    <div className="row-work">
      <Link className="link" prefetch={false} href={`/profiles/new?copy=${key}` as Route}>
        {t('profiles.copy')}
        <span className="sr-only"> {name}</span>
      </Link>
      {!isBuiltIn(key) && !disabledAt && (
        <Link className="link" prefetch={false} href={`/profiles/${key}/disable` as Route}>
          {t('profiles.disable')}
          <span className="sr-only"> {name}</span>
        </Link>
      )}
      {disabledAt && (
        <form action={enableProfileAction.bind(null, key)}>
          <button type="submit" className="link">
            {t('profiles.enable')}
            <span className="sr-only"> {name}</span>
          </button>
        </form>
      )}
    </div>
  )
}

import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { ConsoleNav } from '#components/team/console-nav.tsx'
import { SessionEnd } from '#components/team/session-end.tsx'
import { findSignedIn } from '#lib/auth/session.ts'
import { THEME_COOKIE, themeOf, themes } from '#lib/theme.ts'
import { pageWords } from '../page-words.ts'
import { chooseThemeAction, signOutAction } from './actions.ts'
import { type SectionName, section } from './sections.ts'
import './console.css'

/** The console's frame. It checks nobody: each page and action does that itself. */
export default async function TeamLayout({ children }: { children: ReactNode }) {
  const signedIn = await findSignedIn()
  if (!signedIn) return children
  const { staff, session } = signedIn
  const t = await pageWords()
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value)
  const links = (Object.keys(section) as SectionName[])
    .filter((name) => (section[name].roles as readonly string[]).includes(staff.role))
    .map((name) => ({ path: section[name].path, label: t(`team.frame.sections.${name}`) }))
  // Before it has a name of its own, the team bears the product's.
  const isNamed = session.teamName !== t('fault.product')
  return (
    <div className="console">
      <header className="console-bar">
        <p className="console-brand">
          {isNamed && <span className="text-muted">{t('fault.product')}</span>} <bdi>{session.teamName}</bdi>
        </p>
        <ConsoleNav label={t('team.frame.nav')} links={links} />
        <details className="console-account">
          <summary aria-label={t('team.frame.menu', { name: session.name })}>
            <bdi>{session.name}</bdi>
          </summary>
          <div className="console-menu">
            <p>
              <span className="text-muted text-sm">{t('team.frame.signedInAs')}</span>
              <bdi className="block font-semibold">{session.name}</bdi>
              <bdi className="block text-sm">{session.email}</bdi>
              <span className="block text-muted text-sm">{t(`team.roles.${staff.role}`)}</span>
            </p>
            <form action={chooseThemeAction}>
              <fieldset>
                <legend className="text-muted text-sm">{t('team.frame.theme')}</legend>
                <div className="console-themes">
                  {themes.map((name) => (
                    <button key={name} type="submit" name="theme" value={name} aria-pressed={name === theme}>
                      {t(`team.frame.themes.${name}`)}
                    </button>
                  ))}
                </div>
              </fieldset>
            </form>
            <form action={signOutAction}>
              <button type="submit" className="button-secondary w-full">
                {t('team.frame.signOut')}
              </button>
            </form>
          </div>
        </details>
      </header>
      <SessionEnd
        endsAt={session.endsAt.getTime()}
        words={{ title: t('team.frame.endsTitle'), text: t('team.frame.endsText'), link: t('team.frame.endsLink') }}
      />
      <main id="main" className="console-main">
        {children}
      </main>
    </div>
  )
}

'use server'

import type { Route } from 'next'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { requireActingStaff, signOut } from '#lib/auth/session.ts'
import { env } from '#lib/env.ts'
import { nextPath, PATH_HEADER } from '#lib/next-path.ts'
import { THEME_COOKIE, themeOf } from '#lib/theme.ts'

/** Ends the session of this browser. */
export async function signOutAction(): Promise<void> {
  await requireActingStaff()
  await signOut()
  redirect('/sign-in?state=signed-out')
}

const THEME_SECONDS = 365 * 86_400

/** Light, dark, or as the system says: kept in this browser. */
export async function chooseThemeAction(form: FormData): Promise<void> {
  await requireActingStaff()
  const secure = env().portalOrigin.startsWith('https:')
  const options = { path: '/', sameSite: 'lax', maxAge: THEME_SECONDS, secure } as const
  ;(await cookies()).set(THEME_COOKIE, themeOf(form.get('theme')), options)
  redirect(nextPath((await headers()).get(PATH_HEADER), env().portalOrigin) as Route)
}

'use server'

import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { after } from 'next/server'
import { answerWith } from '#lib/answer.ts'
import { mailLink, type Throttle } from '#lib/auth/ask-link.ts'
import { countSignIn, signInByLink } from '#lib/auth/sign-in.ts'
import { env } from '#lib/env.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { nextPath } from '#lib/next-path.ts'
import { isSameOrigin } from '#lib/origin.ts'
import { pageLanguage, pageWords } from '../page-words.ts'
import { refusedPath } from './refused-path.ts'

/** What the form shows again after a refusal. */
export type AskState = { email: string; problem: string | null }

/** "Send me a link". Whoever asks reads the same answer, in the same time, whether or not the address is a member's. */
export async function askLinkAction(_before: AskState, form: FormData): Promise<AskState> {
  const typed = textOf(form, 'email')
  const next = nextPath(textOf(form, 'next'), env().portalOrigin)
  if (!isSameOrigin(await headers(), env().portalOrigin)) redirect('/sign-in')
  const t = await pageWords()
  const email = parseEmailAddress(typed)
  if (!email) return { email: typed.slice(0, 254), problem: t('team.signIn.emailProblem') }
  const throttle = await countSignIn({ email })
  if (!throttle.allowed) return { email: typed, problem: await throttled(throttle) }

  const language = await pageLanguage()
  after(() => mailLink({ email, next, language }))
  redirect(`/sign-in?state=sent&next=${encodeURIComponent(next)}` as Route)
}

/** "Sign in" on the page of a link: only this uses it up. */
export async function confirmLinkAction(_before: AskState, form: FormData): Promise<AskState> {
  if (!isSameOrigin(await headers(), env().portalOrigin)) redirect('/sign-in')
  const outcome = await signInByLink(textOf(form, 'linkKey'))
  if (outcome.kind === 'signed_in') redirect(outcome.next as Route)
  // Only keys that open nothing count: whoever holds a good one is no guesser.
  const throttle = await countSignIn()
  if (!throttle.allowed) return { email: '', problem: await throttled(throttle) }
  redirect(refusedPath(outcome.kind))
}

async function throttled({ retryAfterSeconds }: Throttle): Promise<string> {
  answerWith(await headers(), { status: 429, headers: { 'retry-after': String(retryAfterSeconds) } })
  const t = await pageWords()
  return t('team.signIn.throttled', { minutes: Math.ceil(retryAfterSeconds / 60) })
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

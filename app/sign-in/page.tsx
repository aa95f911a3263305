import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { ShellPage } from '#components/ui/shell-page.tsx'
import { answerWith } from '#lib/answer.ts'
import { findSignedIn } from '#lib/auth/session.ts'
import { findAdminToAsk } from '#lib/auth/sign-in.ts'
import { env } from '#lib/env.ts'
import { nextPath } from '#lib/next-path.ts'
import { pageWords } from '../page-words.ts'
import { askLinkAction } from './actions.ts'
import { SignInForm } from './sign-in-form.tsx'
import { type SignInState, signInStates } from './states.ts'

type Search = { searchParams: Promise<{ state?: string; next?: string; proof?: string }> }

/** The team's front door, and every way to stand before it again: signed out, sent, refused, or asked once more. */
export default async function SignInPage({ searchParams }: Search) {
  const { state: given, next: wanted, proof } = await searchParams
  const next = nextPath(wanted, env().portalOrigin)
  const state = signInStates.find((known) => known === given) ?? 'start'
  const signedIn = await findSignedIn()
  if (signedIn && state !== 'again' && state !== 'sent') redirect(next as Route)

  const t = await pageWords()
  const { title, lead } = await sentences(state, proof ?? '')
  const status = state === 'link-ended' ? 410 : state === 'no-role' || state === 'wrong-account' ? 403 : undefined
  answerWith(await headers(), { status })
  return (
    <ShellPage product={t('fault.product')} title={title} lead={lead}>
      <title>{`${title} · ${t('fault.product')}`}</title>
      {state === 'sent' ? (
        <div className="max-w-md space-y-3">
          <p>{t('team.signIn.sentNothing')}</p>
          <a className="link" href={`/sign-in?next=${encodeURIComponent(next)}`}>
            {t('team.signIn.sentAgain')}
          </a>
        </div>
      ) : (
        <div className="card max-w-md space-y-6 p-6">
          {env().oidc && (
            <CompanyButton
              state={state}
              next={next}
              label={t('team.signIn.company')}
              other={t('team.signIn.otherAccount')}
            />
          )}
          {env().oidc && <p className="or-line">{t('team.signIn.or')}</p>}
          <SignInForm
            action={askLinkAction}
            next={next}
            email={state === 'again' ? (signedIn?.session.email ?? '') : ''}
            isFirst={!env().oidc}
            words={{ email: t('team.signIn.email'), hint: t('team.signIn.emailHint'), send: t('team.signIn.send') }}
          />
        </div>
      )}
    </ShellPage>
  )

  async function sentences(shown: SignInState, shownProof: string): Promise<{ title: string; lead: string }> {
    if (shown !== 'no-role') return { title: t(`team.signIn.${shown}.title`), lead: t(`team.signIn.${shown}.lead`) }
    const admin = await findAdminToAsk(shownProof)
    const lead = admin ? t('team.signIn.no-role.leadAdmin', { admin }) : t('team.signIn.no-role.lead')
    return { title: t('team.signIn.no-role.title'), lead }
  }
}

/** A plain link: the policy of our pages lets no form lead to another host, and going there changes nothing here. */
function CompanyButton({
  state,
  next,
  label,
  other,
}: {
  state: SignInState
  next: string
  label: string
  other: string
}) {
  const ask = state === 'again' ? 'login' : state === 'no-role' || state === 'wrong-account' ? 'select_account' : null
  const search = new URLSearchParams({ next, ...(ask ? { ask } : {}) })
  return (
    <a className="button-primary w-full" href={`/sign-in/company?${search}`}>
      {ask === 'select_account' ? other : label}
    </a>
  )
}

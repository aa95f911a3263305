import type { Route } from 'next'
import { proofOfCompany, type SignInOutcome } from '#lib/auth/sign-in.ts'

type Refused = Exclude<SignInOutcome['kind'], 'signed_in'>

/** The page that says why somebody was not signed in, and what to do. */
export function refusedPath(kind: Refused): Route {
  switch (kind) {
    case 'no_role':
      return `/sign-in?state=no-role&proof=${encodeURIComponent(proofOfCompany())}` as Route
    case 'wrong_account':
      return '/sign-in?state=wrong-account' as Route
    case 'link_ended':
      return '/sign-in?state=link-ended' as Route
    case 'failed':
      return '/sign-in?state=failed' as Route
  }
}

import 'server-only'
import { cookies, headers } from 'next/headers'
import { digestOfLinkKey, signValue, verifySigned } from '#lib/crypto/digest.ts'
import { db } from '#lib/data/database.ts'
import { findOrCreateFirstTeam } from '#lib/data/requests.ts'
import type { SignInLink } from '#lib/data/sign-in-links.ts'
import { findSignInLink } from '#lib/data/sign-in-links.ts'
import { findFirstAdmin } from '#lib/data/staff.ts'
import { env } from '#lib/env.ts'
import { nextPath } from '#lib/next-path.ts'
import { clientAddress } from '#lib/peer-address.ts'
import type { Throttle } from './ask-link.ts'
import { limitSignIn } from './ask-link.ts'
import type { Flow, Refusal } from './flow.ts'
import { newFlow } from './flow.ts'
import { askNextAuth, postToNextAuth } from './next-auth.ts'
import { sessionCookie } from './session-cookie.ts'

/** Counts one attempt of whoever sent this request. */
export async function countSignIn({ email }: { email?: string } = {}): Promise<Throttle> {
  return limitSignIn({ address: clientAddress(await headers()) ?? 'unknown', email })
}

/** Whom a link would sign in. Reading only: scanners open links too. */
export function findLinkHolder(key: string): Promise<SignInLink | null> {
  return findSignInLink(digestOfLinkKey(key))
}

/** How an attempt ended, for the page that comes next. */
export type SignInOutcome = { kind: 'signed_in'; next: string } | { kind: Refusal | 'failed' }

/** The member pressed the button of the confirm page: the link is used up and a session starts. */
export async function signInByLink(key: string): Promise<SignInOutcome> {
  const link = await findLinkHolder(key)
  if (!link) return { kind: 'link_ended' }
  const next = nextPath(link.nextPath, env().portalOrigin)
  const flow = await flowOfRequest(next)
  await askNextAuth(flow, {
    method: 'GET',
    action: 'callback',
    provider: 'mail',
    query: { token: key, email: link.email, callbackUrl: next },
  })
  await keepSession(flow)
  return outcomeOf(flow, next)
}

/** The way to the company's sign-in. `again`: the person must prove who they are, whatever the company remembers. */
export async function startCompanySignIn({
  next,
  ask,
}: {
  next: string
  ask: 'login' | 'select_account' | null
}): Promise<{ location: string; setCookies: string[] } | null> {
  const flow = await flowOfRequest(next)
  const query: Record<string, string> = ask === 'login' ? { prompt: ask, max_age: '0' } : ask ? { prompt: ask } : {}
  const { location, setCookies } = await postToNextAuth(flow, {
    action: 'signin',
    provider: 'company',
    query,
    body: { callbackUrl: next },
  })
  const isElsewhere = location !== null && new URL(location).origin !== env().portalOrigin
  return isElsewhere ? { location, setCookies } : null
}

/** The browser is back from the company's sign-in. */
export async function finishCompanySignIn(
  query: Record<string, string>,
): Promise<SignInOutcome & { setCookies: string[] }> {
  const flow = await flowOfRequest('/')
  const jar = Object.fromEntries((await cookies()).getAll().map(({ name, value }) => [name, value]))
  delete jar[sessionCookie().name]
  const { location, setCookies } = await askNextAuth(flow, {
    method: 'GET',
    action: 'callback',
    provider: 'company',
    query,
    cookies: jar,
  })
  await keepSession(flow)
  const next = nextPath(location?.replace(env().portalOrigin, ''), env().portalOrigin)
  const { name } = sessionCookie()
  return { ...outcomeOf(flow, next), setCookies: setCookies.filter((cookie) => !cookie.startsWith(`${name}=`)) }
}

async function flowOfRequest(next: string): Promise<Flow> {
  const before = (await cookies()).get(sessionCookie().name)?.value ?? null
  return newFlow({ address: clientAddress(await headers()), language: 'en', nextPath: next, before })
}

async function keepSession({ session }: Flow): Promise<void> {
  const { name, options } = sessionCookie()
  if (session) (await cookies()).set(name, session.value, options)
}

function outcomeOf({ session, refusal }: Flow, next: string): SignInOutcome {
  return session ? { kind: 'signed_in', next } : { kind: refusal ?? 'failed' }
}

const PROOF_LABEL = 'known-to-the-company'
const PROOF_MINUTES = 10

/** Lets the next page name an admin: only to somebody whom the company's sign-in has just vouched for. */
export function proofOfCompany(): string {
  return signValue(PROOF_LABEL, String(Date.now() + PROOF_MINUTES * 60_000))
}

/** The admin to ask for a role, for whoever holds such a proof. */
export async function findAdminToAsk(proof: string): Promise<string | null> {
  const until = Number(verifySigned(PROOF_LABEL, proof) ?? 0)
  if (until < Date.now()) return null
  const { id } = await findOrCreateFirstTeam(db())
  return (await findFirstAdmin(db(), id))?.name ?? null
}

import 'server-only'
import type { NextApiRequest, NextApiResponse } from 'next'
import type { NextAuthOptions, Profile } from 'next-auth'
import NextAuthModule from 'next-auth'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { keyFor } from '#lib/crypto/digest.ts'
import { SESSION_HOURS_MAX } from '#lib/data/staff-sessions.ts'
import { env, nameOriginToNextAuth } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { nextPath } from '#lib/next-path.ts'
import type { Flow } from './flow.ts'
import { adapterOf, decide, newSecretKey, queueLink } from './flow.ts'
import { flowCookies, sessionCookie } from './session-cookie.ts'

/** What next-auth is asked: its action and provider, as in its addresses. */
type Question = {
  method: 'GET' | 'POST'
  action: 'csrf' | 'signin' | 'callback'
  provider?: 'company' | 'mail'
  query?: Record<string, string>
  body?: Record<string, string>
  cookies?: Record<string, string>
}

export type NextAuthAnswer = { location: string | null; setCookies: string[]; body: unknown }

/** The module is CommonJS: a bundler and Node hand over its default export differently. */
const handle = ((NextAuthModule as unknown as { default?: unknown }).default ?? NextAuthModule) as (
  request: NextApiRequest,
  response: NextApiResponse,
  options: NextAuthOptions,
) => Promise<void>

/**
 * Asks next-auth, without any page or address of its own in between: what it answers is for our pages to show. The
 * session of this browser is never passed on, so that every sign-in starts a new one; `flow` tells how it ended.
 */
export async function askNextAuth(flow: Flow, question: Question): Promise<NextAuthAnswer> {
  const { portalOrigin } = env()
  nameOriginToNextAuth(portalOrigin)
  const answer: NextAuthAnswer = { location: null, setCookies: [], body: null }
  const { action, provider, query = {}, body = {}, cookies = {}, method } = question
  const request = {
    method,
    query: { ...query, nextauth: [action, provider].filter(Boolean) },
    body,
    cookies,
    headers: {},
  }
  await handle(request as unknown as NextApiRequest, responseInto(answer), optionsOf(flow))
  return answer
}

/** A POST carries next-auth's own proof that our page sent it, besides the check of `Origin` that came before. */
export async function postToNextAuth(flow: Flow, question: Omit<Question, 'method'>): Promise<NextAuthAnswer> {
  const { body, setCookies } = await askNextAuth(flow, { method: 'GET', action: 'csrf' })
  const { name } = flowCookies().csrfToken
  const value =
    setCookies
      .find((cookie) => cookie.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .split(';')[0] ?? ''
  return askNextAuth(flow, {
    ...question,
    method: 'POST',
    body: { ...question.body, csrfToken: (body as { csrfToken: string }).csrfToken },
    cookies: { ...question.cookies, [name]: decodeURIComponent(value) },
  })
}

/** The few calls of Node's response that next-auth makes. */
function responseInto(answer: NextAuthAnswer): NextApiResponse {
  const keep = (body: unknown) => {
    answer.body = body
  }
  const response = {
    status: () => response,
    getHeader: (name: string) => (name === 'Set-Cookie' ? answer.setCookies : undefined),
    setHeader(name: string, value: string | string[]) {
      if (name === 'Set-Cookie') answer.setCookies = [value].flat()
      if (name === 'Location') answer.location = String(value)
      return response
    },
    json: keep,
    send: keep,
    end: () => {},
  }
  return response as unknown as NextApiResponse
}

function optionsOf(flow: Flow): NextAuthOptions {
  const { oidc, portalOrigin } = env()
  return {
    secret: keyFor('next-auth'),
    adapter: adapterOf(flow),
    session: { strategy: 'database', maxAge: SESSION_HOURS_MAX * 3600, generateSessionToken: newSecretKey },
    useSecureCookies: portalOrigin.startsWith('https:'),
    cookies: { ...flowCookies(), sessionToken: sessionCookie() },
    providers: [mailProvider(flow), ...(oidc ? [companyProvider(oidc)] : [])],
    callbacks: {
      signIn: ({ user, account, profile }) => decide(flow, { user, account, profile }),
      redirect: async ({ url }) => portalOrigin + nextPath(url.replace(portalOrigin, ''), portalOrigin),
    },
    logger: {
      error: (code, details) => void log.error('sign_in.failed', causeOf(details), { reason: code }),
      warn: () => {},
      debug: () => {},
    },
  }
}

/** Of what next-auth reports only the error itself: the rest may be claims, codes and tokens. */
function causeOf(details: unknown): unknown {
  return details instanceof Error ? details : (details as { error?: unknown })?.error
}

/** A link by e-mail, through our own outbox. With an empty secret the digest of a key is the plain one we store. */
function mailProvider(flow: Flow): Provider {
  const provider = {
    id: 'mail',
    type: 'email',
    name: 'E-mail',
    server: '',
    from: '',
    secret: '',
    maxAge: SESSION_HOURS_MAX * 3600,
    options: {},
    generateVerificationToken: newSecretKey,
    sendVerificationRequest: ({ token }: { token: string }) => queueLink(flow, token),
  }
  // The published types know next-auth's own mail provider only.
  return provider as unknown as Provider
}

/** Somebody who proved to the company longer ago than a session may last proves it again. */
const COMPANY_SECONDS_MAX = SESSION_HOURS_MAX * 3600

type Provider = NextAuthOptions['providers'][number]
type Claims = Profile & { email_verified?: unknown; xms_edov?: unknown; auth_time?: unknown }

function companyProvider({ issuer, clientId, clientSecret }: NonNullable<ReturnType<typeof env>['oidc']>) {
  const provider: OAuthConfig<Claims> = {
    id: 'company',
    type: 'oauth',
    name: 'Company',
    wellKnown: `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret: clientSecret.reveal(),
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    authorization: { params: { scope: 'openid email profile', max_age: COMPANY_SECONDS_MAX } },
    // Many providers tell the address at the userinfo address alone; what was signed wins.
    userinfo: {
      request: async ({ client, tokens }) => {
        const signed = tokens.id_token ? claimsOf(tokens.id_token) : {}
        return signed.email
          ? (signed as Claims)
          : ({ ...(await client.userinfo(tokens as never)), ...signed } as Claims)
      },
    },
    profile: (claims) => ({
      id: verifiedEmail(claims) ?? 'unverified',
      email: verifiedEmail(claims),
      name: claims.name,
    }),
  }
  return provider
}

/** The signature was checked before. */
function claimsOf(idToken: string): Partial<Claims> {
  return JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

/** An address counts only where the company says that it is the person's own (Entra ID says so by `xms_edov`). */
export function verifiedEmail({ email, email_verified, xms_edov }: Claims): string | null {
  const isVerified = [email_verified, xms_edov].some((claim) => claim === true || claim === 'true' || claim === '1')
  return isVerified && typeof email === 'string' ? email : null
}

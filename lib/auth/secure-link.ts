import 'server-only'
import { cookies, headers } from 'next/headers'
import type { LinkHolder } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { signValue, verifySigned } from '#lib/crypto/digest.ts'
import { findConnectionScope } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { listEarlierRequests } from '#lib/data/hand-overs.ts'
import type { LinkState, SecureLink } from '#lib/data/secure-links.ts'
import { findLink, GRACE_MINUTES } from '#lib/data/secure-links.ts'
import { env } from '#lib/env.ts'
import { isSameOrigin } from '#lib/origin.ts'
import { clientAddress } from '#lib/peer-address.ts'

const COOKIE_LABEL = 'secure-link-cookie'

/**
 * The cookie that stands for an opened link. One for each request, so that several links in one browser
 * never mix. It names the link and is signed; the link key itself stays out of the browser's store.
 */
export function linkCookie(link: SecureLink): string {
  const secure = env().portalOrigin.startsWith('https:')
  const lifetimeSeconds = Math.ceil((link.expiresAt.getTime() - Date.now()) / 1000) + GRACE_MINUTES * 60
  const parts = [
    `${cookieName(link.requestId)}=${signValue(COOKIE_LABEL, link.id)}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    `Max-Age=${Math.max(60, lifetimeSeconds)}`,
  ]
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ')
}

function cookieName(requestId: string): string {
  const prefix = env().portalOrigin.startsWith('https:') ? '__Host-' : ''
  return `${prefix}latchkey-${requestId}`
}

export type LinkAccess =
  | { kind: 'none' }
  | { kind: 'ended'; link: SecureLink }
  | { kind: 'holder'; holder: LinkHolder; link: SecureLink }

/** Who this browser is for one connection: nobody, somebody whose link ended, or the holder of its link. */
export async function findLinkAccess({
  connectionId,
  requestId,
}: {
  connectionId?: string
  requestId?: string
}): Promise<LinkAccess> {
  const scope = connectionId ? await findConnectionScope(connectionId) : null
  const wanted = requestId ?? scope?.requestId
  if (!wanted) return { kind: 'none' }
  const linkId = verifySigned(COOKIE_LABEL, (await cookies()).get(cookieName(wanted))?.value ?? '')
  const link = linkId === null ? null : await findLink(db(), linkId)
  if (!link || link.requestId !== wanted) return { kind: 'none' }
  if (!mayAct(link.state)) return { kind: 'ended', link }
  const holder = proven<'link_holder'>({
    kind: 'link_holder',
    teamId: link.teamId,
    requestId: link.requestId,
    linkId: link.id,
    connectionId: connectionId ?? '',
    address: clientAddress(await headers()),
  })
  return { kind: 'holder', holder, link }
}

function mayAct(state: LinkState): boolean {
  return state === 'live' || state === 'grace'
}

/** As `findActingHolder`, for what concerns the whole request. */
export async function findActingRequestHolder(requestId: string): Promise<LinkHolder | null> {
  if (!isSameOrigin(await headers(), env().portalOrigin)) return null
  const access = await findLinkAccess({ requestId })
  return access.kind === 'holder' ? access.holder : null
}

/** A request of this connection whose link this browser had before it was handed over. */
export async function findHandedOverAccess(
  connectionId: string,
): Promise<{ teamId: string; requestId: string } | null> {
  for (const requestId of await listEarlierRequests(connectionId)) {
    const access = await findLinkAccess({ requestId })
    if (access.kind === 'ended' && access.link.state === 'handed_over') return access.link
  }
  return null
}

/** For Server Actions and other POSTs: the holder of the connection's link, from our own pages; null for everybody else. */
export async function findActingHolder(connectionId: string): Promise<LinkHolder | null> {
  if (!isSameOrigin(await headers(), env().portalOrigin)) return null
  const access = await findLinkAccess({ connectionId })
  return access.kind === 'holder' ? access.holder : null
}

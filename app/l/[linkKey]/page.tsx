import type { Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { after } from 'next/server'
import { answerWith } from '#lib/answer.ts'
import { linkCookie } from '#lib/auth/secure-link.ts'
import { askForNewLink, findLinkByKey } from '#lib/connection/links.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { noteLinkFetch } from '#lib/data/link-fetches.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { SecureLink } from '#lib/data/secure-links.ts'
import { LANGUAGE_COOKIE } from '#lib/language.ts'
import { clientAddress } from '#lib/peer-address.ts'
import { EndedPage } from '../../(customer)/ended-page.tsx'
import { HandedOverPage } from '../../(customer)/handed-over-page.tsx'

type Params = { params: Promise<{ linkKey: string }>; searchParams: Promise<{ asked?: string; to?: string }> }

const LINK_KEY = /^[A-Za-z0-9_-]{43}$/
const UNKNOWN_LINKS_PER_MINUTE = 60

/** The secure link. Live: 303 to an address without the key, with the browser's cookie. Else: which kind of dead it is. */
export default async function SecureLinkPage({ params, searchParams }: Params) {
  const { linkKey } = await params
  const link = LINK_KEY.test(linkKey) ? await findLinkByKey(linkKey) : null
  if (!link) return <UnknownLink />
  const { asked, to } = await searchParams
  // After the answer: a fetch is worth a note for support, and nobody waits for it.
  after(() => noteLinkFetch(link))
  if (link.state === 'live') await enter(link, to)

  answerWith(await headers(), { status: 410 })
  if (link.state === 'handed_over') return <HandedOverPage link={link} />
  // Whoever asked reads the same answer whether or not a new link was made.
  if (asked === 'yes') return <EndedPage kind="expired" link={{ ...link, endedAt: null }} asked />
  return <EndedPage kind={link.state} link={link} askAction={askAction.bind(null, linkKey)} />
}

async function UnknownLink() {
  const address = clientAddress(await headers()) ?? 'unknown'
  const { allowed, retryAfterSeconds } = await hitLimit({
    bucket: `unknown-link:${address}`,
    windowSeconds: 60,
    hitsMax: UNKNOWN_LINKS_PER_MINUTE,
  })
  if (allowed) {
    answerWith(await headers(), { status: 404 })
    return <EndedPage kind="unknown" link={null} />
  }
  answerWith(await headers(), { status: 429, headers: { 'retry-after': String(retryAfterSeconds) } })
  return <EndedPage kind="throttled" link={null} retryMinutes={Math.ceil(retryAfterSeconds / 60)} />
}

/** `to`: the reader of a reminder pressed "I am not the right person". */
async function enter(link: SecureLink, to: string | undefined): Promise<never> {
  const connections = await listRequestConnections(db(), link)
  const [only] = connections
  const home = connections.length === 1 && only ? `/connect/${only.id}` : `/checklist/${link.requestId}`
  const path = to === 'decline' ? `/decline/${link.requestId}` : home
  answerWith(await headers(), {
    status: 303,
    headers: { 'set-cookie': [linkCookie(link), languageCookie(only?.language ?? 'en')] },
  })
  redirect(path as Route)
}

/** Always answers the same, so that nobody learns anything by asking. */
async function askAction(linkKey: string): Promise<void> {
  'use server'
  await askForNewLink(linkKey)
  redirect(`/l/${linkKey}?asked=yes` as Route)
}

/** Pages outside the request, such as the help, follow the language of the link that was opened last. */
function languageCookie(language: string): string {
  return `${LANGUAGE_COOKIE}=${language}; Path=/; SameSite=Lax; Max-Age=${30 * 86_400}`
}

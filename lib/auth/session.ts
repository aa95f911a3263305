import 'server-only'
import type { Route } from 'next'
import { cookies, headers } from 'next/headers'
import { forbidden, redirect } from 'next/navigation'
import { cache } from 'react'
import { proven, type Staff, type StaffRole } from '#lib/actor.ts'
import { answerWith } from '#lib/answer.ts'
import { digestOfLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import type { StaffSession } from '#lib/data/staff-sessions.ts'
import { deleteStaffSession, findStaffSession, markSessionSeen } from '#lib/data/staff-sessions.ts'
import { env } from '#lib/env.ts'
import { nextPath, PATH_HEADER } from '#lib/next-path.ts'
import { isSameOrigin } from '#lib/origin.ts'
import { clientAddress } from '#lib/peer-address.ts'
import { sessionCookie } from './session-cookie.ts'

/** Who is signed in, and what the console's frame says about them. */
export type SignedIn = { staff: Staff; session: StaffSession }

/** Read once for each page, however many of its parts ask. Counts as activity. */
const findActive = cache(async (): Promise<SignedIn | null> => {
  const digest = await sessionDigest()
  const found = await read(digest)
  if (found && digest) await markSessionSeen(digest)
  return found
})

async function sessionDigest(): Promise<Buffer | null> {
  const value = (await cookies()).get(sessionCookie().name)?.value
  return value ? digestOfLinkKey(value) : null
}

async function read(digest: Buffer | null): Promise<SignedIn | null> {
  const session = digest && (await findStaffSession(digest))
  if (!session) return null
  const { teamId, staffId, role } = session
  const address = clientAddress(await headers())
  return { session, staff: proven<'staff'>({ kind: 'staff', teamId, staffId, role, address }) }
}

/** Whoever is signed in, for the frame of the console; null for everybody else. */
export function findSignedIn(): Promise<SignedIn | null> {
  return findActive()
}

/**
 * Whoever is signed in. Route handlers answer null with 401 and a role that does not fit with 403. What a page asks
 * for by itself is no activity: `isPolling` leaves the idle time running.
 */
export async function findStaff({ isPolling = false } = {}): Promise<Staff | null> {
  const found = isPolling ? await read(await sessionDigest()) : await findActive()
  return found?.staff ?? null
}

/** For pages: a member with one of these roles (none named: any). Others are sent to sign in, or read whom to ask. */
export async function requireStaff(...roles: StaffRole[]): Promise<Staff> {
  return (await requireSignedIn(roles)).staff
}

/** For Server Actions: as `requireStaff`, and the form came from our own pages. */
export async function requireActingStaff(...roles: StaffRole[]): Promise<Staff> {
  if (!isSameOrigin(await headers(), env().portalOrigin)) await refuse()
  return requireStaff(...roles)
}

/** For what must not be done from an unlocked laptop: as `requireActingStaff`, signed in within the last minutes. */
export async function requireFreshStaff(...roles: StaffRole[]): Promise<Staff> {
  const staff = await requireActingStaff(...roles)
  if (await isFresh()) return staff
  redirect(await againPath())
}

/** Whether the member proved within the last minutes who they are. A page asks before it shows such a form. */
export async function isFresh(): Promise<boolean> {
  return (await findActive())?.session.isFresh ?? false
}

/** Where the member proves again who they are, and comes back from. */
export async function againPath(): Promise<Route> {
  return `/sign-in?state=again&next=${encodeURIComponent(await currentPath())}` as Route
}

async function requireSignedIn(roles: StaffRole[]): Promise<SignedIn> {
  const found = await findActive()
  if (!found) {
    const state = (await sessionDigest()) ? '&state=ended' : ''
    redirect(`/sign-in?next=${encodeURIComponent(await currentPath())}${state}` as Route)
  }
  if (roles.length > 0 && !roles.includes(found.staff.role)) await refuse()
  return found
}

/** 403, and the page that says whom to ask. Next alone would answer 200 to the posted form of an action. */
async function refuse(): Promise<never> {
  answerWith(await headers(), { status: 403 })
  forbidden()
}

/** The page that was asked for. The header only says where to return to: without it that is the console's home. */
async function currentPath(): Promise<string> {
  return nextPath((await headers()).get(PATH_HEADER), env().portalOrigin)
}

/** Ends the session of this browser; it is gone for every later request. */
export async function signOut(): Promise<void> {
  const digest = await sessionDigest()
  const address = clientAddress(await headers())
  const found = await read(digest)
  await inTransaction(async (trx) => {
    const ended = digest && (await deleteStaffSession(trx, digest))
    if (!ended || !found) return
    const staff = proven<'staff'>({ ...found.staff, address })
    await recordAudit(trx, staff, {
      action: 'staff.signed_out',
      objectId: staff.staffId,
      details: { session: ended.id },
    })
  })
  const { name, options } = sessionCookie()
  ;(await cookies()).set(name, '', { ...options, maxAge: 0 })
}

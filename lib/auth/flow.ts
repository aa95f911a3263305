import 'server-only'
import type { Account, Profile, User } from 'next-auth'
import type { Adapter } from 'next-auth/adapters'
import { proven } from '#lib/actor.ts'
import { digestOfLinkKey, newLinkKey } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { findOrCreateFirstTeam } from '#lib/data/requests.ts'
import { findSignInLink, takeSignInLink } from '#lib/data/sign-in-links.ts'
import type { Member } from '#lib/data/staff.ts'
import { findMemberToSignIn } from '#lib/data/staff.ts'
import type { SignInMethod } from '#lib/data/staff-sessions.ts'
import { deleteStaffSession, insertStaffSession } from '#lib/data/staff-sessions.ts'
import { maskEmail } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { mailSignInLink } from './sign-in-links.ts'

/** Why somebody was not signed in. `no_role`: we know who it is, but they are no enabled member. */
export type Refusal = 'no_role' | 'wrong_account' | 'link_ended'

/** One attempt to sign in: what it starts from, and what became of it. next-auth itself tells neither. */
export type Flow = {
  address: string | null
  language: Language
  nextPath: string
  /** The value of this browser's session cookie; its session ends when a new one starts. */
  before: string | null
  member: Member | null
  method: SignInMethod
  authenticatedAt: Date | null
  session: { value: string } | null
  refusal: Refusal | null
}

export function newFlow(start: Pick<Flow, 'address' | 'language' | 'nextPath' | 'before'>): Flow {
  return { ...start, member: null, method: 'mail', authenticatedAt: null, session: null, refusal: null }
}

/** 256 random bits, for the cookie of a session and the key of a link. */
export function newSecretKey(): string {
  return newLinkKey().key
}

/** Whether this attempt may go on. Only enabled members sign in; nobody is ever made one by trying. */
export async function decide(
  flow: Flow,
  { user, account, profile }: { user: Pick<User, 'email'>; account: Account | null; profile?: Profile },
): Promise<boolean> {
  flow.member = user.email ? await findMemberToSignIn(db(), user.email) : null
  if (account?.provider === 'company') {
    const authTime = (profile as { auth_time?: unknown } | undefined)?.auth_time
    flow.method = 'company'
    flow.authenticatedAt = typeof authTime === 'number' ? new Date(authTime * 1000) : null
    flow.refusal = flow.member ? null : user.email ? 'no_role' : 'wrong_account'
    if (flow.refusal) await recordRefusal(flow, user.email ?? null)
  }
  return flow.member !== null
}

async function recordRefusal({ address, refusal }: Flow, email: string | null): Promise<void> {
  await inTransaction(async (trx) => {
    const { id: teamId } = await findOrCreateFirstTeam(trx)
    await recordAudit(trx, proven<'watcher'>({ kind: 'watcher', teamId }), {
      action: 'staff.sign_in_refused',
      objectId: teamId,
      outcome: 'refused',
      reason: refusal ?? undefined,
      details: { address, email: email && maskEmail(email) },
    })
  })
}

/** The letter with the link. Called for members only: `decide` came first. */
export async function queueLink(flow: Flow, key: string): Promise<void> {
  if (flow.member) await mailSignInLink(flow.member, { key, nextPath: flow.nextPath, language: flow.language })
}

/** next-auth's view of our tables. It can find members, use links up and start sessions; it can make nobody a member. */
export function adapterOf(flow: Flow): Adapter {
  const refuse = async () => {
    throw new Error('only the team itself adds members')
  }
  const findByEmail = async (email: string) => userOf(await findMemberToSignIn(db(), email))
  return {
    createUser: refuse,
    linkAccount: refuse,
    getUser: async () => null,
    getUserByEmail: findByEmail,
    getUserByAccount: async ({ providerAccountId }) => findByEmail(providerAccountId),
    updateUser: async () => userOf(flow.member) ?? refuse(),
    getSessionAndUser: async () => null,
    updateSession: async () => null,
    deleteSession: async () => null,
    // The letter's transaction has stored the digest already.
    createVerificationToken: async (link) => link,
    useVerificationToken: ({ token }) => takeLink(flow, Buffer.from(token, 'hex')),
    createSession: async ({ sessionToken, userId, expires }) => {
      await startSession(flow, sessionToken)
      return { sessionToken, userId, expires }
    },
  }
}

function userOf(member: Member | null) {
  return member && { id: member.id, email: member.email, name: member.name, emailVerified: null }
}

async function takeLink(flow: Flow, digest: Buffer) {
  const link = await findSignInLink(digest)
  if (!link || !(await takeSignInLink(db(), digest))) {
    flow.refusal = 'link_ended'
    return null
  }
  flow.method = link.issuedBy
  flow.authenticatedAt = new Date()
  return { identifier: link.email, token: '', expires: link.expiresAt }
}

/** A new session with its audit row; the one this browser had before ends in the same transaction. */
async function startSession(flow: Flow, value: string): Promise<void> {
  const { member, method, authenticatedAt, address, before } = flow
  if (!member) throw new Error('no member was found for this sign-in')
  await inTransaction(async (trx) => {
    if (before) await deleteStaffSession(trx, digestOfLinkKey(before))
    const { id: staffId, teamId, role } = member
    await insertStaffSession(trx, { digest: digestOfLinkKey(value), teamId, staffId, method, authenticatedAt })
    await recordAudit(trx, proven<'staff'>({ kind: 'staff', teamId, staffId, role, address }), {
      action: 'staff.signed_in',
      objectId: staffId,
      details: { method },
    })
  })
  flow.session = { value }
}

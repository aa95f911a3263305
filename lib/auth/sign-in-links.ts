import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { digestOfLinkKey, newLinkKey } from '#lib/crypto/digest.ts'
import { seal } from '#lib/crypto/envelope.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import type { Database } from '#lib/data/schema.ts'
import { insertSignInLink } from '#lib/data/sign-in-links.ts'
import type { Member } from '#lib/data/staff.ts'
import { env } from '#lib/env.ts'
import { Secret } from '#lib/secret.ts'
import type { Language } from '#lib/words.ts'

/** A mailed link is for now; the operator's may have to travel first. */
const MAILED_MINUTES = 15
const OPERATOR_MINUTES = 24 * 60

/** Where a link key leads to. */
export function signInAddress(key: string): string {
  return `${env().portalOrigin}/sign-in/link/${key}`
}

/** The context a mailed key is sealed in until the mail server has it. */
export function signInLinkContext({ teamId, staffId }: { teamId: string; staffId: string }) {
  return { teamId, connectionId: staffId, field: 'sign_in_link', host: 'mail' }
}

/** A link for a member, handed out by the operator. */
export async function issueSignInLink(
  trx: Kysely<Database>,
  actor: Actor,
  member: Pick<Member, 'id' | 'teamId'>,
): Promise<{ link: string }> {
  const { key, digest } = newLinkKey()
  const { id: staffId, teamId } = member
  await insertSignInLink(trx, {
    digest,
    teamId,
    staffId,
    issuedBy: 'operator',
    nextPath: null,
    minutes: OPERATOR_MINUTES,
  })
  await recordAudit(trx, actor, { action: 'staff.link_issued', objectId: staffId })
  return { link: signInAddress(key) }
}

/** Stores a link and queues its letter, both or neither. */
export async function mailSignInLink(
  member: Member,
  { key, nextPath, language }: { key: string; nextPath: string; language: Language },
): Promise<void> {
  const { id: staffId, teamId } = member
  const { sealed, wrappedKey } = await seal(new Secret(key), signInLinkContext({ teamId, staffId }))
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId })
  await inTransaction(async (trx) => {
    const digest = digestOfLinkKey(key)
    await insertSignInLink(trx, { digest, teamId, staffId, issuedBy: 'mail', nextPath, minutes: MAILED_MINUTES })
    await recordAudit(trx, watcher, { action: 'staff.link_issued', objectId: staffId })
    await insertLetter(trx, watcher, {
      requestId: null,
      connectionId: null,
      letter: 'sign_in',
      recipientName: member.name,
      recipientEmail: member.email,
      language,
      payload: { staffId, minutes: MAILED_MINUTES },
      sealedLink: { sealed, wrappedKey },
      host: new URL(env().portalOrigin).hostname,
    })
  })
}

import 'server-only'
import type { Kysely } from 'kysely'
import type { Watcher } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { getRequestContacts } from '#lib/data/contacts.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import type { Database } from '#lib/data/schema.ts'
import { env } from '#lib/env.ts'
import { maskEmail } from '#lib/format.ts'

/**
 * The mail server of the contact refused a letter with a link: the same letter goes to the backup contact. False when
 * the request has none, or when it was the backup's own letter that came back.
 */
export async function passToBackup(trx: Kysely<Database>, watcher: Watcher, letter: DueLetter): Promise<boolean> {
  const { requestId, connectionId, language, payload, sealedLink } = letter
  if (!requestId || !sealedLink) return false
  const { contact, backup } = await getRequestContacts(trx, { teamId: watcher.teamId, requestId })
  const isForContact = letter.recipientEmail === contact.email
  if (!backup || !isForContact || backup.email === contact.email) return false
  await insertLetter(trx, watcher, {
    requestId,
    connectionId,
    letter: letter.letter,
    recipientName: backup.name,
    recipientEmail: backup.email,
    language,
    payload,
    sealedLink,
    host: new URL(env().portalOrigin).hostname,
  })
  await recordAudit(trx, watcher, {
    action: 'request.backup_used',
    objectId: requestId,
    details: { letter: letter.letter, from: maskEmail(contact.email), to: maskEmail(backup.email) },
  })
  return true
}

import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { FoundConnection } from '#lib/data/support.ts'
import { findConnections } from '#lib/data/support.ts'
import { fieldsOf, providerIds } from '#lib/providers/fields.ts'
import { findLinkByKey } from './links.ts'

/** What the text in the look-up box turned out to be. A secure link is told by its shape and never repeated. */
export type LookedUp = { kind: 'link' | 'id' | 'words' | 'too_short'; found: FoundConnection[] }

/** The whole address, its end, or the key alone; also when a mail program broke it up or cut it. */
const LINK = /\/l\/\s*([A-Za-z0-9_\s-]*)|^([A-Za-z0-9_-]{43})$/
const ID = /\bcon_[0-9a-hjkmnp-tv-z]{26}\b/
const WORDS_MIN = 2
export const LOOK_UP_LENGTH_MAX = 500

/** Finds connections of the member's team by whatever a customer can say or paste. The log keeps what kind it was, not the text. */
export async function lookUp(staff: Staff, typed: string): Promise<LookedUp> {
  const lookedUp = await find(staff, typed.normalize('NFKC').slice(0, LOOK_UP_LENGTH_MAX).trim())
  await inTransaction((trx) =>
    recordAudit(trx, staff, {
      action: 'support.looked_up',
      objectId: staff.teamId,
      details: { kind: lookedUp.kind, found: lookedUp.found.map(({ id }) => id) },
    }),
  )
  return lookedUp
}

async function find(staff: Staff, text: string): Promise<LookedUp> {
  const link = LINK.exec(text)
  if (link) return { kind: 'link', found: await findByLink(staff, (link[1] ?? link[2] ?? '').replace(/\s/g, '')) }
  const [connectionId] = ID.exec(text) ?? []
  if (connectionId) return { kind: 'id', found: await findConnections(db(), staff, { connectionId }) }
  if (text.length < WORDS_MIN) return { kind: 'too_short', found: [] }
  return { kind: 'words', found: await findConnections(db(), staff, { words: domainIn(text) ?? text }) }
}

/** Only its digest is compared. A link of another team is as unknown as a made-up one. */
async function findByLink(staff: Staff, key: string): Promise<FoundConnection[]> {
  const link = await findLinkByKey(key)
  return link?.teamId === staff.teamId ? findConnections(db(), staff, { requestId: link.requestId }) : []
}

/** `https://acme.pipedrive.com/deals` is looked for as `acme`; anything that is no address of a provider stays as it is. */
function domainIn(text: string): string | null {
  if (!/[/.]/.test(text) || text.includes('@')) return null
  for (const provider of providerIds) {
    const { value, error } = fieldsOf(provider).cleanDomain(text)
    if (!error) return value
  }
  return null
}

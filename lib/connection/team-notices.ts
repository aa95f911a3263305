import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import type { Database } from '#lib/data/schema.ts'
import { listAdmins } from '#lib/data/staff.ts'
import type { TeamNotice } from '#lib/mail/team-letters.ts'
import type { Language } from '#lib/words.ts'
import { mailHost } from './link-mail.ts'

/** Queues a notice to every admin of the team, in the language that their last letter had. */
export async function tellAdmins(
  trx: Kysely<Database>,
  actor: Actor,
  letter: TeamNotice,
  factsIn: (language: Language) => Record<string, string>,
): Promise<void> {
  for (const { name, email, language } of await listAdmins(trx, actor))
    await insertLetter(trx, actor, {
      requestId: null,
      connectionId: null,
      letter,
      recipientName: name,
      recipientEmail: email,
      language,
      payload: factsIn(language),
      sealedLink: null,
      host: mailHost(),
    })
}

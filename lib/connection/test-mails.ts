import 'server-only'
import type { Kysely } from 'kysely'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { inTransaction } from '#lib/data/database.ts'
import { insertLetter } from '#lib/data/outbox.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Database } from '#lib/data/schema.ts'
import { lockMember } from '#lib/data/staff.ts'
import { sampleNames } from '#lib/mail/samples.ts'
import type { Language } from '#lib/words.ts'
import { mailHost } from './link-mail.ts'

const TEST_MAILS_PER_HOUR = 5
const SAMPLES_PER_HOUR = 2
const languages: readonly Language[] = ['en', 'de']

/** How many letters the samples are. */
export const sampleCount = sampleNames.length * languages.length

export type TestMailOutcome = { kind: 'sent'; count: number; email: string } | { kind: 'throttled' }

/** "Send me a test mail": through the outbox and the mail server, as every letter. */
export async function sendTestMail(staff: Staff, language: Language): Promise<TestMailOutcome> {
  return toMyself(staff, { bucket: 'test-mail', hitsMax: TEST_MAILS_PER_HOUR }, [
    { letter: 'test_mail', language, payload: {} },
  ])
}

/** "Send me all letters as samples": every letter in every language, to the address of whoever asks. */
export async function sendSamples(staff: Staff): Promise<TestMailOutcome> {
  return toMyself(
    staff,
    { bucket: 'samples', hitsMax: SAMPLES_PER_HOUR },
    languages.flatMap((language) => sampleNames.map((name) => ({ letter: 'sample', language, payload: { name } }))),
  )
}

type Mail = { letter: string; language: Language; payload: Record<string, string> }

async function toMyself(
  staff: Staff,
  { bucket, hitsMax }: { bucket: string; hitsMax: number },
  mails: Mail[],
): Promise<TestMailOutcome> {
  const { allowed } = await hitLimit({ bucket: `${bucket}:${staff.staffId}`, windowSeconds: 3600, hitsMax })
  if (!allowed) return { kind: 'throttled' }
  return inTransaction(async (trx) => {
    const member = await lockMember(trx, staff, staff.staffId)
    if (!member) throw new Error('whoever asks is a member of the team')
    for (const mail of mails) await queue(trx, staff, member, mail)
    await recordAudit(trx, staff, {
      action: 'mail.samples_sent',
      objectId: staff.staffId,
      details: { count: mails.length },
    })
    return { kind: 'sent', count: mails.length, email: member.email }
  })
}

async function queue(
  trx: Kysely<Database>,
  staff: Staff,
  { name, email }: { name: string; email: string },
  mail: Mail,
): Promise<void> {
  await insertLetter(trx, staff, {
    ...mail,
    requestId: null,
    connectionId: null,
    recipientName: name,
    recipientEmail: email,
    sealedLink: null,
    host: mailHost(),
  })
}

import 'server-only'
import { signInAddress, signInLinkContext } from '#lib/auth/sign-in-links.ts'
import { linkContext } from '#lib/connection/link-mail.ts'
import { findLinkByKey } from '#lib/connection/links.ts'
import { oneClickAddress, prepareReminder, stopKeyOf, stopPageAddress } from '#lib/connection/reminders.ts'
import { linkAddress } from '#lib/connection/request.ts'
import { digestOfLinkKey } from '#lib/crypto/digest.ts'
import type { SealContext } from '#lib/crypto/envelope.ts'
import { open } from '#lib/crypto/envelope.ts'
import { db } from '#lib/data/database.ts'
import type { DigestItem } from '#lib/data/digests.ts'
import { countLettersOfLastHour } from '#lib/data/digests.ts'
import type { DueLetter } from '#lib/data/outbox.ts'
import type { RequestParties } from '#lib/data/requests.ts'
import { findRequest } from '#lib/data/requests.ts'
import { findSignInLink } from '#lib/data/sign-in-links.ts'
import type { TeamSettings } from '#lib/data/teams.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { formatDate, formatDateTime } from '#lib/format.ts'
import type { MailBrand } from '#lib/mail/layout.ts'
import type { Letter, LetterName, LetterParams } from '#lib/mail/letters.ts'
import { letter as compose, isLinkLetter, managerLetters, signInLetter } from '#lib/mail/letters.ts'
import { isSampleName, sampleLetter } from '#lib/mail/samples.ts'
import type { OutgoingMail } from '#lib/mail/send.ts'
import type { NoticeFacts } from '#lib/mail/team-letters.ts'
import { digestLetter, noticeLetter, testLetter } from '#lib/mail/team-letters.ts'

/** `obsolete`: nobody needs it any more, and nothing is wrong with the address. `digest`: one of many, sent together. */
export type WrittenLetter =
  | { kind: 'mail'; mail: OutgoingMail }
  | { kind: 'obsolete'; reason: string }
  | { kind: 'later'; inSeconds: number }
  | { kind: 'digest'; item: DigestItem }

/** A manager gets so many notices an hour as mails of their own. */
export const NOTICES_PER_HOUR = 5

/** Writes a letter that is due, as things stand now. */
export async function writeLetter(due: DueLetter): Promise<WrittenLetter> {
  const team = await getTeamSettings(db(), due.teamId)
  switch (due.letter) {
    case 'sign_in':
      return writeSignIn(due, team)
    case 'manager_digest': {
      const { items, count } = due.payload as { items: DigestItem[]; count: number }
      return mailOf(due, team, digestLetter({ ...teamPartiesOf(due, team), items, count }, due.language))
    }
    case 'test_mail':
      return mailOf(due, team, testLetter(teamPartiesOf(due, team), due.language))
    case 'frozen_notice':
    case 'thawed_notice':
    case 'outage_notice':
    case 'webhook_off_notice': {
      const facts = { ...(due.payload as NoticeFacts), page: addressOf(due.payload.page) }
      return mailOf(due, team, noticeLetter(due.letter, { ...teamPartiesOf(due, team), ...facts }, due.language))
    }
    case 'sample': {
      const { name } = due.payload as { name: string }
      if (!isSampleName(name)) return { kind: 'obsolete', reason: 'no_such_letter' }
      return mailOf(due, team, sampleLetter(name, teamPartiesOf(due, team), due.language))
    }
    default:
      return writeForRequest(due, team)
  }
}

async function writeForRequest(due: DueLetter, team: TeamSettings): Promise<WrittenLetter> {
  const request = due.requestId ? await findRequest(db(), { teamId: due.teamId, request: due.requestId }) : null
  if (!request) return { kind: 'obsolete', reason: 'request_gone' }
  if (due.letter === 'reminder') return writeReminder(due, team, request)
  const link = await openLink(due)
  if (!link && isLinkLetter(due.letter)) return { kind: 'obsolete', reason: 'link_ended' }
  const written = composeFor(due, team, request, { ...(due.payload as Partial<LetterParams>), link })
  if (await isOneTooMany(due))
    return { kind: 'digest', item: { subject: written.subject, page: addressOf(due.payload.page) } }
  return mailOf(due, team, written, { replyTo: replyToOf(due, request) })
}

async function writeReminder(due: DueLetter, team: TeamSettings, request: RequestParties): Promise<WrittenLetter> {
  const reminder = await prepareReminder(due)
  if (reminder.kind !== 'ready') return reminder
  const { sealedLink, linkEndsAt } = reminder
  const link = await openLink({ ...due, sealedLink })
  if (!link) return { kind: 'obsolete', reason: 'link_ended' }
  const stopKey = stopKeyOf(request.id)
  const written = composeFor(due, team, request, {
    link,
    linkEnds: formatDateTime(linkEndsAt, due.language),
    lastDay: formatDate(linkEndsAt, due.language),
    stopPage: stopPageAddress(stopKey),
  })
  return mailOf(due, team, written, { replyTo: replyToOf(due, request), oneClickStop: oneClickAddress(stopKey) })
}

function composeFor(
  due: DueLetter,
  team: TeamSettings,
  request: RequestParties,
  more: Partial<LetterParams> & { link: string | null },
): Letter {
  return compose(
    due.letter as LetterName,
    {
      name: due.recipientName,
      team: request.teamName,
      contact: request.ownerName,
      customer: request.customerName,
      project: request.project,
      reference: request.reference,
      origin: env().portalOrigin,
      brand: brandOf(team),
      ...more,
      ...(more.page ? { page: addressOf(more.page) } : {}),
    },
    due.language,
  )
}

/** More than a few an hour are told together. */
async function isOneTooMany(due: DueLetter): Promise<boolean> {
  if (!(managerLetters as readonly string[]).includes(due.letter)) return false
  return (await countLettersOfLastHour(db(), due, [...managerLetters, 'manager_digest'])) >= NOTICES_PER_HOUR
}

/** A page of the console, in full. */
function addressOf(path: unknown): string {
  return `${env().portalOrigin}${String(path)}`
}

/** A link that was used, ran out, or belongs to somebody disabled is not sent any more. */
async function writeSignIn(due: DueLetter, team: TeamSettings): Promise<WrittenLetter> {
  if (!due.sealedLink) return { kind: 'obsolete', reason: 'no_link' }
  const { minutes } = due.payload as { minutes: number }
  const key = await open(due.sealedLink, sealedLinkContext(due))
  const link = await findSignInLink(digestOfLinkKey(key.reveal()))
  if (!link) return { kind: 'obsolete', reason: 'link_ended' }
  const parties = { name: due.recipientName, team: link.teamName, origin: env().portalOrigin }
  return mailOf(due, team, signInLetter({ ...parties, minutes, link: signInAddress(key.reveal()) }, due.language))
}

/** The context that the link of a letter was sealed in. */
export function sealedLinkContext({
  teamId,
  letter,
  requestId,
  payload,
}: Pick<DueLetter, 'teamId' | 'letter' | 'requestId' | 'payload'>): SealContext {
  if (letter === 'sign_in') return signInLinkContext({ teamId, staffId: String(payload.staffId) })
  return linkContext(teamId, String(requestId))
}

/** The address of the letter's link while it lives. */
async function openLink(due: DueLetter): Promise<string | null> {
  if (!due.sealedLink) return null
  const key = await open(due.sealedLink, sealedLinkContext(due))
  const link = await findLinkByKey(key.reveal())
  return link?.state === 'live' ? linkAddress(key.reveal()) : null
}

function teamPartiesOf(due: DueLetter, team: TeamSettings) {
  return { name: due.recipientName, team: team.name, origin: env().portalOrigin, brand: brandOf(team) }
}

/** Mail programs show PNG; few show SVG. */
function brandOf({ accent, logo, name }: TeamSettings): MailBrand {
  const logoAddress = logo?.type === 'image/png' ? `${env().portalOrigin}/brand/${logo.digest}` : null
  return { accent, logoAddress, team: name }
}

/** Answers of customers go to the account manager, and the answer to a question to whoever asked it. */
function replyToOf(due: DueLetter, request: RequestParties): OutgoingMail['replyTo'] {
  if (due.letter === 'question') return { name: request.contactName, address: request.contactEmail }
  const { ownerName, ownerEmail, teamName } = request
  if (!ownerEmail || ownerEmail === due.recipientEmail) return null
  return { name: ownerName ?? teamName, address: ownerEmail }
}

function mailOf(
  due: DueLetter,
  team: TeamSettings,
  written: Letter,
  { replyTo = null, oneClickStop }: { replyTo?: OutgoingMail['replyTo']; oneClickStop?: string } = {},
): WrittenLetter {
  return {
    kind: 'mail',
    mail: {
      to: { name: due.recipientName, address: due.recipientEmail },
      replyTo,
      fromName: `${team.senderName ?? team.name} via Latchkey`,
      messageId: due.messageId,
      oneClickStop,
      ...written,
    },
  }
}

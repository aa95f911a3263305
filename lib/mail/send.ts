import 'server-only'
import type { Transporter } from 'nodemailer'
import nodemailer from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js'
import { env } from '#lib/env.ts'
import type { Secret } from '#lib/secret.ts'
import { keepLocally } from './local-outbox.ts'

export type OutgoingMail = {
  to: { name: string; address: string }
  replyTo: { name: string; address: string } | null
  fromName: string
  messageId: string
  /** Where a mail program stops letters of this kind with one press (RFC 8058). */
  oneClickStop?: string
  subject: string
  html: string
  text: string
}

/** Accepted by the mail server; or not now; or never. The reason holds no address. */
/** `reason` is a code with what is known beside it: `smtp_answer 550 RCPT TO`. Pages have words for it. */
export type Delivery = { kind: 'accepted' } | { kind: 'deferred'; reason: string } | { kind: 'refused'; reason: string }

/** For each step: finding the server, connecting, its greeting, each silence. */
const MAIL_TIMEOUT_MS = 10_000
let server: { url: Secret; transport: Transporter } | null = null

/** Sends one mail to exactly one person; without a mail server it is kept in DATA_DIR, to be read at `/outbox`. */
export async function sendMail(mail: OutgoingMail): Promise<Delivery> {
  const { smtpUrl, mailFrom } = env()
  if (!smtpUrl) {
    await keepLocally(mail)
    return { kind: 'accepted' }
  }
  try {
    await transportTo(smtpUrl).sendMail({
      from: person(mail.fromName, mailFrom),
      to: [person(mail.to.name, mail.to.address)],
      ...(mail.replyTo ? { replyTo: person(mail.replyTo.name, mail.replyTo.address) } : {}),
      envelope: { from: mailFrom, to: [mail.to.address] },
      messageId: `<${mail.messageId}>`,
      subject: oneLine(mail.subject),
      html: mail.html,
      text: mail.text,
      headers: { 'Auto-Submitted': 'auto-generated', ...stopHeaders(mail) },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    return { kind: 'accepted' }
  } catch (error) {
    return judge(error)
  }
}

/** Whether the mail server takes our connection and our login; null when there is none. Sends nothing. */
export async function askMailServer(): Promise<Delivery | null> {
  const { smtpUrl } = env()
  if (!smtpUrl) return null
  try {
    await transportTo(smtpUrl).verify()
    return { kind: 'accepted' }
  } catch (error) {
    return judge(error)
  }
}

function stopHeaders({ oneClickStop }: OutgoingMail): Record<string, string> {
  return oneClickStop
    ? { 'List-Unsubscribe': `<${oneClickStop}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
    : {}
}

function transportTo(url: Secret): Transporter {
  if (server?.url === url) return server.transport
  const options: SMTPTransport.Options & { url: string } = {
    url: url.reveal(),
    dnsTimeout: MAIL_TIMEOUT_MS,
    connectionTimeout: MAIL_TIMEOUT_MS,
    greetingTimeout: MAIL_TIMEOUT_MS,
    socketTimeout: MAIL_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  server = { url, transport: nodemailer.createTransport(options) }
  return server.transport
}

/**
 * Only a lasting no to this recipient or this mail is final. A refused login, sender or connection is our own
 * setting: once it is mended, what waits must still go out. The server's text may name addresses and stays out.
 */
function judge(error: unknown): Delivery {
  const { responseCode, code, command } = error as { responseCode?: number; code?: string; command?: string }
  if (!responseCode) return { kind: 'deferred', reason: `smtp_unreachable ${code ?? 'unknown'}` }
  const reason = `smtp_answer ${responseCode} ${command ?? 'CONN'}`
  const isAboutTheMail = command === 'RCPT TO' || command === 'DATA'
  return { kind: responseCode >= 500 && isAboutTheMail ? 'refused' : 'deferred', reason }
}

function person(name: string, address: string): { name: string; address: string } {
  return { name: oneLine(name), address }
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

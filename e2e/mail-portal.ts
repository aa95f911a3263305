import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import path from 'node:path'
import { SMTPServer } from 'smtp-server'
import { expect, portalIn } from './fixtures.ts'

/** A portal of its own with a real mail server: what is asked for arrives in mailboxes, and so does what goes wrong. */

type Mail = { to: string; source: string }
type Answer = (error?: Error | null) => void

/** Takes every letter but those to addresses that start with `nobody`. */
function mailServer(mails: Mail[]): SMTPServer {
  return new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: ({ address }: { address: string }, _session: unknown, answer: Answer) =>
      answer(address.startsWith('nobody') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
    onData(stream: NodeJS.ReadableStream, session: { envelope: { rcptTo: { address: string }[] } }, answer: Answer) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const source = Buffer.concat(parts)
          .toString()
          .replace(/(?<!\?)=\r\n/g, '')
          .replace(/=3D/g, '=')
        for (const { address } of session.envelope.rcptTo) mails.push({ to: address, source })
        answer()
      })
    },
  })
}

/** `port`: the portal's; the fake Pipedrive, the mail server and the company's sign-in listen on the three after it. */
export function mailPortal(
  name: string,
  port: number,
  { company = false, settings = {} }: { company?: boolean; settings?: Record<string, string> } = {},
) {
  const mails: Mail[] = []
  const server = mailServer(mails)
  const origin = `http://localhost:${port}`
  const environment = {
    DATA_DIR: path.resolve('.data', name),
    PORTAL_ORIGIN: origin,
    SMTP_URL: `smtp://127.0.0.1:${port + 2}`,
  }
  let portal: ChildProcess

  async function start(): Promise<void> {
    await new Promise<void>((resolve) => server.listen(port + 2, '127.0.0.1', () => resolve()))
    const log = openSync(path.resolve('.data', `${name}.log`), 'w')
    portal = spawn(process.execPath, ['e2e/portal.mjs'], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        PORT: String(port),
        FAKE_PORT: String(port + 1),
        COMPANY_PORT: company ? String(port + 3) : '',
        E2E_DATA: name,
        E2E_SMTP_URL: environment.SMTP_URL,
        ...settings,
      },
    })
    const isReady = () => {
      if (portal.exitCode !== null) throw new Error(`it ended by itself: see .data/${name}.log`)
      return fetch(`${origin}/api/ready`).then(
        (answer) => answer.ok,
        () => false,
      )
    }
    await expect.poll(isReady, { timeout: 600_000 }).toBe(true)
  }

  async function stop(): Promise<void> {
    portal?.kill('SIGTERM')
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  async function mailTo(address: string, subject: RegExp): Promise<string> {
    const found = () => mails.find((mail) => mail.to === address && subject.test(subjectOf(mail.source)))
    await expect.poll(() => found() !== undefined, { timeout: 20_000, message: `${subject} to ${address}` }).toBe(true)
    return found()?.source ?? ''
  }

  return {
    origin,
    environment,
    companyOrigin: `http://localhost:${port + 3}`,
    mails,
    start,
    stop,
    mailTo,
    operate: (...argv: string[]) => portalIn(environment.DATA_DIR, argv),
  }
}

export function subjectOf(source: string): string {
  const folded = /^Subject: ((?:.*(?:\r\n[ \t].*)*))/m.exec(source)?.[1] ?? ''
  return folded
    .replace(/\?=\r\n[ \t]=\?/g, '?==?')
    .replace(/\r\n[ \t]/g, ' ')
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString()
        : decodeURIComponent(text.replaceAll('_', ' ').replace(/%/g, '%25').replaceAll('=', '%')),
    )
}

export const linkIn = (source: string) => /http:\/\/localhost:\d+\/l\/[\w-]{43}/.exec(source)?.[0] ?? ''

import 'server-only'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { env } from '#lib/env.ts'
import type { OutgoingMail } from './send.ts'

export type LocalMail = { id: string; at: string; to: string; subject: string; html: string; text: string }

const MAILS_MAX = 200
const MAIL_ID = /^[a-z0-9_-]{1,80}$/

const folder = () => join(env().dataDir, 'outbox')

/** Keeps a mail as a file only its owner can read, the newest ones only. A repeated one overwrites itself. */
export async function keepLocally(mail: OutgoingMail): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 })
  const id = (mail.messageId.split('@')[0] ?? '').replace(/[^a-z0-9_-]/g, '')
  const kept: LocalMail = {
    id,
    at: new Date().toISOString(),
    to: mail.to.address,
    subject: mail.subject,
    html: mail.html,
    text: mail.text,
  }
  const path = join(folder(), `${id}.json`)
  await writeFile(`${path}.part`, JSON.stringify(kept), { mode: 0o600 })
  await rename(`${path}.part`, path)
  for (const old of (await keptIds()).slice(MAILS_MAX)) await rm(join(folder(), `${old}.json`), { force: true })
}

/** Newest first: ids sort by the time they were made. */
async function keptIds(): Promise<string[]> {
  const names = await readdir(folder()).catch(() => [])
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort()
    .reverse()
}

/** The newest kept mails. */
export async function listLocalMail(): Promise<LocalMail[]> {
  const mails = await Promise.all((await keptIds()).slice(0, MAILS_MAX).map(findLocalMail))
  return mails.filter((mail) => mail !== null)
}

/** One kept mail. The id comes from an address bar, so it is looked at before it becomes part of a path. */
export async function findLocalMail(id: string): Promise<LocalMail | null> {
  if (!MAIL_ID.test(id)) return null
  const text = await readFile(join(folder(), `${id}.json`), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as LocalMail)
}

import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Mail = { messageId: string; to: string; subject: string }

type Answer = (error?: Error | null) => void

/** A mail server that keeps what it is given and takes a moment to say so: whoever dies before sends it again. */
export async function startMailServer({ answerAfterMs }: { answerAfterMs: () => number }) {
  const mails: Mail[] = []
  const there = { mails, onMail: () => {} }
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream: NodeJS.ReadableStream, session: { envelope: { rcptTo: { address: string }[] } }, answer: Answer) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const source = Buffer.concat(parts).toString()
        const header = (name: string) => new RegExp(`^${name}:\\s*(.*)`, 'mi').exec(source)?.[1]?.trim() ?? ''
        for (const { address } of session.envelope.rcptTo)
          mails.push({ messageId: header('Message-ID'), to: address, subject: header('Subject') })
        there.onMail()
        setTimeout(answer, answerAfterMs())
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return Object.assign(there, { url: `smtp://127.0.0.1:${port}`, close })
}

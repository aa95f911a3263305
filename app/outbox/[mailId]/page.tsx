import { notFound } from 'next/navigation'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { env } from '#lib/env.ts'
import { formatDateTime } from '#lib/format.ts'
import { findLocalMail } from '#lib/mail/local-outbox.ts'
import { pageLanguage, pageWords } from '../../page-words.ts'

/** One kept mail, as its plain text reads. Only our own links can be pressed. */
export default async function LocalMailPage({ params }: { params: Promise<{ mailId: string }> }) {
  if (env().isProduction || env().smtpUrl) notFound()
  const mail = await findLocalMail((await params).mailId)
  if (!mail) notFound()
  const language = await pageLanguage()
  const t = await pageWords()
  const { before, link, rest } = splitAtLink(mail.text)
  return (
    <CustomerFrame
      language={language}
      teamName={null}
      narrow
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <title>{mail.subject}</title>
      <article className="space-y-6">
        <p>
          <a className="link" href="/outbox">
            {t('pages.outbox.back')}
          </a>
        </p>
        <h1 className="font-bold text-2xl">{mail.subject}</h1>
        <p className="text-muted text-sm">
          {t('pages.outbox.to')} {mail.to} · {formatDateTime(new Date(mail.at), language)}
        </p>
        <pre className="card wrap-break-word whitespace-pre-wrap font-sans">
          {before}
          {link && (
            <a className="link break-all" href={link}>
              {link}
            </a>
          )}
          {rest}
        </pre>
      </article>
    </CustomerFrame>
  )
}

/** A letter has one link, on a line of its own. Anything that does not lead to this portal stays text. */
function splitAtLink(text: string): { before: string; link: string | null; rest: string } {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`${env().portalOrigin}/`))
  const link = lines[at]
  if (link === undefined) return { before: text, link: null, rest: '' }
  return {
    before: `${lines.slice(0, at).join('\n')}\n`,
    link,
    rest: `\n${lines.slice(at + 1).join('\n')}`,
  }
}

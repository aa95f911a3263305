import { notFound } from 'next/navigation'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { env } from '#lib/env.ts'
import { formatDateTime } from '#lib/format.ts'
import { listLocalMail } from '#lib/mail/local-outbox.ts'
import { pageLanguage, pageWords } from '../page-words.ts'

/** The mail that a laptop without a mail server would have sent. Exists only there. */
export default async function OutboxPage() {
  if (env().isProduction || env().smtpUrl) notFound()
  const language = await pageLanguage()
  const t = await pageWords()
  const mails = await listLocalMail()
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
      <title>{t('pages.outbox.title')}</title>
      <div className="space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.outbox.title')}</h1>
        <p className="text-muted">{t('pages.outbox.lead')}</p>
        {mails.length === 0 && <p className="card">{t('pages.outbox.empty')}</p>}
        <ul className="space-y-3">
          {mails.map((mail) => (
            <li key={mail.id} className="card">
              <a className="link font-semibold" href={`/outbox/${mail.id}`}>
                {mail.subject}
              </a>
              <p className="text-muted text-sm">
                {t('pages.outbox.to')} {mail.to} · {formatDateTime(new Date(mail.at), language)}
              </p>
            </li>
          ))}
        </ul>
      </div>
    </CustomerFrame>
  )
}

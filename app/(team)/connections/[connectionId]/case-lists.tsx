import type { CustomerConnection } from '#lib/data/connections.ts'
import type { CredentialRead, Cursor } from '#lib/data/timeline.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { reasonWords } from '../../stored-words.ts'
import { Card } from './case-cards.tsx'
import type { Done } from './case-search.ts'
import { writeCursor } from './case-search.ts'
import { actorOf } from './timeline.tsx'

/** How the step before went. */
export function Said({
  said,
  connection,
  language,
}: {
  said: Done | null
  connection: CustomerConnection
  language: Language
}) {
  if (!said) return null
  return (
    <p role="status" className="notice notice-ok">
      <span>{words(language)(`case.said.${said}`, { contact: connection.contactName })}</span>
    </p>
  )
}

/** The way to the next page of a list that is read from its newest end. */
export function OlderLinks({
  base,
  before,
  next,
  language,
}: {
  base: string
  before: Cursor | null
  next: Cursor | null
  language: Language
}) {
  const t = words(language)
  const join = base.includes('?') ? '&' : '?'
  if (!before && !next) return null
  return (
    <p className="flex flex-wrap gap-4">
      {before && (
        <a className="link" href={base}>
          {t('case.timeline.newest')}
        </a>
      )}
      {next && (
        <a className="link" href={`${base}${join}before=${writeCursor(next)}`}>
          {t('case.timeline.older')}
        </a>
      )}
    </p>
  )
}

/** Who or what read the token, and why. */
export function AccessLog({ reads, language }: { reads: CredentialRead[]; language: Language }) {
  const t = words(language)
  return (
    <Card id="reads" title={t('case.reads.title')}>
      <p className="text-muted text-sm">{t('case.reads.lead')}</p>
      {reads.length === 0 ? (
        <p>{t('case.reads.none')}</p>
      ) : (
        <table className="rows">
          <caption className="sr-only">{t('case.reads.title')}</caption>
          <thead>
            <tr>
              {['when', 'who', 'why'].map((name) => (
                <th key={name} scope="col">
                  {t(`case.reads.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {reads.map((read) => (
              <tr key={read.id}>
                <td data-label={t('case.reads.when')}>
                  <time dateTime={read.at.toISOString()}>{formatDateTime(read.at, language)}</time>
                </td>
                <td data-label={t('case.reads.who')}>
                  <bdi>{actorOf(read, t)}</bdi>
                </td>
                <td data-label={t('case.reads.why')}>
                  <bdi>{read.reason && reasonWords({ action: 'credential.read', reason: read.reason }, t)}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}

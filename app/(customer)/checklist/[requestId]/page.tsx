import { headers } from 'next/headers'
import { answerWith } from '#lib/answer.ts'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { isSettled } from '#lib/connection/status.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { words } from '#lib/words.ts'
import { EndedPage } from '../../ended-page.tsx'
import { HandedOverPage } from '../../handed-over-page.tsx'
import { RequestFrame } from '../../request-frame.tsx'

/** Several connections on one link: x of y, each with its own status. */
export default async function ChecklistPage({ params }: { params: Promise<{ requestId: string }> }) {
  const { requestId } = await params
  const access = await findLinkAccess({ requestId })
  if (access.kind === 'ended' && access.link.state === 'handed_over') return <HandedOverPage link={access.link} />
  if (access.kind !== 'holder') {
    answerWith(await headers(), { status: access.kind === 'ended' ? 410 : 403 })
    return (
      <EndedPage
        kind={access.kind === 'ended' ? access.link.state : 'no_cookie'}
        link={access.kind === 'ended' ? access.link : null}
      />
    )
  }
  const connections = await listRequestConnections(db(), access.link)
  const [first] = connections
  if (!first) return <EndedPage kind="unknown" link={null} />
  const t = words(first.language)
  const profiles = await listProfiles(db(), first)
  const profileNames = new Map(profiles.map((profile) => [profile.key, nameOf(profile, first.language)]))
  const done = connections.filter(({ status }) => status === 'connected' || status === 'connected_limited').length
  return (
    <RequestFrame request={first} narrow>
      <title>{t('pages.checklist.title', { team: first.teamName, count: connections.length })}</title>
      <div className="space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">
          {t('pages.checklist.title', { team: first.teamName, count: connections.length })}
        </h1>
        <p className="text-lg">{t('pages.checklist.progress', { done, total: connections.length })}</p>
        <ul className="space-y-3">
          {connections.map((connection) => (
            <li key={connection.id} className="card flex flex-wrap items-center justify-between gap-3">
              <span>
                <span className="block font-semibold">
                  <bdi>{connection.name}</bdi>
                </span>
                <span className="text-muted">
                  {profileNames.get(connection.profile)} · {statusWord(connection.status, first.teamName)}
                </span>
              </span>
              <a className="button-secondary" href={`/connect/${connection.id}`}>
                {t(isSettled(connection.status) ? 'pages.checklist.see' : 'pages.checklist.open')}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </RequestFrame>
  )

  function statusWord(status: (typeof connections)[number]['status'], team: string): string {
    const waitsForCustomer = status === 'queued' || status === 'sent' || status === 'visited' || status === 'draft'
    return t(`pages.status.${waitsForCustomer ? 'ready' : status}`, { team })
  }
}

import { headers } from 'next/headers'
import { RefreshWhileWaiting } from '#components/connect/refresh-while-waiting.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { answerWith } from '#lib/answer.ts'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { nameOf } from '#lib/connection/profile-words.ts'
import { connectedOf, isOpen, isSettled } from '#lib/connection/status.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { listRequestConnections } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { addressOf } from '#lib/providers/fields.ts'
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
  const [done, total] = [connectedOf(connections), connections.length]
  const next = connections.find(({ status }) => isOpen(status))
  const title = t('pages.checklist.title', { team: first.teamName, count: total })
  const progress = t('pages.checklist.progress', { done, total })
  return (
    <RequestFrame request={first} narrow>
      <title>{`${progress} · ${title}`}</title>
      {connections.some(({ status }) => status === 'waiting_provider') && <RefreshWhileWaiting />}
      <div className="space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        {done < total && <p className="max-w-prose text-lg">{t('pages.checklist.lead')}</p>}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <StatusBadge status={statusOfAll(connections, next)}>{progress}</StatusBadge>
          <span aria-hidden="true" className="checklist-steps">
            {connections.map(({ id }, index) => (
              <span key={id} className={index < done ? 'is-done' : ''} />
            ))}
          </span>
        </div>
        {done === total && (
          <div className="notice notice-ok">
            <p className="notice-title">{t('pages.checklist.allDone')}</p>
            <p>{t('pages.checklist.allDoneText', { total })}</p>
          </div>
        )}
        <ul className="space-y-3">
          {connections.map((connection) => (
            <Row
              key={connection.id}
              connection={connection}
              profileName={profileNames.get(connection.profile) ?? ''}
              isNext={connection === next}
            />
          ))}
        </ul>
      </div>
    </RequestFrame>
  )
}

/** One connection: what for, where it stands, whose token it is, and the way to its page. */
function Row({
  connection,
  profileName,
  isNext,
}: {
  connection: CustomerConnection
  profileName: string
  isNext: boolean
}) {
  const { id, name, status, language, teamName, providerUserName, providerCompanyDomain } = connection
  const t = words(language)
  const isConnected = connectedOf([connection]) === 1
  const shown =
    status === 'queued' || status === 'sent' || status === 'visited' || status === 'draft' ? 'ready' : status
  const button = isConnected ? 'see' : isSettled(status) || !isOpen(status) ? 'look' : 'open'
  return (
    <li className="card flex flex-col gap-4 sm:flex-row sm:items-center sm:justify-between">
      <div className="min-w-0 space-y-1">
        <h2 className="font-semibold text-lg">
          <bdi>{name}</bdi>
        </h2>
        <p className="text-muted">{profileName}</p>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <StatusBadge status={status} isOneOfMany>
            {t(`pages.status.${shown}`, { team: teamName })}
          </StatusBadge>
          {isConnected && (
            <span className="min-w-0 break-words text-muted text-sm">
              <bdi>{providerUserName ?? ''}</bdi> ·{' '}
              <bdi>{addressOf(connection.provider, providerCompanyDomain ?? '')}</bdi>
            </span>
          )}
        </p>
      </div>
      <a className={`shrink-0 ${isNext ? 'button-primary' : 'button-secondary'}`} href={`/connect/${id}`}>
        {t(`pages.checklist.${button}`)} <span className="sr-only">{name}</span>
      </a>
    </li>
  )
}

/** What the page's badge tells programs: connected when all are, else where the next one stands. */
function statusOfAll(
  connections: CustomerConnection[],
  next: CustomerConnection | undefined,
): CustomerConnection['status'] {
  if (next) return next.status
  const left = connections.find((connection) => connectedOf([connection]) === 0)
  const limited = connections.find(({ status }) => status === 'connected_limited')
  return (left ?? limited)?.status ?? 'connected'
}

import type { TimelineEntry } from '#lib/data/timeline.ts'
import { formatDateTime } from '#lib/format.ts'
import { Icon } from '#lib/providers/guide-kit/icons.tsx'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language, Words } from '#lib/words.ts'
import { allMessages, words } from '#lib/words.ts'
import { detailWords, letterErrorWords, reasonWords } from '../../stored-words.ts'

/** Everything that happened, in words, the newest first. `withCalls`: also what each check asked, for support. */
export function Timeline({
  entries,
  language,
  titleOf,
  withCalls = false,
}: {
  entries: TimelineEntry[]
  titleOf: (code: VerdictCode) => string
  language: Language
  withCalls?: boolean
}) {
  const t = words(language)
  return (
    <ol className="timeline">
      {entries.map((entry) => {
        const { title, notes } = tell(entry, { t, language, titleOf, withCalls })
        return (
          <li key={entry.id}>
            <span className="timeline-mark">
              <Icon name={iconOf(entry)} />
            </span>
            <div>
              <p>
                <bdi>{title}</bdi>
              </p>
              {notes.map((note) => (
                <p key={note} className="text-muted text-sm">
                  <bdi>{note}</bdi>
                </p>
              ))}
              <p className="text-muted text-sm">
                <time dateTime={entry.at.toISOString()}>{formatDateTime(entry.at, language)}</time>
              </p>
            </div>
          </li>
        )
      })}
    </ol>
  )
}

function iconOf(entry: TimelineEntry): 'check' | 'alert' | 'clock' | 'pencil' | 'stop' {
  if (entry.kind === 'letter') return entry.failedAt ? 'alert' : entry.acceptedAt ? 'check' : 'clock'
  if (entry.kind === 'check') return entry.verdictCode === 'OK' ? 'check' : 'alert'
  return entry.outcome === 'refused' || entry.action === 'link.revoked' ? 'stop' : 'pencil'
}

type Told = { title: string; notes: string[] }

type Speaker = { t: Words; language: Language; titleOf: (code: VerdictCode) => string; withCalls: boolean }

function tell(entry: TimelineEntry, speaker: Speaker): Told {
  switch (entry.kind) {
    case 'audit':
      return tellAudit(entry, speaker)
    case 'check':
      return tellCheck(entry, speaker)
    case 'letter':
      return tellLetter(entry, speaker)
  }
}

function tellAudit(entry: TimelineEntry & { kind: 'audit' }, { t, language }: Speaker): Told {
  const who = t('case.timeline.by', { who: actorOf(entry, t) })
  const refused = entry.outcome === 'refused' ? ` (${t('case.timeline.refused')})` : ''
  return {
    title: `${t(`audit.actions.${entry.action}`)}${refused}`,
    notes: [
      [who, ...detailWords(entry, { t, language })].join(' · '),
      ...(entry.reason
        ? [t('case.timeline.reason', { reason: reasonWords({ ...entry, reason: entry.reason }, t) })]
        : []),
    ],
  }
}

/** Who did it: the member's name, or what kind of machine or person it was. */
export function actorOf({ actorKind, actorName }: { actorKind: string; actorName: string | null }, t: Words): string {
  return actorName ?? t(`case.actors.${actorKind}`)
}

function tellCheck(entry: TimelineEntry & { kind: 'check' }, { t, titleOf, withCalls }: Speaker): Told {
  const calls = entry.calls.map(({ call, status, latencyMs, requestId }) =>
    [
      t('case.timeline.calls', { call, status: status ?? t('case.timeline.noAnswer'), ms: latencyMs }),
      ...(requestId ? [t('case.timeline.requestId', { id: requestId })] : []),
    ].join(', '),
  )
  return {
    title: t('case.timeline.check', { verdict: titleOf(entry.verdictCode) }),
    notes: [
      t(`case.timeline.triggers.${entry.trigger}`),
      t('case.timeline.took', { ms: entry.latencyMs }),
      ...(withCalls ? calls : []),
    ],
  }
}

function tellLetter(entry: TimelineEntry & { kind: 'letter' }, { t, language }: Speaker): Told {
  const name = Object.hasOwn(allMessages.en.case.letters, entry.letter) ? entry.letter : 'other'
  return {
    title: t('case.timeline.letter', { letter: t(`case.letters.${name}`), email: entry.recipientEmail }),
    notes: [stateOf(entry, t, language)],
  }
}

function stateOf(entry: TimelineEntry & { kind: 'letter' }, t: Words, language: Language): string {
  const error = letterErrorWords(entry.lastError ?? '', t)
  if (entry.acceptedAt) return t('case.timeline.accepted', { at: formatDateTime(entry.acceptedAt, language) })
  if (entry.failedAt) return t('case.timeline.failed', { error, at: formatDateTime(entry.failedAt, language) })
  return entry.attempt === 0 ? t('case.timeline.queued') : t('case.timeline.retrying', { count: entry.attempt, error })
}

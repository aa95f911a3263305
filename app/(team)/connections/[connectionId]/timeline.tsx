import type { Explanation } from '#lib/connection/explain.ts'
import type { TimelineEntry } from '#lib/data/timeline.ts'
import { formatDateTime } from '#lib/format.ts'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import { Icon } from '#lib/providers/guide-kit/icons.tsx'
import type { CallRecord } from '#lib/providers/provider.ts'
import type { Language, Words } from '#lib/words.ts'
import { allMessages, words } from '#lib/words.ts'
import { detailWords, letterErrorWords, reasonWords } from '../../stored-words.ts'

type Check = TimelineEntry & { kind: 'check' }

/** What a check is called, and what the customer read after it, in their language. */
export type CheckWords = (check: Check) => {
  title: string
  shown: Pick<Explanation, 'title' | 'cause' | 'steps' | 'who'>
  shownLanguage: Language
}

/** Everything that happened, in words, the newest first; each check with its calls and with what the customer read. */
export function Timeline({
  entries,
  language,
  wordsOf,
}: {
  entries: TimelineEntry[]
  wordsOf: CheckWords
  language: Language
}) {
  const t = words(language)
  return (
    <ol className="timeline">
      {entries.map((entry) => {
        const { title, notes } = tell(entry, { t, language, wordsOf })
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
              {entry.kind === 'check' && <CheckDetails check={entry} t={t} wordsOf={wordsOf} />}
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

type Speaker = { t: Words; language: Language; wordsOf: CheckWords }

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

function tellCheck(check: Check, { t, wordsOf }: Speaker): Told {
  return {
    title: t('case.timeline.check', { verdict: wordsOf(check).title }),
    notes: [t(`case.timeline.triggers.${check.trigger}`), t('case.timeline.took', { ms: check.latencyMs })],
  }
}

/** Down to single calls, for whoever has to ask Pipedrive about one. Never what the answers held. */
function CheckDetails({ check, t, wordsOf }: { check: Check; t: Words; wordsOf: CheckWords }) {
  return (
    <div className="timeline-details text-sm">
      <Disclosure title={t('case.timeline.details')}>
        <p className="font-semibold">{t('case.timeline.callsTitle')}</p>
        {check.calls.length === 0 ? (
          <p>{t('case.timeline.noCalls')}</p>
        ) : (
          <ul className="list-disc ps-5">
            {check.calls.map((call, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: calls have no name of their own, and the list never changes.
              <li key={index} className="wrap-anywhere">
                {tellCall(call, t)}
              </li>
            ))}
          </ul>
        )}
        {check.trigger !== 'watch' && check.trigger !== 'off_board' && <Shown {...wordsOf(check)} t={t} />}
      </Disclosure>
    </div>
  )
}

/** A regular check shows nothing to anybody until it has led to something. */
function Shown({ shown, shownLanguage, t }: ReturnType<CheckWords> & { t: Words }) {
  return (
    <>
      <p className="font-semibold">{t('case.timeline.shown')}</p>
      <blockquote lang={shownLanguage} className="space-y-1 border-line border-s-2 ps-3">
        <p>{shown.title}</p>
        <p>{shown.cause}</p>
        {shown.steps.length > 0 && (
          <ol className="list-decimal ps-5">
            {shown.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        )}
        {shown.who && <p>{shown.who}</p>}
      </blockquote>
    </>
  )
}

function tellCall({ call, status, latencyMs, requestId }: CallRecord, t: Words): string {
  return [
    t('case.timeline.calls', { call, status: status ?? t('case.timeline.noAnswer'), ms: latencyMs }),
    ...(requestId ? [t('case.timeline.requestId', { id: requestId })] : []),
  ].join(', ')
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

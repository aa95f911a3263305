import { formatDateTime } from '#lib/format.ts'
import type { Language, Words } from '#lib/words.ts'
import { allMessages } from '#lib/words.ts'

const { audit, board, case: casework, contact, team } = allMessages.en

/** Why something was done: our own codes in the reader's language, and what people typed as they typed it. */
export function reasonWords({ action, reason }: { action: string; reason: string }, t: Words): string {
  if (action === 'request.declined' && Object.hasOwn(contact.decline.reasons, reason))
    return t(`contact.decline.reasons.${reason}`)
  return Object.hasOwn(audit.reasons, reason) ? t(`audit.reasons.${reason}`) : reason
}

/** What became of a letter: `smtp_answer 550 RCPT TO` in words. */
export function letterErrorWords(error: string, t: Words): string {
  const [code = '', ...what] = error.split(' ')
  if (!Object.hasOwn(casework.timeline.errors, code)) return error
  return t(`case.timeline.errors.${code}`, { answer: what[0] ?? '', step: what.slice(1).join(' ') })
}

/** The plain values of an audit row, named. Ids and lists say nothing to people. */
export function detailWords(
  { action, details }: { action: string; details: Record<string, unknown> },
  { t, language }: { t: Words; language: Language },
): string[] {
  return (
    Object.entries(details)
      .filter(
        ([name, value]) => !/id$|^connections$|^found$/i.test(name) && ['string', 'number'].includes(typeof value),
      )
      // The database keeps no order of its own that says anything.
      .sort(([one], [other]) => rankOf(one) - rankOf(other))
      .map(([name, value]) => {
        const label = Object.hasOwn(audit.details, name) ? t(`audit.details.${name}`) : name
        return `${label}: ${valueWords(action, String(value), { t, language })}`
      })
  )
}

const ranks = Object.keys(audit.details)

function rankOf(name: string): number {
  return ranks.includes(name) ? ranks.indexOf(name) : ranks.length
}

function valueWords(action: string, value: string, { t, language }: { t: Words; language: Language }): string {
  if (action.startsWith('member.') && Object.hasOwn(team.roles, value)) return t(`team.roles.${value}`)
  if (/^(connection|request)\./.test(action) && Object.hasOwn(board.status, value)) return t(`board.status.${value}`)
  if (Object.hasOwn(audit.values, value)) return t(`audit.values.${value}`)
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? formatDateTime(new Date(value), language) : value
}

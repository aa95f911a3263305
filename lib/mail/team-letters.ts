import 'server-only'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { MailBrand, Paragraph } from './layout.ts'
import { asHtml } from './layout.ts'
import type { Letter, Values } from './letters.ts'
import { mapValues, sayer, subjectOf } from './letters.ts'
import { cleanValue, markValue } from './values.ts'

type TeamParams = { name: string; team: string; origin: string; brand?: MailBrand }

/** Many things to tell one manager, in one letter: what each letter's subject would have been, and where to look. */
export function digestLetter(
  { items, count, ...params }: TeamParams & { items: { subject: string; page: string }[]; count: number },
  language: Language,
): Letter {
  const board = `${params.origin}/connections`
  const lines = items.map(({ subject, page }) => ({ subject: cleanValue(subject), page }))
  const values = { ...valuesOf(params), count: String(count), rest: String(count - items.length) }
  const t = words(language)
  const subject = subjectOf('manager_digest', t, values)
  const say = sayer(t, mapValues(values, markValue))
  const rest = count > items.length ? ['rest'] : []
  const paragraphs: Paragraph[] = [
    { kind: 'text', text: say('hello') },
    { kind: 'text', text: say('manager_digest.why') },
    ...lines.map(({ subject, page }): Paragraph => ({ kind: 'link', text: markValue(subject), href: page })),
    ...rest.map((key): Paragraph => ({ kind: 'text', text: say(`manager_digest.${key}`) })),
    { kind: 'button', text: say('manager_digest.button'), href: board },
    { kind: 'small', text: say('automatic') },
  ]
  const plain = sayer(t, values)
  const listed = lines.map(({ subject, page }) => `- ${subject}\n  ${page}`)
  const body = [plain('manager_digest.plain'), ...listed, ...rest.map((key) => plain(`manager_digest.${key}`)), board]
  return {
    subject,
    html: asHtml(paragraphs, { subject, language, brand: params.brand }),
    text: `${plain('hello')}\n\n${body.join('\n\n')}\n\n--\n${plain('automatic')}\n`,
  }
}

/** What the admins of a team are told about all of it. */
export const teamNotices = ['frozen_notice', 'thawed_notice', 'outage_notice', 'webhook_off_notice'] as const
export type TeamNotice = (typeof teamNotices)[number]

/** What a notice tells beside the team; `page` in full. */
export type NoticeFacts = { what?: string; who?: string; date?: string; reason?: string; page: string }

export function noticeLetter(
  name: TeamNotice,
  { what = '', who = '', date = '', reason = '', page, ...params }: TeamParams & NoticeFacts,
  language: Language,
): Letter {
  const values = { ...valuesOf(params), ...mapValues({ what, who, date, reason }, cleanValue) }
  const t = words(language)
  const subject = subjectOf(name, t, values)
  const say = sayer(t, mapValues(values, markValue))
  const plain = sayer(t, values)
  const body = (['why', 'need'] as const).map((part) => `${name}.${part}`)
  return {
    subject,
    html: asHtml(
      [
        { kind: 'text', text: say('hello') },
        ...body.map((key): Paragraph => ({ kind: 'text', text: say(key) })),
        { kind: 'button', text: say('openPage'), href: page },
        { kind: 'small', text: say('automatic') },
      ],
      { subject, language, brand: params.brand },
    ),
    text: `${[plain('hello'), ...body.map((key) => plain(key)), page].join('\n\n')}\n\n--\n${plain('automatic')}\n`,
  }
}

/** "Send me a test mail": that it arrives is all it says. */
export function testLetter(params: TeamParams, language: Language): Letter {
  const values = valuesOf(params)
  const t = words(language)
  const subject = subjectOf('test_mail', t, values)
  const say = sayer(t, mapValues(values, markValue))
  const plain = sayer(t, values)
  return {
    subject,
    html: asHtml(
      [
        { kind: 'text', text: say('hello') },
        { kind: 'text', text: say('test_mail.why') },
        { kind: 'button', text: say('test_mail.button'), href: `${params.origin}/settings` },
        { kind: 'small', text: say('automatic') },
      ],
      { subject, language, brand: params.brand },
    ),
    text: `${plain('hello')}\n\n${plain('test_mail.plain')}\n\n${params.origin}/settings\n\n--\n${plain('automatic')}\n`,
  }
}

function valuesOf({ name, team, origin }: TeamParams): Values {
  return mapValues({ name, team, origin, host: new URL(origin).host }, cleanValue)
}

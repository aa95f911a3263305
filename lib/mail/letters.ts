import 'server-only'
import type { Turn } from '#lib/providers/verdicts.ts'
import type { Language, Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { MailBrand, Paragraph } from './layout.ts'
import { asHtml } from './layout.ts'
import type { TeamNotice } from './team-letters.ts'
import { cleanText, cleanValue, markValue } from './values.ts'

/** Who asks whom for what; every letter tells at least this. */
export type Parties = {
  /** The reader. */
  name: string
  team: string
  /** The account manager; null when the request has none, then the team speaks for itself. */
  contact: string | null
  customer: string
  project: string
  reference: string
  /** Where the portal is, from the configuration. */
  origin: string
}

const linkLetters = [
  'secure_link',
  'new_link',
  'link_again',
  'reminder',
  'hand_over',
  'stopped',
  'rotate',
  'withdraw',
  'held_link',
] as const
/** Letters about a link: without a live one they say nothing. */
export type LinkLetter = (typeof linkLetters)[number]

/** What account managers are told; several within an hour become one. */
export const managerLetters = [
  'manager_notice',
  'connected_notice',
  'declined_notice',
  'handed_over_notice',
  'hand_over_asked',
  'address_proposed',
  'delivery_problem',
  'stopped_notice',
  'rights_notice',
  'replacement_notice',
  'works_again_notice',
  'withdrawal_notice',
  'closed_notice',
  'closed_unproven_notice',
  'waiting_notice',
] as const
export type ManagerLetter = (typeof managerLetters)[number] | 'question'

export type LetterName =
  | LinkLetter
  | 'receipt'
  | 'finished'
  | 'still_needed'
  | 'works_again'
  | 'kept'
  | 'closed'
  | 'closed_unproven'
  | ManagerLetter

/** Every letter of a request; samples and tests go through them all. */
export const letterNames: readonly LetterName[] = [
  ...linkLetters,
  'receipt',
  'finished',
  'still_needed',
  'works_again',
  'kept',
  'closed',
  'closed_unproven',
  ...managerLetters,
  'question',
]

/** What a letter tells beside the parties. Empty values are left out. No domain, no login: who reads the mail gets neither. */
export type Facts = { connection: string; company: string; owner: string; date: string; title: string }

/** What only some letters tell. */
export type Extras = {
  linkEnds: string
  /** The day alone, for a subject. */
  lastDay: string
  /** Whoever hands over, or is to take over. */
  colleague: string
  /** The mail address that a letter is about. */
  address: string
  reason: string
  /** What a person wrote. */
  note: string
  /** Where reminders are stopped. */
  stopPage: string
  /** The console's page that it is about. */
  page: string
}

/** The link is the only secret, and only letters that are about it carry it. */
export type LetterParams = Parties &
  Partial<Facts> &
  Partial<Extras> & { link?: string | null; turn?: Turn; brand?: MailBrand }

export type Letter = { subject: string; html: string; text: string }

/** One letter, ready to send: subject, HTML, and a plain text with words of its own. */
export function letter(name: LetterName, params: LetterParams, language: Language): Letter {
  const t = words(language)
  const written = prepare(name, params, t)
  const subject = subjectOf(name, t, written.values)
  const { brand } = params
  return {
    subject,
    html: asHtml(paragraphsOf(name, t, written), { subject, language, brand }),
    text: plainOf(name, sayer(t, written.values), written),
  }
}

/** What the HTML of a letter is made of, to be drawn where no mail program does it. */
export function letterParagraphs(name: LetterName, params: LetterParams, language: Language): Paragraph[] {
  const t = words(language)
  return paragraphsOf(name, t, prepare(name, params, t))
}

function prepare(name: LetterName, params: LetterParams, t: Words): Written {
  const link = carriesLink(name) ? (params.link ?? null) : null
  if (!link && carriesLink(name) && name !== 'still_needed') throw new Error(`the letter ${name} needs a link`)
  return {
    link,
    turn: params.turn ?? 'manager',
    note: cleanText(params.note ?? ''),
    values: valuesOf(params, t),
  }
}

/** What the sentences of a letter are put around, beside its plain values. */
type Written = { link: string | null; turn: Turn; note: string; values: Values }

export function isLinkLetter(name: string): name is LinkLetter {
  return (linkLetters as readonly string[]).includes(name)
}

function carriesLink(name: LetterName): boolean {
  return isLinkLetter(name) || name === 'still_needed'
}

export type Values = Record<string, string>
/** Says one of our sentences with the letter's values in it. */
export type Say = (key: string, more?: Values) => string

export function sayer(t: Words, values: Values): Say {
  return (key, more) => t(`mail.${key}`, { ...values, ...more })
}

const unknown: Values = Object.fromEntries(
  ['connection', 'company', 'owner', 'date', 'title', 'linkEnds', 'lastDay', 'colleague', 'address', 'reason']
    .concat(['stopPage', 'page'])
    .map((name) => [name, '']),
)

function valuesOf({ link: _link, brand: _brand, note: _note, turn, ...params }: LetterParams, t: Words): Values {
  const facts: Values = { ...unknown, turnWord: t(`mail.turns.${turn ?? 'manager'}`) }
  const values = mapValues({ ...facts, ...params, contact: params.contact ?? params.team } as Values, cleanValue)
  const asker = params.contact === null ? values.team : t('mail.asker', values)
  return { ...values, asker: asker ?? '', host: new URL(params.origin).host }
}

export function mapValues(values: Values, change: (value: string) => string): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value && change(value)]))
}

function paragraphsOf(name: LetterName, t: Words, written: Written): Paragraph[] {
  const say = sayer(t, mapValues(written.values, markValue))
  return [
    { kind: 'text', text: say('hello') },
    ...bodyOf(name, say, written),
    { kind: 'small', text: say('reference') },
    { kind: 'small', text: say('automatic') },
  ]
}

function bodyOf(name: LetterName, say: Say, { link, turn, note, values }: Written): Paragraph[] {
  const text = (key: string): Paragraph => ({ kind: 'text', text: say(key) })
  const quote: Paragraph[] = note ? [{ kind: 'quote', text: markValue(note) }] : []
  switch (name) {
    case 'secure_link':
    case 'new_link':
    case 'link_again':
    case 'held_link':
      return [text(`${name}.why`), text(`${name}.need`), ...linkBlock(say, link), text('never'), text('real')]
    case 'hand_over': {
      const said = note ? [text('hand_over.said'), ...quote] : []
      return [
        text('hand_over.why'),
        ...said,
        text('hand_over.need'),
        ...linkBlock(say, link),
        text('never'),
        text('real'),
      ]
    }
    case 'reminder': {
      const notMe: Paragraph = { kind: 'link', text: say('reminder.notMe'), href: notMeAddress(link) }
      const stop: Paragraph = { kind: 'link', text: say('reminder.stop'), href: values.stopPage ?? '' }
      const rest = [text('never'), text('real'), notMe, ...(values.stopPage ? [stop] : [])]
      return [text('reminder.why'), text('reminder.need'), ...linkBlock(say, link), ...rest]
    }
    case 'stopped': {
      const why = ['stopped.why', 'stopped.since', 'stopped.paused', 'stopped.need'].map(text)
      return [...why, ...linkBlock(say, link), text('never'), text('real')]
    }
    case 'rotate': {
      const why = ['rotate.why', 'rotate.others', 'rotate.need'].map(text)
      return [...why, ...linkBlock(say, link), text('never'), text('real')]
    }
    case 'withdraw': {
      const why = ['withdraw.why', 'withdraw.need', 'withdraw.others'].map(text)
      return [...why, ...linkBlock(say, link), text('never'), text('real')]
    }
    case 'closed':
    case 'closed_unproven':
      return [text(`${name}.why`), { kind: 'list', lines: factLines(say) }, text(`${name}.erased`)]
    case 'works_again':
    case 'kept':
      return [text(`${name}.why`), text(`${name}.need`)]
    case 'receipt':
    case 'finished': {
      const rest = ['receipt.keep', 'receipt.stop', 'receipt.notYou'].map(text)
      return [text(`${name}.why`), { kind: 'list', lines: factLines(say) }, ...rest]
    }
    case 'still_needed':
      return link
        ? [text(`${name}.why`), text(`${name}.need`), ...linkBlock(say, link), text('never'), text('real')]
        : [text(`${name}.why`), text(`${name}.needWithoutLink`), text('never')]
    case 'manager_notice':
    case 'replacement_notice':
      return [text(`${name}.why`), text(`${name}.turn.${turn}`), ...pageBlock(say, values)]
    case 'connected_notice':
    case 'declined_notice':
    case 'handed_over_notice':
    case 'hand_over_asked':
    case 'address_proposed':
    case 'delivery_problem':
    case 'stopped_notice':
    case 'rights_notice':
    case 'works_again_notice':
    case 'withdrawal_notice':
    case 'closed_notice':
    case 'closed_unproven_notice':
    case 'waiting_notice':
    case 'question':
      return [text(`${name}.why`), ...quote, text(`${name}.need`), ...pageBlock(say, values)]
  }
}

/** The same link, to the page where its reader gives it back. */
function notMeAddress(link: string | null): string {
  return `${link ?? ''}?to=decline`
}

function pageBlock(say: Say, { page }: Values): Paragraph[] {
  return page
    ? [
        { kind: 'button', text: say('openPage'), href: page },
        { kind: 'address', text: say('orCopy'), href: page },
      ]
    : []
}

function linkBlock(say: Say, link: string | null): Paragraph[] {
  if (!link) return []
  return [
    { kind: 'button', text: say('button'), href: link },
    { kind: 'address', text: say('orCopy'), href: link },
    { kind: 'text', text: say('endsOn') },
  ]
}

/** The link that signs a member of the team in. It names nothing of any customer. */
export function signInLetter(
  { link, ...params }: { name: string; team: string; origin: string; minutes: number; link: string },
  language: Language,
): Letter {
  const t = words(language)
  const values = mapValues(
    { ...params, minutes: String(params.minutes), host: new URL(params.origin).host },
    cleanValue,
  )
  const subject = subjectOf('sign_in', t, values)
  const say = sayer(t, mapValues(values, markValue))
  const paragraphs: Paragraph[] = [
    { kind: 'text', text: say('hello') },
    { kind: 'text', text: say('sign_in.why') },
    { kind: 'button', text: say('sign_in.button'), href: link },
    { kind: 'address', text: say('orCopy'), href: link },
    { kind: 'text', text: say('sign_in.once') },
    { kind: 'text', text: say('sign_in.notYou') },
    { kind: 'small', text: say('automatic') },
  ]
  const plain = sayer(t, values)
  return {
    subject,
    html: asHtml(paragraphs, { subject, language }),
    text: `${plain('hello')}\n\n${plain('sign_in.plain', { link })}\n\n--\n${plain('automatic')}\n`,
  }
}

const FACTS = ['connection', 'company', 'owner', 'date'] as const

/** What is known about the connection, a line each. */
function factLines(say: Say): string[] {
  return FACTS.map((fact) => {
    const key = `fact${fact.charAt(0).toUpperCase()}${fact.slice(1)}`
    const line = say(key)
    return line === say(key, { [fact]: '' }) ? '' : line
  }).filter(Boolean)
}

function plainOf(name: LetterName, say: Say, { link, turn, note }: Written): string {
  const key = name === 'still_needed' && !link ? 'plainWithoutLink' : 'plain'
  const body = say(`${name}.${key}`, {
    link: link ?? '',
    notMe: notMeAddress(link),
    facts: factLines(say).join('\n'),
    turnText: name === 'manager_notice' || name === 'replacement_notice' ? say(`${name}.turn.${turn}`) : '',
    // Each line is marked as somebody else's.
    note: note ? `\n\n${note.replace(/^/gm, '> ')}` : '',
  })
  return `${say('hello')}\n\n${body}\n\n--\n${say('reference')}\n${say('automatic')}\n`
}

const SUBJECT_LENGTH_MAX = 69

/** The subject in full, else the short one, else cut. Values were cleaned, so it is one line. */
export function subjectOf(
  name: LetterName | 'sign_in' | 'manager_digest' | 'test_mail' | TeamNotice,
  t: Words,
  values: Values,
): string {
  const full = t(`mail.${name}.subject`, values)
  if (full.length <= SUBJECT_LENGTH_MAX) return full
  const short = t(`mail.${name}.subjectShort`, values)
  if (short.length <= SUBJECT_LENGTH_MAX) return short
  return `${short.slice(0, SUBJECT_LENGTH_MAX - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

import 'server-only'
import type { Language, Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { Paragraph } from './layout.ts'
import { asHtml } from './layout.ts'
import { cleanValue, markValue } from './values.ts'

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
export type LinkLetter = 'secure_link' | 'new_link' | 'link_again'
export type LetterName = LinkLetter | 'receipt' | 'finished' | 'still_needed' | 'manager_notice'

/** What a letter tells beside the parties. Empty values are left out. No domain, no login: who reads the mail gets neither. */
export type Facts = { connection: string; company: string; owner: string; date: string; title: string }

/** The link is the only secret, and only letters that are about it carry it. */
export type LetterParams = Parties & Partial<Facts> & { link?: string | null; linkEnds?: string }

export type Letter = { subject: string; html: string; text: string }

/** One letter, ready to send: subject, HTML, and a plain text with words of its own. */
export function letter(name: LetterName, params: LetterParams, language: Language): Letter {
  const t = words(language)
  const link = carriesLink(name) ? (params.link ?? null) : null
  if (!link && carriesLink(name) && name !== 'still_needed') throw new Error(`the letter ${name} needs a link`)
  const values = valuesOf(params, t)
  const subject = subjectOf(name, t, values)
  return {
    subject,
    html: asHtml(htmlOf(name, sayer(t, mapValues(values, markValue)), link), { subject, language }),
    text: plainOf(name, sayer(t, values), link),
  }
}

function carriesLink(name: LetterName): boolean {
  return name === 'secure_link' || name === 'new_link' || name === 'link_again' || name === 'still_needed'
}

type Values = Record<string, string>
/** Says one of our sentences with the letter's values in it. */
type Say = (key: string, more?: Values) => string

function sayer(t: Words, values: Values): Say {
  return (key, more) => t(`mail.${key}`, { ...values, ...more })
}

function valuesOf({ link: _link, ...params }: LetterParams, t: Words): Values {
  const facts: Values = { connection: '', company: '', owner: '', date: '', title: '', linkEnds: '' }
  const values = mapValues({ ...facts, ...params, contact: params.contact ?? params.team } as Values, cleanValue)
  const asker = params.contact === null ? values.team : t('mail.asker', values)
  return { ...values, asker: asker ?? '', host: new URL(params.origin).host }
}

function mapValues(values: Values, change: (value: string) => string): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value && change(value)]))
}

function htmlOf(name: LetterName, say: Say, link: string | null): Paragraph[] {
  return [
    { kind: 'text', text: say('hello') },
    ...bodyOf(name, say, link),
    { kind: 'small', text: say('reference') },
    { kind: 'small', text: say('automatic') },
  ]
}

function bodyOf(name: LetterName, say: Say, link: string | null): Paragraph[] {
  const text = (key: string): Paragraph => ({ kind: 'text', text: say(key) })
  switch (name) {
    case 'secure_link':
    case 'new_link':
    case 'link_again':
      return [text(`${name}.why`), text(`${name}.need`), ...linkBlock(say, link), text('never'), text('real')]
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
      return [text(`${name}.why`), text(`${name}.need`)]
  }
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

function plainOf(name: LetterName, say: Say, link: string | null): string {
  const key = name === 'still_needed' && !link ? 'plainWithoutLink' : 'plain'
  const body = say(`${name}.${key}`, { link: link ?? '', facts: factLines(say).join('\n') })
  return `${say('hello')}\n\n${body}\n\n--\n${say('reference')}\n${say('automatic')}\n`
}

const SUBJECT_LENGTH_MAX = 69

/** The subject in full, else the short one, else cut. Values were cleaned, so it is one line. */
function subjectOf(name: LetterName | 'sign_in', t: Words, values: Values): string {
  const full = t(`mail.${name}.subject`, values)
  if (full.length <= SUBJECT_LENGTH_MAX) return full
  const short = t(`mail.${name}.subjectShort`, values)
  if (short.length <= SUBJECT_LENGTH_MAX) return short
  return `${short.slice(0, SUBJECT_LENGTH_MAX - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

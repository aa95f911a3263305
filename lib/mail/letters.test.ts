import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LetterName, LetterParams } from './letters.ts'
import { letter, managerLetters, letterNames as names } from './letters.ts'
import { sampleLetter, sampleNames } from './samples.ts'

const languages = ['en', 'de'] as const
const LINK = 'https://connect.northwind.example/l/k3y-of-the-link'
const HTML_BYTES_MAX = 60_000

const params: LetterParams = {
  name: 'Jane Miller',
  team: 'Northwind',
  contact: 'Maria Lopez',
  customer: 'Acme',
  project: 'Sales sync',
  reference: 'KTR-482',
  origin: 'https://connect.northwind.example',
  link: LINK,
  linkEnds: '3 Dec 2026, 14:02 UTC',
  connection: 'Acme sales',
  company: 'Acme Ltd',
  owner: 'Jane Miller',
  date: '19 Nov 2026, 14:02 UTC',
  title: 'Pipedrive does not include this',
  turn: 'manager',
  lastDay: '3 December 2026',
  colleague: 'Omar Haddad',
  address: 'omar@acme.example',
  reason: 'Somebody else does this',
  note: 'First line\nSecond line',
  stopPage: 'https://connect.northwind.example/reminders/st0p-key',
  page: 'https://connect.northwind.example/connections/con_1',
}

/** Managers are led into the console; nobody but them. */
function isForManager(name: LetterName): boolean {
  return name === 'question' || (managerLetters as readonly string[]).includes(name)
}

function everyLetter(check: (name: LetterName, language: 'en' | 'de') => void): void {
  for (const name of names) for (const language of languages) check(name, language)
}

test('subjects are one line under 70 characters, however long the names are', () => {
  const long = { customer: '🦊'.repeat(200), team: 'T'.repeat(200), project: 'P'.repeat(200), title: 'x'.repeat(300) }
  everyLetter((name, language) => {
    for (const values of [params, { ...params, ...long }]) {
      const { subject } = letter(name, values, language)
      assert.ok(subject.length > 0 && subject.length < 70, `${name} ${language}: ${subject.length}`)
      assert.ok(subject.isWellFormed())
      assert.doesNotMatch(subject, /[\p{Cc}\p{Zl}\p{Zp}\ue000\ue001]/u)
    }
  })
})

test('every letter names who, why and the reference, in HTML and in plain text', () => {
  everyLetter((name, language) => {
    const { html, text } = letter(name, params, language)
    for (const part of [html, text])
      for (const fact of ['Jane Miller', 'Northwind', 'Acme', 'KTR-482', 'connect.northwind.example'])
        assert.ok(part.includes(fact), `${name} ${language} lacks ${fact}`)
    assert.doesNotMatch(text, /[<>]bdi|[{}\ue000\ue001]/)
    assert.doesNotMatch(html, /[{}\ue000\ue001]/)
    assert.doesNotMatch(text, /\n{3}/)
  })
})

test('only letters about a link carry it: once as the button, once in full, once as plain text', () => {
  const allowed = new Set<LetterName>([
    'secure_link',
    'new_link',
    'link_again',
    'reminder',
    'hand_over',
    'stopped',
    'withdraw',
    'rotate',
    'held_link',
    'still_needed',
  ])
  everyLetter((name, language) => {
    const { subject, html, text } = letter(name, params, language)
    assert.ok(!subject.includes('http'))
    if (allowed.has(name)) {
      assert.equal(html.split(`href="${LINK}"`).length - 1, 2)
      assert.equal(html.split(`>${LINK}<`).length - 1, 1)
      assert.equal(text.split(`\n${LINK}\n`).length - 1, 1)
      assert.ok(html.includes('3 Dec 2026, 14:02 UTC') && text.includes('3 Dec 2026, 14:02 UTC'))
      assert.match(text, /5 (minutes|Minuten)/)
      assert.match(text, /password|Passwort/)
    } else {
      assert.ok(!`${html}${text}`.includes('k3y-of-the-link'))
      assert.equal(/<a /.test(html), isForManager(name), name)
    }
  })
})

test('a letter about a link without one is a mistake, except when the link has ended', () => {
  assert.throws(() => letter('secure_link', { ...params, link: null }, 'en'), /needs a link/)
  const { html, text } = letter('still_needed', { ...params, link: null }, 'en')
  assert.doesNotMatch(html, /<a /)
  assert.doesNotMatch(text, /https?:\/\/|works until/)
})

test('a receipt says what to do when it was not you, how to stop it, and what is known', () => {
  for (const name of ['receipt', 'finished'] as const) {
    const { html, text } = letter(name, params, 'en')
    assert.match(html, /Was this not you\?/)
    assert.match(text, /WAS THIS NOT YOU\?/)
    assert.match(text, /STOP IT/)
    assert.match(text, /Company: Acme Ltd\nThe token belongs to: Jane Miller\nChecked: 19 Nov 2026/)
  }
})

test('a fact that is not known is left out', () => {
  const { html, text } = letter('receipt', { ...params, owner: '' }, 'en')
  assert.doesNotMatch(`${html}${text}`, /belongs to:/)
})

test('a request without an account manager is asked for by its team', () => {
  const { subject, text } = letter('secure_link', { ...params, contact: null }, 'en')
  assert.equal(subject, 'Northwind asks you to connect Pipedrive (Sales sync)')
  assert.doesNotMatch(text, /Northwind at Northwind/)
})

/** Ours, from the configuration: nobody outside chooses them. */
const keptFromOutside = new Set(['link', 'origin', 'turn', 'page', 'stopPage'])

test('hostile values stay text: no markup, no line, no turned direction, no sentence of ours', () => {
  const hostile =
    '<img src=x onerror=alert(1)>"\'&\r\nBcc: eve@evil.example\u202e\u2067\ue001{link} <b>{team}</b>\u2028x'
  const values = Object.fromEntries(
    Object.entries(params).map(([key, value]) => [key, keptFromOutside.has(key) ? value : hostile]),
  ) as LetterParams
  everyLetter((name, language) => {
    const { subject, html, text } = letter(name, values, language)
    assert.doesNotMatch(html, /<img|<b>|onerror=alert\(1\)>/)
    assert.match(html, /<bdi>&lt;img src=x/)
    assert.equal(html.split('<bdi>').length, html.split('</bdi>').length)
    for (const part of [subject, html, text]) {
      assert.doesNotMatch(part, /[\u202a-\u202e\u2066-\u2069\u2028\r]/)
      assert.doesNotMatch(part, /^Bcc:/m)
    }
  })
})

test('the HTML loads nothing, runs nothing, watches nobody, and is small', () => {
  everyLetter((name, language) => {
    const { html } = letter(name, params, language)
    assert.doesNotMatch(html, /<(?:script|img|link|iframe|form|style)\b|url\(|@import/i)
    assert.ok(html.includes(`<html lang="${language}" dir="ltr">`))
    assert.ok(html.includes('content="light dark"') && html.includes('max-width:600px') && html.includes('16px'))
    assert.ok(Buffer.byteLength(html) < HTML_BYTES_MAX)
  })
})

test('a reminder leads to the same link, and to both ways out of it', () => {
  for (const language of languages) {
    const { subject, html, text } = letter('reminder', params, language)
    assert.match(subject, /3 December 2026/)
    for (const part of [html, text]) {
      assert.ok(part.includes(`${LINK}?to=decline`))
      assert.ok(part.includes('https://connect.northwind.example/reminders/st0p-key'))
    }
  }
})

test('a hand-over names both people and quotes what was written, line by line', () => {
  for (const language of languages) {
    const { html, text } = letter('hand_over', { ...params, name: 'Omar Haddad', colleague: 'Jane Miller' }, language)
    for (const part of [html, text])
      for (const fact of ['Omar Haddad', 'Jane Miller', 'Maria Lopez']) assert.ok(part.includes(fact), fact)
    assert.ok(text.includes('\n> First line\n> Second line\n'))
    assert.ok(html.includes('<bdi>First line<br>Second line</bdi></blockquote>'))
  }
})

test('managers read whose turn it is, and get to the page', () => {
  for (const language of languages)
    for (const turn of ['customer', 'admin', 'manager', 'support', 'nobody'] as const) {
      const { html, text } = letter('manager_notice', { ...params, turn }, language)
      assert.ok(html.includes(`href="${params.page}"`) && text.includes(`\n${params.page}\n`))
    }
  assert.match(letter('manager_notice', params, 'en').subject, /^\[Acme\] Needs you: Pipedrive does not include this$/)
  assert.match(letter('manager_notice', { ...params, turn: 'customer' }, 'en').subject, /^\[Acme\] Needs the customer/)
})

test('a delivery problem says where to, why not, and what to do', () => {
  for (const language of languages) {
    const { html, text } = letter('delivery_problem', params, language)
    for (const part of [html, text])
      for (const fact of ['omar@acme.example', 'Somebody else does this']) assert.ok(part.includes(fact))
  }
})

test('the team’s picture and colour are in every letter, and nothing else is loaded', () => {
  const logoAddress = 'https://connect.northwind.example/brand/0123456789abcdef'
  const brand = { accent: '#7a1f5c', logoAddress, team: 'Northwind "& Co"' }
  for (const name of sampleNames)
    for (const language of languages) {
      const { subject, html, text } = sampleLetter(name, { ...params, brand }, language)
      assert.ok(subject.length <= 75 && subject.startsWith(`[${language.toUpperCase()}] `))
      assert.deepEqual(html.match(/(?:src|background)="[^"]*"/g), [`src="${logoAddress}"`])
      assert.ok(html.includes('alt="Northwind &quot;&amp; Co&quot;"'))
      if (html.includes('<a style') || html.includes('display:inline-block')) assert.ok(html.includes('#7a1f5c'))
      assert.doesNotMatch(html, /<(?:script|link|iframe|form|style)\b|url\(|@import|#1d5fd1/i)
      assert.ok(Buffer.byteLength(html) < HTML_BYTES_MAX)
      assert.doesNotMatch(text, /[<>]bdi|[{}\ue000\ue001]|\n{3}/)
    }
})

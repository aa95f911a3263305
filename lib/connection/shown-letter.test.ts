import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LetterParams, letter, letterNames } from '#lib/mail/letters.ts'
import { showLetter } from './shown-letter.ts'

const team = {
  name: 'Northwind',
  supportEmail: null,
  supportPhone: null,
  accent: '#7a1f5c',
  senderName: null,
  reminderDays: [2],
  remindsBeforeEnd: true,
  linkDays: 14,
}
const params: LetterParams = {
  name: 'Jane <b>Miller</b>',
  team: 'Northwind',
  contact: 'Maria Lopez',
  customer: 'Käte & Söhne',
  project: 'Sales "sync"',
  reference: 'KTR-482',
  origin: 'https://portal.example',
  link: 'https://portal.example/l/key',
  linkEnds: '3 Dec 2026, 14:02 UTC',
  lastDay: '3 December 2026',
  connection: 'Acme sales',
  company: 'Acme',
  owner: 'Omar',
  date: '19 Nov 2026',
  title: 'Refused',
  turn: 'customer',
  colleague: 'حسن',
  address: 'omar@acme.example',
  reason: 'Somebody else',
  note: 'One line\nand <script>another</script>',
  stopPage: 'https://portal.example/reminders/key',
  page: 'https://portal.example/connections',
}

/** What somebody reads of the mail's HTML. */
function readHtml(html: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }
  return html
    .slice(html.indexOf('<body'))
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? '')
    .replace(/\s+/g, '')
}

for (const language of ['en', 'de'] as const)
  test(`every letter is shown word for word as it is mailed, ${language}`, () => {
    for (const name of letterNames) {
      const shown = showLetter(name, params, { language, team: { ...team, logo: null } })
      const read = shown.paragraphs.flatMap(({ lines }) => lines.flat().map(({ text }) => text)).join('')
      assert.equal(read.replace(/\s+/g, ''), readHtml(letter(name, params, language).html), name)
      assert.doesNotMatch(read, /[\ue000\ue001]/, name)
    }
  })

test('what people typed is a value by itself, and our own words are none', () => {
  const { paragraphs } = showLetter('hand_over', params, { language: 'en', team: { ...team, logo: null } })
  const quote = paragraphs.find(({ kind }) => kind === 'quote')
  assert.deepEqual(quote?.lines, [
    [{ text: 'One line', isValue: true }],
    [{ text: 'and <script>another</script>', isValue: true }],
  ])
  const [hello] = paragraphs
  assert.deepEqual(hello?.lines, [
    [
      { text: 'Hello ', isValue: false },
      { text: 'Jane <b>Miller</b>', isValue: true },
      { text: ',', isValue: false },
    ],
  ])
})

test('only a picture that mail programs show is shown', () => {
  const logo = (type: 'image/png' | 'image/svg+xml') => ({ ...team, logo: { digest: 'abc', type } })
  const pathOf = (type: 'image/png' | 'image/svg+xml') =>
    showLetter('secure_link', params, { language: 'en', team: logo(type) }).brand.logoPath
  assert.equal(pathOf('image/png'), '/brand/abc')
  assert.equal(pathOf('image/svg+xml'), null)
})

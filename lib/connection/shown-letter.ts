import 'server-only'
import type { TeamSettings } from '#lib/data/teams.ts'
import type { Paragraph } from '#lib/mail/layout.ts'
import type { Letter, LetterName, LetterParams } from '#lib/mail/letters.ts'
import { letter, letterParagraphs } from '#lib/mail/letters.ts'
import { textParts } from '#lib/mail/values.ts'
import type { Language } from '#lib/words.ts'

type Part = { text: string; isValue: boolean }

/** A letter for a page: what the mail's HTML is made of, because the content policy forbids the mail's own styles. */
export type ShownLetter = Pick<Letter, 'subject' | 'text'> & {
  paragraphs: { kind: Paragraph['kind']; lines: Part[][] }[]
  brand: { team: string; accent: string | null; logoPath: string | null }
}

/** The letter as it would be sent, from the same words and paragraphs. */
export function showLetter(
  name: LetterName,
  params: LetterParams,
  { language, team }: { language: Language; team: TeamSettings },
): ShownLetter {
  const { subject, text } = letter(name, params, language)
  const paragraphs = letterParagraphs(name, params, language).map((paragraph) => ({
    kind: paragraph.kind,
    lines: linesOf(paragraph),
  }))
  return { subject, text, paragraphs, brand: brandOf(team) }
}

function linesOf(paragraph: Paragraph): Part[][] {
  switch (paragraph.kind) {
    case 'list':
      return paragraph.lines.map(textParts)
    case 'quote':
      // All of it is somebody's: each line by itself.
      return (textParts(paragraph.text)[0]?.text ?? '').split('\n').map((text) => [{ text, isValue: true }])
    case 'address':
      return [paragraph.text, paragraph.href].map(textParts)
    default:
      return [textParts(paragraph.text)]
  }
}

/** Mail programs show PNG; few show SVG. */
function brandOf({ name, accent, logo }: TeamSettings): ShownLetter['brand'] {
  return { team: name, accent, logoPath: logo?.type === 'image/png' ? `/brand/${logo.digest}` : null }
}

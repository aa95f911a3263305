import 'server-only'
import type { Language } from '#lib/words.ts'
import { escapeText } from './values.ts'

/** The pieces the HTML of a letter is made of. Texts come from our messages, with marked values in them. */
export type Paragraph =
  | { kind: 'text'; text: string }
  | { kind: 'list'; lines: string[] }
  | { kind: 'small'; text: string }
  | { kind: 'button'; text: string; href: string }
  | { kind: 'address'; text: string; href: string }
  /** A way out of what the letter asks for. */
  | { kind: 'link'; text: string; href: string }
  /** What a person wrote, as they wrote it. */
  | { kind: 'quote'; text: string }

/** How a team's mails look: the colour of the button, and the team's picture, the same address for everybody. */
export type MailBrand = { accent: string | null; logoAddress: string | null; team: string }

const BUTTON_COLOUR = '#1d5fd1'

/**
 * One column, 16 px, readable in light and dark. The team's picture is all that is loaded, and tells nobody who reads.
 * Mail readers need the styles inline.
 */
export function asHtml(
  paragraphs: Paragraph[],
  { subject, language, brand }: { subject: string; language: Language; brand?: MailBrand },
): string {
  return `<!doctype html>
<html lang="${language}" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${escapeText(subject)}</title></head>
<body style="margin:0;padding:24px 12px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:600px;margin:0 auto">
${brand?.logoAddress ? logoHtml(brand.logoAddress, brand.team) : ''}${paragraphs.map((paragraph) => paragraphHtml(paragraph, brand?.accent ?? BUTTON_COLOUR)).join('\n')}
</div></body></html>`
}

/** On white, whatever the reader's colours: pictures are drawn for paper. */
function logoHtml(address: string, team: string): string {
  return `<p style="margin:0 0 24px"><img src="${escapeText(address)}" alt="${escapeText(team)}" height="48" style="display:block;height:48px;width:auto;max-width:100%;padding:4px;border-radius:4px;background:#ffffff"></p>
`
}

function paragraphHtml(paragraph: Paragraph, accent: string): string {
  switch (paragraph.kind) {
    case 'text':
      return `<p style="margin:0 0 16px">${escapeText(paragraph.text)}</p>`
    case 'list': {
      const items = paragraph.lines.map((line) => `<li style="margin:0 0 4px">${escapeText(line)}</li>`)
      return `<ul style="margin:0 0 16px;padding:0 0 0 20px">${items.join('')}</ul>`
    }
    case 'small':
      return `<p style="margin:0 0 4px;font-size:14px;opacity:.8">${escapeText(paragraph.text)}</p>`
    case 'button':
      return `<p style="margin:24px 0"><a href="${escapeText(paragraph.href)}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:${accent};color:#ffffff;font-weight:600;text-decoration:none">${escapeText(paragraph.text)}</a></p>`
    case 'link':
      return `<p style="margin:0 0 8px;font-size:14px"><a href="${escapeText(paragraph.href)}">${escapeText(paragraph.text)}</a></p>`
    case 'quote':
      return `<blockquote style="margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #848d97">${escapeText(paragraph.text).replaceAll('\n', '<br>')}</blockquote>`
    case 'address':
      return `<p style="margin:0 0 16px">${escapeText(paragraph.text)}<br><a href="${escapeText(paragraph.href)}" style="word-break:break-all">${escapeText(paragraph.href)}</a></p>`
  }
}

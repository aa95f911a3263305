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

/** One column, 16 px, readable in light and dark, nothing loaded from anywhere. Mail readers need the styles inline. */
export function asHtml(
  paragraphs: Paragraph[],
  { subject, language }: { subject: string; language: Language },
): string {
  return `<!doctype html>
<html lang="${language}" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${escapeText(subject)}</title></head>
<body style="margin:0;padding:24px 12px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:600px;margin:0 auto">
${paragraphs.map(paragraphHtml).join('\n')}
</div></body></html>`
}

function paragraphHtml(paragraph: Paragraph): string {
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
      return `<p style="margin:24px 0"><a href="${escapeText(paragraph.href)}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1d5fd1;color:#ffffff;font-weight:600;text-decoration:none">${escapeText(paragraph.text)}</a></p>`
    case 'address':
      return `<p style="margin:0 0 16px">${escapeText(paragraph.text)}<br><a href="${escapeText(paragraph.href)}" style="word-break:break-all">${escapeText(paragraph.href)}</a></p>`
  }
}

import type { ShownLetter } from '#lib/connection/shown-letter.ts'

/** A letter as mail programs draw it, to read and not to press: on a sheet of its own, with the team's picture and colour. */
export function MailLetter({ mail, language }: { mail: ShownLetter; language: 'en' | 'de' }) {
  const { brand, paragraphs } = mail
  return (
    <div lang={language} className="letter brand">
      {brand.accent && <link rel="stylesheet" href={`/brand-colour/${brand.accent.slice(1)}`} precedence="brand" />}
      {brand.logoPath && <img className="letter-logo" src={brand.logoPath} alt={brand.team} />}
      {paragraphs.map((paragraph, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a letter has an order and nothing else.
        <Paragraph key={at} {...paragraph} />
      ))}
    </div>
  )
}

type ParagraphProps = ShownLetter['paragraphs'][number]

const looks: Partial<Record<ParagraphProps['kind'], string>> = {
  small: 'letter-small',
  link: 'letter-small letter-link',
  address: 'letter-address',
}

function Paragraph({ kind, lines }: ParagraphProps) {
  switch (kind) {
    case 'list':
      return (
        <ul>
          <Lines lines={lines} as="li" />
        </ul>
      )
    case 'quote':
      return (
        <blockquote>
          <Lines lines={lines} as="p" />
        </blockquote>
      )
    case 'button':
      return (
        <p>
          <span className="letter-button">
            <Lines lines={lines} as="span" />
          </span>
        </p>
      )
    default:
      return (
        <p className={looks[kind]}>
          <Lines lines={lines} as="span" />
        </p>
      )
  }
}

/** Each value isolated, so that an Arabic name turns nothing around it. */
function Lines({ lines, as: Tag }: { lines: ParagraphProps['lines']; as: 'li' | 'p' | 'span' }) {
  return lines.map((parts, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have an order and nothing else.
    <Tag key={at}>
      {parts.map(({ text, isValue }, part) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as above.
        isValue ? <bdi key={part}>{text}</bdi> : text,
      )}
    </Tag>
  ))
}

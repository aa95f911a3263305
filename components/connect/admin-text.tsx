import { CopyButton } from '#components/ui/copy-button.tsx'

/** Ready words for somebody else: to copy, or to send with one's own mail program. */
export function AdminText({
  text,
  mail,
  textLanguage,
  words,
}: {
  text: string
  /** A `mailto:` address. */
  mail: string
  /** Where the text is in another language than the page. */
  textLanguage?: string
  words: { copy: string; copied: string; mail: string }
}) {
  return (
    <div className="space-y-3">
      <CopyButton text={text} textLanguage={textLanguage} label={words.copy} copied={words.copied} />
      <p>
        <a className="link print:hidden" href={mail}>
          {words.mail}
        </a>
      </p>
    </div>
  )
}

/** Something that everybody of the team has to know, in the reader's words already. */
export type ShownNotice = {
  id: string
  tone: 'warn' | 'error'
  title: string
  lines: string[]
  link: { label: string; address: string } | null
}

/** What stands above everything else of a page. */
export function Notices({ notices }: { notices: ShownNotice[] }) {
  return notices.map(({ id, tone, title, lines, link }) => (
    <div key={id} role="status" className={`notice notice-${tone} team-notice`}>
      <div>
        <p className="notice-title">
          <bdi>{title}</bdi>
        </p>
        {lines.map((line) => (
          <p key={line}>
            <bdi>{line}</bdi>
          </p>
        ))}
        {link && (
          <p>
            <a className="link" href={link.address}>
              {link.label}
            </a>
          </p>
        )}
      </div>
    </div>
  ))
}

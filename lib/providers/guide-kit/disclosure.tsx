import type { ReactNode } from 'react'
import { Icon } from './icons.tsx'

/** An answer that only some readers need, closed until it is pressed. Works without JavaScript, prints open. */
export function Disclosure({
  title,
  open = false,
  children,
}: {
  title: ReactNode
  /** Open from the start, e.g. because something inside is wrong. */
  open?: boolean
  children: ReactNode
}) {
  return (
    <details className="disclosure" open={open}>
      <summary>
        <Icon name="chevron" className="disclosure-mark" />
        {title}
      </summary>
      <div className="disclosure-body">{children}</div>
    </details>
  )
}

import type { ReactNode } from 'react'
import { Icon } from './icons.tsx'

/** An answer that only some readers need, closed until it is pressed. Works without JavaScript, prints open. */
export function Disclosure({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <details className="disclosure">
      <summary>
        <Icon name="chevron" className="disclosure-mark" />
        {title}
      </summary>
      <div className="disclosure-body">{children}</div>
    </details>
  )
}

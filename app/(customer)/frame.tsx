import type { ReactNode } from 'react'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { env } from '#lib/env.ts'
import { words } from '#lib/words.ts'

/** The frame around one connection's pages, in its request's language. A page without a form names its own title. */
export function Frame({
  connection,
  title,
  narrow = false,
  children,
}: {
  connection: CustomerConnection
  title?: string
  narrow?: boolean
  children: ReactNode
}) {
  const t = words(connection.language)
  return (
    <CustomerFrame
      language={connection.language}
      teamName={connection.teamName}
      narrow={narrow}
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
        notSure: t('pages.frame.notSure', { contact: connection.ownerName ?? connection.teamName }),
        reference: t('pages.frame.reference', { reference: connection.reference }),
      }}
    >
      {title && <title>{`${title} · ${connection.teamName}`}</title>}
      {children}
    </CustomerFrame>
  )
}

import type { ReactNode } from 'react'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { ChecklistLink } from './checklist-link.tsx'
import { RequestFrame } from './request-frame.tsx'

/** The frame around one connection's pages, in its request's language, with the way back to its siblings. A page without a form names its own title. */
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
  return (
    <RequestFrame request={connection} title={title} narrow={narrow}>
      <ChecklistLink connection={connection} />
      {children}
    </RequestFrame>
  )
}

'use client'

import { Fault } from '#components/ui/fault.tsx'
import './globals.css'

/** Stands in for the root layout when that itself broke. */
export default function GlobalError({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <Fault error={error} retry={retry} />
      </body>
    </html>
  )
}

'use client'

import { Fault } from '#components/ui/fault.tsx'

export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return <Fault error={error} retry={retry} />
}

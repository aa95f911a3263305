'use client'

import { useEffect, useState } from 'react'
import { formatDateTime } from '#lib/format.ts'

/** A time as the server wrote it, in UTC; the reader's own time comes before it as soon as the browser can tell. */
export function Moment({ at, language }: { at: string; language: 'en' | 'de' }) {
  const [zone, setZone] = useState('UTC')
  useEffect(() => setZone(Intl.DateTimeFormat().resolvedOptions().timeZone), [])
  const date = new Date(at)
  const utc = formatDateTime(date, language)
  const local = formatDateTime(date, language, zone)
  return <time dateTime={at}>{local === utc ? utc : `${local} (${utc})`}</time>
}

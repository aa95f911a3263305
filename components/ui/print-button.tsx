'use client'

import { useEffect, useState } from 'react'

/** Prints the page. Absent without JavaScript, where the browser's own command does the same. */
export function PrintButton({ label }: { label: string }) {
  const [ready, setReady] = useState(false)
  useEffect(() => setReady(true), [])
  if (!ready) return null
  return (
    <button type="button" className="button-secondary" onClick={() => print()}>
      {label}
    </button>
  )
}

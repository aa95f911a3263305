'use client'

import { useEffect, useState } from 'react'
import type { FormWords } from './credential-form.tsx'

const OWNER_AFTER_MS = 2_000
const RIGHTS_AFTER_MS = 4_000

/** Says what the check is doing once it takes longer than a moment. */
export function CheckProgress({ pending, words, offline }: { pending: boolean; words: FormWords; offline: boolean }) {
  const [line, setLine] = useState('')
  useEffect(() => {
    setLine('')
    if (!pending) return
    const timers = [
      setTimeout(() => setLine(words.checkingOwner ?? ''), OWNER_AFTER_MS),
      setTimeout(() => setLine(words.checkingRights ?? ''), RIGHTS_AFTER_MS),
    ]
    return () => timers.forEach(clearTimeout)
  }, [pending, words])
  return (
    <p className="min-h-6 text-info" aria-live="polite">
      {offline ? words.offline : line}
    </p>
  )
}

'use client'

import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { FormWords } from './credential-form.tsx'

const OWNER_AFTER_MS = 2_000
const RIGHTS_AFTER_MS = 4_000

/** Says what the check is doing once it takes longer than a moment, or why nothing came of it. */
export function CheckProgress({ pending, words, problem }: { pending: boolean; words: FormWords; problem: ReactNode }) {
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
    <div className="min-h-6 text-info" aria-live="polite">
      {problem || line}
    </div>
  )
}

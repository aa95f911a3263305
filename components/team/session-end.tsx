'use client'

import type { Route } from 'next'
import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'

const WARN_MS = 2 * 60_000

/** Warns before the session ends. The place for it is there from the start, so that it is read out when it fills. */
export function SessionEnd({
  endsAt,
  words,
}: {
  endsAt: number
  words: { title: string; text: string; link: string }
}) {
  const [isNear, setNear] = useState(false)
  const path = usePathname()
  useEffect(() => {
    setNear(false)
    const timer = setTimeout(() => setNear(true), Math.max(0, endsAt - WARN_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [endsAt])
  return (
    <div role="alert">
      {isNear && (
        <div className="notice notice-warn console-notice">
          <p className="notice-title">{words.title}</p>
          <p>{words.text}</p>
          {/* In a tab of its own: what is typed here stays. */}
          <a
            className="link"
            target="_blank"
            href={`/sign-in?state=again&next=${encodeURIComponent(path)}` as Route}
            rel="noopener"
          >
            {words.link}
          </a>
        </div>
      )}
    </div>
  )
}
